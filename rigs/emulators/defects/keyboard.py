"""Faults of the keyboard link: what a host with another state than the terminal expects makes of its keys."""

from __future__ import annotations

from rigs.emulators.defects.defect import Defect
from rigs.emulators.typist import Typist
from rigs.protocols import hid_keyboard
from rigs.protocols.hid_keyboard import CHORD, PLAIN, Led, Modifier, press

_SHIFT = Modifier.LEFT_SHIFT
_GERMAN_SIGNS = {
    **{":": (0x37, _SHIFT), ";": (0x36, _SHIFT), "-": (0x38, 0), "_": (0x38, _SHIFT), "/": (0x24, _SHIFT)},
    **{"z": (0x1C, 0), "y": (0x1D, 0), "Z": (0x1C, _SHIFT), "Y": (0x1D, _SHIFT), "=": (0x27, _SHIFT)},
}
"""Keys of a German keyboard (XKB ``de``) that mean something else on a US one: the sign of a card and some more."""


class TypesGermanKeys(Typist):
    """Is set to another country's keyboard than its host."""

    def stroke(self, byte: int, leds: Led) -> bytes:
        """A key of the German keyboard."""
        del leds
        found = _GERMAN_SIGNS.get(chr(byte))
        return hid_keyboard.stroke(byte) if found is None else press(*found)


class TypesUsKeys(Typist):
    """Types keys and minds CapsLock, as wedges do unless they are set otherwise; an input method takes its letters."""

    def stroke(self, byte: int, leds: Led) -> bytes:
        """A key of the US keyboard; with CapsLock on, Shift is exchanged for letters."""
        reports = hid_keyboard.stroke(byte)
        if leds & Led.CAPS_LOCK and reports and not reports[0] & CHORD and PLAIN[reports[2]].isalpha():
            return press(reports[2], reports[0] ^ _SHIFT)
        return reports


class MindsCapsLockTwice(Typist):
    """Exchanges the case of letters by CapsLock although its Alt codes do not depend on it."""

    def stroke(self, byte: int, leds: Led) -> bytes:
        """The Alt code of the letter in the other case while CapsLock is on."""
        letter = bytes((byte,))
        return super().stroke((letter.swapcase() if leds & Led.CAPS_LOCK else letter)[0], leds)


class ForgetsWaitingReports(Typist):
    holds_s = 0.01


class EndsWithTheOtherKey(Typist):
    def ending(self, key: int) -> int:
        """Tab for Enter and Enter for Tab."""
        return hid_keyboard.TAB if key == hid_keyboard.ENTER else hid_keyboard.ENTER


_ROW = ("EHC-TRM-018",)
DEFECTS = (
    Defect("types-german-keys", _ROW, "按德语键盘布局发送按键", "types the keys of a German keyboard", TypesGermanKeys),
    Defect(
        "types-us-keys",
        _ROW,
        "直接发送字母键，被中文输入法截取",
        "types letters as keys, which a Chinese input method takes",
        TypesUsKeys,
    ),
    Defect(
        "minds-caps-lock-twice",
        _ROW,
        "大写锁定开启时字母大小写颠倒",
        "exchanges upper and lower case while CapsLock is on",
        MindsCapsLockTwice,
    ),
    Defect(
        "forgets-waiting-reports",
        _ROW,
        "主机未及时取走的按键报告被丢弃",
        "drops key reports that its host does not take in time",
        ForgetsWaitingReports,
    ),
    Defect(
        "ends-with-the-other-key", _ROW, "以错误的按键作后缀", "ends with another key than was set", EndsWithTheOtherKey
    ),
)
