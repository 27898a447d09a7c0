"""How an emulated terminal turns a content into keys: a sound one reaches any host of a hospital unaltered."""

from __future__ import annotations

from rigs.protocols import hid_keyboard
from rigs.protocols.hid_keyboard import Led


class Typist:
    """A sound one types every printable character as its Alt code, which no layout, CapsLock or input method alters.

    Scanner manuals offer this as keypad emulation or ALT mode, for hosts whose keyboard is not known.
    """

    holds_s: float | None = None
    """How long a report is held for a host that does not take it, s; None for as long as it takes."""

    def stroke(self, byte: int, leds: Led) -> bytes:
        """The reports of one character, while the host shows these LEDs; none where no key means it."""
        del leds
        return hid_keyboard.alt_code(byte) if 0x20 <= byte < 0x7F else hid_keyboard.stroke(byte)

    def ending(self, key: int) -> int:
        """The key pressed after a content, where this one was set up."""
        return key
