"""The host's end of a keyboard link: what boot keyboard reports become under its layout, CapsLock and input method.

The layouts are en-US (Windows 00000409) and zh-CN (00000804, "Chinese (Simplified) - US"; XKB ``cn``), whose keys are
the same: what sets a Chinese host apart is its input method. CapsLock exchanges the case of letters typed as keys.
Alt codes are those of Windows and pass by layout, CapsLock and input method.

The input method is a pinyin one in Chinese mode with half-width letters and Chinese punctuation. Its rules are
reconstructed from how such methods behave in common: letters are composed until Enter commits them raw or a digit or
space picks a candidate, punctuation becomes Chinese, and with CapsLock on letters pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from rigs.protocols import hid_keyboard
from rigs.protocols.hid_keyboard import CHORD, KEYPAD, REPORT_BYTES, SHIFT, Led, Modifier

Layout = Literal["en-US", "zh-CN"]

_NAMES = {
    "Ctrl": Modifier.LEFT_CTRL | Modifier.RIGHT_CTRL,
    "Shift": SHIFT,
    "Alt": Modifier.LEFT_ALT | Modifier.RIGHT_ALT,
    "GUI": Modifier.LEFT_GUI | Modifier.RIGHT_GUI,
}
_LEGENDS = {hid_keyboard.ENTER: "Enter", hid_keyboard.TAB: "Tab", 0x2C: "Space"} | {
    key: f"Keypad{digit}" for key, digit in KEYPAD.items()
}
_CANDIDATE = "字"
"""Stands for whatever word an input method would have picked."""
_CHINESE_SIGNS = str.maketrans(
    dict(zip(":;,.?!()<>[]\\`$\"'", "：；，。？！（）《》【】、·￥“‘", strict=True)) | {"^": "……", "_": "——"}
)


@dataclass(frozen=True, slots=True)
class HostState:
    """What a host's keyboard is set to.

    Attributes:
        layout: its layout.
        caps_lock: whether CapsLock is on.
        input_method: whether a Chinese input method is on, in Chinese mode.
    """

    layout: Layout = "en-US"
    caps_lock: bool = False
    input_method: bool = False


@dataclass(frozen=True, slots=True)
class Typed:
    """What a host makes of a row of reports.

    Attributes:
        text: characters that reach the program in front; Enter is CR.
        chords: commands in order: reports that hold Ctrl, Alt or GUI with another key, such as ``Ctrl+C``, and Alt
            codes of anything but printable ASCII, such as ``Alt+013``; they type no character.
    """

    text: str
    chords: tuple[str, ...]


@dataclass
class _Composition:
    """What an input method holds back."""

    letters: str = ""

    def take(self, character: str, *, caps_lock: bool) -> str:
        """A character typed as a key; what of it, and of what was held back, reaches the program."""
        if character.isalpha() and (self.letters or not caps_lock):
            self.letters += character
            return ""
        held, self.letters = self.letters, ""
        if not held:
            return character.translate(_CHINESE_SIGNS)
        if character == "\r":
            return held
        return _CANDIDATE if character in "1234567890 \t" else _CANDIDATE + character.translate(_CHINESE_SIGNS)


@dataclass
class KeyboardHost:
    """A host with one keyboard on it, nothing held down at first.

    Attributes:
        state: what it is set to; CapsLock follows the key of that name.
    """

    state: HostState = field(default_factory=HostState)
    _rest: bytes = b""
    _held: frozenset[int] = frozenset()
    _modifiers: int = 0
    _number: str | None = None
    _composition: _Composition = field(default_factory=_Composition)

    def __post_init__(self) -> None:
        self.caps_lock = self.state.caps_lock

    @property
    def leds(self) -> bytes:
        """The output report a host sends to its keyboards."""
        return bytes((Led.NUM_LOCK | (Led.CAPS_LOCK if self.caps_lock else 0),))

    @property
    def at_rest(self) -> bool:
        """Whether nothing is held down and no report is half taken."""
        return not (self._rest or any(self._held) or self._modifiers)

    def feed(self, data: bytes) -> Typed:
        """Take bytes of the report stream, in whatever pieces, and return what the whole reports among them type."""
        reports = self._rest + data
        whole = len(reports) - len(reports) % REPORT_BYTES
        self._rest = reports[whole:]
        text: list[str] = []
        chords: list[str] = []
        for start in range(0, whole, REPORT_BYTES):
            typed = self._take(reports[start], reports[start + 2 : start + REPORT_BYTES])
            text.append(typed.text)
            chords += typed.chords
        return Typed("".join(text), tuple(chords))

    def _take(self, modifiers: int, keys: bytes) -> Typed:
        let_go = self._modifiers & Modifier.LEFT_ALT and modifiers != self._modifiers
        text, chords = self._numbered() if let_go else ("", ())
        pressed = [key for key in keys if key and key not in self._held]
        self._held, before, self._modifiers = frozenset(keys), self._modifiers, modifiers
        if modifiers == Modifier.LEFT_ALT and all(key in KEYPAD for key in pressed):
            begun = "" if before != modifiers else self._number
            self._number = None if begun is None else begun + "".join(KEYPAD[key] for key in pressed)
        elif modifiers & CHORD:
            self._number = None
            if pressed or before != modifiers:
                chords += (_chord(modifiers, pressed),)
        else:
            text += "".join(self._press(key, shifted=bool(modifiers & SHIFT)) for key in dict.fromkeys(pressed))
        return Typed(text, chords)

    def _numbered(self) -> tuple[str, tuple[str, ...]]:
        """What Alt makes of the number typed while it was held: a character, a command, or nothing."""
        number, self._number = self._number, None
        if number is None:
            return "", ()
        if number and 0x20 <= int(number[:5]) < 0x7F:
            return chr(int(number[:5])), ()
        return "", (f"Alt+{number}" if number else "Alt",)

    def _press(self, key: int, *, shifted: bool) -> str:
        if key == hid_keyboard.CAPS_LOCK:
            self.caps_lock = not self.caps_lock
        character = hid_keyboard.PLAIN.get(key, "")
        if shifted != (self.caps_lock and character.isalpha()):
            character = hid_keyboard.SHIFTED.get(key, "")
        if not character or not self.state.input_method:
            return character
        return self._composition.take(character, caps_lock=self.caps_lock)


def _chord(modifiers: int, pressed: Iterable[int]) -> str:
    keys = [
        _LEGENDS.get(key) or (hid_keyboard.PLAIN[key].upper() if key in hid_keyboard.PLAIN else f"0x{key:02X}")
        for key in pressed
    ]
    return "+".join([name for name, bits in _NAMES.items() if modifiers & bits] + keys)
