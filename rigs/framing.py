"""How characters stand on an asynchronous line: start bit, eight data bits, parity, stop bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Parity = Literal["none", "even", "odd"]


@dataclass(frozen=True, slots=True)
class Framing:
    """The frame of a character of eight data bits.

    Attributes:
        parity: ``none``, ``even`` or ``odd``.
        stop_bits: 1 or 2. A receiver looks at the first alone, so another number at the far end does no harm.
    """

    parity: Parity = "none"
    stop_bits: int = 1

    @property
    def bits_per_character(self) -> int:
        """Bit times of one character, start bit included."""
        return 9 + (self.parity != "none") + self.stop_bits

    def __str__(self) -> str:
        return f"8{self.parity[0].upper()}{self.stop_bits}"


PLAIN = Framing()
"""8N1, what scanners leave the factory with."""


def understood(byte: int, sender: Framing, receiver: Framing) -> bool:
    """Whether a character comes through between two ends that may disagree about parity.

    Where only one of both has a parity bit, the other end sends or expects a one there, its stop bit: every character
    whose parity bit would be zero is lost. An even and an odd end agree on nothing.
    """
    if sender.parity == receiver.parity:
        return True
    if "none" not in (sender.parity, receiver.parity):
        return False
    parity = sender.parity if receiver.parity == "none" else receiver.parity
    return (byte.bit_count() % 2 == 1) == (parity == "even")
