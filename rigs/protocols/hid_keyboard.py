"""USB boot keyboard reports: what a keyboard wedge types, and what its host tells it back.

Follows the USB HID specification 1.11, appendix B.1 (an input report of one byte of modifiers, one reserved, six keys
held; an output report of one byte of LEDs), and the HID Usage Tables, page 0x07. Keys are those of a US keyboard, which
is also that of Chinese hosts. Control characters are Ctrl and the key of their caret notation, as wedge firmware types
them unless its function-key mapping is on. Alt codes are those of Windows: the decimal number of a character on the
keypad while Alt is held, which scanner manuals call keypad emulation or ALT mode.
"""

from __future__ import annotations

from enum import IntFlag

REPORT_BYTES = 8
ENTER = 0x28
TAB = 0x2B
CAPS_LOCK = 0x39
KEYPAD = {0x59 + n: digit for n, digit in enumerate("1234567890")}
"""Digits of the keypad by usage."""


class Modifier(IntFlag):
    """Bits of a report's first byte."""

    LEFT_CTRL = 0x01
    LEFT_SHIFT = 0x02
    LEFT_ALT = 0x04
    LEFT_GUI = 0x08
    RIGHT_CTRL = 0x10
    RIGHT_SHIFT = 0x20
    RIGHT_ALT = 0x40
    RIGHT_GUI = 0x80


class Led(IntFlag):
    """Bits of the one byte a host sends: what its lock keys are set to."""

    NUM_LOCK = 0x01
    CAPS_LOCK = 0x02
    SCROLL_LOCK = 0x04
    COMPOSE = 0x08
    KANA = 0x10


SHIFT = Modifier.LEFT_SHIFT | Modifier.RIGHT_SHIFT
CHORD = Modifier(0xFF) & ~SHIFT
"""Modifiers that make a command of a key; Shift only makes another character."""

_RUNS = (
    (0x04, "abcdefghijklmnopqrstuvwxyz1234567890", "ABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$%^&*()"),
    (0x2C, " -=[]\\", " _+{}|"),
    (0x33, ";'`,./", ':"~<>?'),
)
"""First usage of a run of keys, what they type, and what they type with Shift."""
PLAIN = {first + n: key for first, keys, _ in _RUNS for n, key in enumerate(keys)} | {ENTER: "\r", TAB: "\t"}
"""What each key types on a US keyboard."""
SHIFTED = {first + n: key for first, _, keys in _RUNS for n, key in enumerate(keys)} | {ENTER: "\r", TAB: "\t"}
"""The same with Shift held."""
_RELEASE = bytes(REPORT_BYTES)
_DIGIT_KEYS = {digit: key for key, digit in KEYPAD.items()}


def report(key: int = 0, modifiers: int = 0) -> bytes:
    """One report: modifiers held, and a key (a usage of page 0x07) or none."""
    return bytes((modifiers, 0, key, 0, 0, 0, 0, 0))


def press(key: int, modifiers: int = 0) -> bytes:
    """Press and release of one key."""
    return report(key, modifiers) + _RELEASE


def stroke(byte: int) -> bytes:
    """The reports of one ASCII character as a key; none for NUL and from 0x7F on, for which the layout has no key."""
    return _STROKES.get(byte, b"")


def alt_code(byte: int) -> bytes:
    """The reports of one character as its number: Alt down, three digits on the keypad, Alt up."""
    digits = b"".join(
        report(_DIGIT_KEYS[digit], Modifier.LEFT_ALT) + report(0, Modifier.LEFT_ALT) for digit in f"{byte:03d}"
    )
    return report(0, Modifier.LEFT_ALT) + digits + _RELEASE


def type_text(text: bytes, suffix: int | None = ENTER) -> bytes:
    """The reports of a text as keys, press and release for each character.

    Args:
        text: ASCII; characters without a key are left out.
        suffix: key pressed after it, or None.
    """
    reports = b"".join(stroke(byte) for byte in text)
    return reports if suffix is None else reports + press(suffix)


def _strokes() -> dict[int, bytes]:
    strokes = {}
    for first, plain, shifted in _RUNS:
        for n, (lower, upper) in enumerate(zip(plain, shifted, strict=True)):
            strokes[ord(upper)] = press(first + n, Modifier.LEFT_SHIFT)
            strokes[ord(lower)] = press(first + n)
    for control in range(0x01, 0x20):
        # Caret notation: ^A is 0x01, ^_ is 0x1F; letters need no Shift, ^ and _ do
        plain_stroke = strokes[ord(chr(control | 0x40).lower())]
        strokes[control] = bytes((plain_stroke[0] | Modifier.LEFT_CTRL,)) + plain_stroke[1:]
    return strokes


_STROKES = _strokes()
