"""How the card side of a terminal behaves where the standards leave it free. A defect is a subclass that changes it."""

from __future__ import annotations

from rigs.card_images import Image


class CardBehaviour:
    """A sound card side: one medium at a time, bank data masked, a card that leaves is reported at once."""

    silence_after_removal_s = 0.0
    """How long a host waits for the answer of a card that was taken away at work."""
    slot_survives_removal = True
    """Whether the slot takes the next card after one was taken away at work."""
    same_command_at_most: int | None = None
    """How often in a row a card is given the same command before it is given up, or None for as often as it comes."""
    longest_answer = 65_536
    """Bytes of response data handed on at most."""
    one_medium_at_a_time = True
    """Whether a second medium is ignored until everything has been taken away."""
    one_card_per_answer = True
    """Whether one card alone answers while two are in reach."""
    recovers_from_collision = True
    """Whether media are taken notice of again once two that were shown together have gone."""
    reads_bank_stripes = True
    """Whether the magnetic head hands over bank cards at all."""
    masks_bank_data = True
    """Whether account numbers and tracks are masked on their way to the host."""
    masks_its_log = True
    """Whether account numbers are masked in the terminal's own log."""

    says_numbers_by_its_scanner = False
    """Whether the account number of a bank card goes out on the scanner's line as well."""

    def presented(self, image: Image) -> Image:
        """The card a host is told of when this one is put in."""
        return image
