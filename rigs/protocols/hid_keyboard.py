"""USB boot keyboard reports: what a keyboard wedge types, and what its host makes of it.

Follows the USB HID specification 1.11, appendix B.1 (one byte of modifiers, one reserved, six keys held), and the HID
Usage Tables, page 0x07. The layout is US English. Control characters are Ctrl and the key of their caret notation, as
wedge firmware types them unless its function-key mapping is on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

REPORT_BYTES = 8
ENTER = 0x28
TAB = 0x2B


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


SHIFT = Modifier.LEFT_SHIFT | Modifier.RIGHT_SHIFT
CHORD = Modifier(0xFF) & ~SHIFT
"""Modifiers that make a command of a key; Shift only makes another character."""

_NAMES = {
    "Ctrl": Modifier.LEFT_CTRL | Modifier.RIGHT_CTRL,
    "Shift": SHIFT,
    "Alt": Modifier.LEFT_ALT | Modifier.RIGHT_ALT,
    "GUI": Modifier.LEFT_GUI | Modifier.RIGHT_GUI,
}
_RUNS = (
    (0x04, "abcdefghijklmnopqrstuvwxyz1234567890", "ABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$%^&*()"),
    (0x2C, " -=[]\\", " _+{}|"),
    (0x33, ";'`,./", ':"~<>?'),
)
"""First usage of a run of keys, what they type, and what they type with Shift."""
_PLAIN = {first + n: key for first, keys, _ in _RUNS for n, key in enumerate(keys)} | {ENTER: "\r", TAB: "\t"}
_SHIFTED = {first + n: key for first, _, keys in _RUNS for n, key in enumerate(keys)} | {ENTER: "\r", TAB: "\t"}
_LEGENDS = {ENTER: "Enter", TAB: "Tab", 0x2C: "Space"}
_RELEASE = bytes(REPORT_BYTES)


@dataclass(frozen=True, slots=True)
class Typed:
    """What a host makes of a row of reports.

    Attributes:
        text: characters typed; Enter is CR.
        chords: each report that holds Ctrl, Alt or GUI, such as ``Ctrl+C``, in order; they type no character.
    """

    text: str
    chords: tuple[str, ...]


def press(key: int, modifiers: int = 0) -> bytes:
    """Press and release of one key (a usage of page 0x07)."""
    return bytes((modifiers, 0, key, 0, 0, 0, 0, 0)) + _RELEASE


def type_text(text: bytes, suffix: int | None = ENTER) -> bytes:
    """The reports of a text, press and release for each character.

    Args:
        text: ASCII; NUL and bytes from 0x7F on, for which the layout has no key, are left out.
        suffix: key pressed after it, or None.
    """
    reports = b"".join(_STROKES.get(byte, b"") for byte in text)
    return reports if suffix is None else reports + press(suffix)


def read_reports(reports: bytes) -> Typed:
    """What a row of reports types on a host with nothing held down, CapsLock off and no input method."""
    text, chords = [], []
    held: frozenset[int] = frozenset()
    for start in range(0, len(reports) - REPORT_BYTES + 1, REPORT_BYTES):
        modifiers, keys = reports[start], reports[start + 2 : start + REPORT_BYTES]
        pressed = [key for key in keys if key and key not in held]
        held = frozenset(keys)
        if modifiers & CHORD:
            chords.append(_chord(modifiers, pressed))
        else:
            layer = _SHIFTED if modifiers & SHIFT else _PLAIN
            text += [layer.get(key, "") for key in pressed]
    return Typed("".join(text), tuple(chords))


def _chord(modifiers: int, pressed: list[int]) -> str:
    keys = [_LEGENDS.get(key) or (_PLAIN[key].upper() if key in _PLAIN else f"0x{key:02X}") for key in pressed]
    return "+".join([name for name, bits in _NAMES.items() if modifiers & bits] + keys)


def _strokes() -> dict[int, bytes]:
    strokes = {}
    for first, plain, shifted in _RUNS:
        for n, (lower, upper) in enumerate(zip(plain, shifted, strict=True)):
            strokes[ord(upper)] = press(first + n, Modifier.LEFT_SHIFT)
            strokes[ord(lower)] = press(first + n)
    for control in range(0x01, 0x20):
        # Caret notation: ^A is 0x01, ^_ is 0x1F; letters need no Shift, ^ and _ do
        stroke = strokes[ord(chr(control | 0x40).lower())]
        strokes[control] = bytes((stroke[0] | Modifier.LEFT_CTRL,)) + stroke[1:]
    return strokes


_STROKES = _strokes()
