"""Cards as a host sees them: an open channel to one, and what is told of it."""

from __future__ import annotations

from typing import Protocol


class ApduChannel(Protocol):
    """A channel to one card, open until the card is taken away or the channel is closed."""

    atr: bytes
    """The card's answer to reset."""
    protocol: str
    """``T=0`` or ``T=1``, as agreed with the card."""

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Send one command APDU; the response data and the status word.

        Raises:
            CardRemovedError: the card was taken away before it answered.
            CardSilentError: the reader said nothing within its deadline.
            RigError: the reader is gone.
        """

    def close(self) -> None:
        """Let go of the card."""


class CardError(Exception):
    """A card or its slot did not do what was asked: a matter between terminal and card, and no fault of the bench."""


class CardRemovedError(CardError):
    """The reader says that the card is no longer there."""


class CardSilentError(CardError):
    """The reader said nothing at all within the deadline."""
