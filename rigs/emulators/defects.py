"""Deliberate defects of the emulated terminal, each a small change of a sound one.

A defect names the requirements it must make fail. The tests run each and demand FAIL on exactly those and PASS
everywhere else: this is how the harness itself is tested.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import zxingcpp

from rigs.emulators.behaviour import Behaviour, Reading, as_reading, qr_only
from rigs.errors import BenchFileError
from rigs.optics.scene import Image


@dataclass(frozen=True)
class Defect:
    """A named fault.

    Attributes:
        name: how it is chosen on the command line.
        requirements: the requirements it must make fail, and no others.
        zh: what the device does wrong, Chinese.
        en: the same in English.
        behaviour: the faulty device.
    """

    name: str
    requirements: tuple[str, ...]
    zh: str
    en: str
    behaviour: type[Behaviour]


class HidesFirmware(Behaviour):
    reports_firmware = False


class FirmwareDrifts(Behaviour):
    firmware_after_restart = 1


class _EveryNth(Behaviour):
    """Counts the symbols of one sort and lets every twentieth slip."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def _slips(self, content: bytes) -> bool:
        first = content not in self._seen
        self._seen.add(content)
        return first and len(self._seen) % 20 == 0


class DropsRecordNumbers(_EveryNth):
    def __init__(self) -> None:
        super().__init__()
        self._dropped: set[bytes] = set()

    def accepts(self, reading: Reading, image: Image) -> bool:
        del image
        if reading.content.count(b":") == 3 and self._slips(reading.content):
            self._dropped.add(reading.content)
        return reading.content not in self._dropped


class ForgetsRefresh(Behaviour):
    """Takes a refreshed dynamic code of the card it has just read for the same code."""

    def __init__(self) -> None:
        self._last = b""

    def accepts(self, reading: Reading, image: Image) -> bool:
        del image
        if reading.content[64:67] != b":0:":
            return True
        card = reading.content[:64]
        refreshed = card == self._last
        self._last = card
        return not refreshed


class SmallVersionsOnly(Behaviour):
    def accepts(self, reading: Reading, image: Image) -> bool:
        del image
        return reading.version < 8


class StripsSymbology(Behaviour):
    """Reads every bar code and hands it over as if it were a card."""

    def decode(self, grey: Image) -> list[Reading]:
        return super().decode(grey) or [as_reading(barcode) for barcode in zxingcpp.read_barcodes(grey)]


class RedLit(Behaviour):
    """A monochrome sensor under red light: red and orange ink are as bright as paper."""

    def sense(self, image: Image) -> Image:
        return image if image.ndim == 2 else np.ascontiguousarray(image[:, :, 0])

    def decode(self, grey: Image) -> list[Reading]:
        low, high = np.percentile(grey, (1, 99))
        return super().decode(grey) if high - low > 60 else []


class NeedsQuietZone(Behaviour):
    """Wants two clear modules beside the symbol's left edge, wherever it points."""

    def accepts(self, reading: Reading, image: Image) -> bool:
        grey = self.sense(image)
        top_left, top_right, _, bottom_left = (np.array(corner, float) for corner in reading.corners)
        outward = (top_left - top_right) / (17 + 4 * max(1, reading.version))
        along = np.linspace(0.3, 0.7, 9)[:, None]
        points = np.rint(top_left + along * (bottom_left - top_left) + 1.7 * outward).astype(int)
        columns, rows = points[:, 0].clip(0, grey.shape[1] - 1), points[:, 1].clip(0, grey.shape[0] - 1)
        return bool(grey[rows, columns].min() > 225)


class TiltLimited(Behaviour):
    """Gives up on symbols that are foreshortened by more than a twelfth."""

    def accepts(self, reading: Reading, image: Image) -> bool:
        del image
        a, b, c, d = reading.corners
        sides = [math.dist(a, b), math.dist(b, c), math.dist(c, d), math.dist(d, a)]
        return min(sides) / max(sides) > 11 / 12


class FaintBlind(Behaviour):
    """Gives up on prints that have lost more than a third of their contrast in every colour."""

    def accepts(self, reading: Reading, image: Image) -> bool:
        columns = [x for x, _ in reading.corners]
        rows = [y for _, y in reading.corners]
        patch = image[max(0, min(rows)) : max(rows), max(0, min(columns)) : max(columns)]
        low, high = np.percentile(patch.reshape(-1, patch.shape[2]) if patch.ndim == 3 else patch, (5, 95), axis=0)[:2]
        return bool(np.max(np.asarray(high) - np.asarray(low)) > 0.66 * 255)


class Guesses(Behaviour):
    """Makes up a code when a symbol is there but cannot be decoded."""

    def __init__(self) -> None:
        self._last = b""

    def decode(self, grey: Image) -> list[Reading]:
        found = [as_reading(b) for b in zxingcpp.read_barcodes(grey, formats=qr_only(), return_errors=True)]
        for reading in found:
            if reading.complete:
                self._last = reading.content
        return [
            reading if reading.complete else Reading(self._last[::-1], reading.symbology, 0, reading.corners)
            for reading in found
            if reading.complete or self._last
        ]


class RepeatsHeldCode(Behaviour):
    repeat_after_s = 3.0


class DeliversBoth(Behaviour):
    delivers_every_code_in_view = True


class FallsAsleep(Behaviour):
    """Needs 0.7 s to wake up after a short pause."""

    def delay_s(self, reading: Reading, idle_s: float) -> float:
        del reading
        return 0.7 if idle_s > 0.2 else 0.0


class DawdlesOnDynamic(_EveryNth):
    """Works 1.8 s on every eighth dynamic code."""

    def delay_s(self, reading: Reading, idle_s: float) -> float:
        del idle_s
        if reading.content[64:67] != b":0:":
            return 0.0
        self._seen.add(reading.content)
        return 1.8 if len(self._seen) % 8 == 0 else 0.0


class SwallowsSplitCommands(Behaviour):
    takes_split_commands = False


class HangsOnNul(Behaviour):
    def hang_s(self, readings: list[Reading]) -> float:
        return 3.0 if any(b"\x00" in reading.content for reading in readings) else 0.0


class CleansPayloads(Behaviour):
    """Strips what it does not like until a card code is left."""

    def text(self, reading: Reading) -> bytes | None:
        kept = bytes(byte for byte in reading.content if chr(byte) in "0123456789ABCDEF:")
        return super().text(Reading(kept, reading.symbology, reading.version, reading.corners))


class ObeysSettingCodes(Behaviour):
    lets_codes_configure = True


class TypesControlCharacters(Behaviour):
    """Hands ASCII control characters on; a keyboard link makes Ctrl chords of them."""

    def text(self, reading: Reading) -> bytes | None:
        content = reading.content
        return content if content and all(0 < byte < 0x7F for byte in content) else None


_ALL = (
    Defect("hides-firmware", ("EHC-TRM-001",), "不报告固件版本", "does not tell its firmware version", HidesFirmware),
    Defect("firmware-drifts", ("EHC-TRM-002",), "重启后固件版本改变", "restarts with other firmware", FirmwareDrifts),
    Defect(
        "drops-record-numbers",
        ("EHC-TRM-003",),
        "漏读部分带档案号的静态码",
        "misses some static codes that carry a record number",
        DropsRecordNumbers,
    ),
    Defect(
        "forgets-refresh",
        ("EHC-TRM-004",),
        "同一张卡刷新后的动态码不再识读",
        "takes a refreshed dynamic code for the one before",
        ForgetsRefresh,
    ),
    Defect(
        "small-versions-only",
        ("EHC-TRM-005",),
        "不识读 8 版及以上的码",
        "reads no QR above version 7",
        SmallVersionsOnly,
    ),
    Defect(
        "strips-symbology",
        ("EHC-TRM-006",),
        "把其他条码当作健康卡上送",
        "hands over other bar codes as if they were cards",
        StripsSymbology,
    ),
    Defect("red-lit", ("EHC-TRM-007",), "红光单色成像，看不见橙色和红色", "sees no orange or red ink", RedLit),
    Defect(
        "needs-quiet-zone",
        ("EHC-TRM-008",),
        "静区不足两个模块即不识读",
        "needs two modules of quiet zone",
        NeedsQuietZone,
    ),
    Defect(
        "tilt-limited",
        ("EHC-TRM-010",),
        "倾斜超过约二十度即不识读",
        "reads nothing tilted by more than 20 degrees",
        TiltLimited,
    ),
    Defect("faint-blind", ("EHC-TRM-011",), "褪色码不识读", "reads no faded print", FaintBlind),
    Defect("guesses", ("EHC-TRM-013",), "码损坏时编造结果", "makes up a code when a symbol is damaged", Guesses),
    Defect("repeats-held-code", ("EHC-TRM-014",), "码停留时重复上送", "delivers a held code again", RepeatsHeldCode),
    Defect("delivers-both", ("EHC-TRM-014",), "视野内两码同时上送", "delivers both codes in view", DeliversBoth),
    Defect("falls-asleep", ("EHC-TRM-015",), "停顿后唤醒迟缓", "wakes up slowly after a pause", FallsAsleep),
    Defect(
        "dawdles-on-dynamic", ("EHC-TRM-016",), "部分动态码处理过慢", "is slow on some dynamic codes", DawdlesOnDynamic
    ),
    Defect(
        "swallows-split-commands",
        ("EHC-TRM-017",),
        "分段到达的命令丢失",
        "loses commands that arrive in pieces",
        SwallowsSplitCommands,
    ),
    Defect("hangs-on-nul", ("EHC-TRM-025",), "遇含 NUL 的码死机", "hangs on a code that holds NUL", HangsOnNul),
    Defect(
        "cleans-payloads",
        ("EHC-TRM-025",),
        "把畸形码清洗成有效码",
        "cleans malformed codes into valid ones",
        CleansPayloads,
    ),
    Defect(
        "obeys-setting-codes",
        ("EHC-TRM-026",),
        "非维护模式执行设置码",
        "obeys printed setting codes",
        ObeysSettingCodes,
    ),
    Defect(
        "types-control-characters",
        ("EHC-TRM-026",),
        "上送控制字符，键盘链路上成为 Ctrl 组合键",
        "hands control characters on, which a keyboard link types as Ctrl chords",
        TypesControlCharacters,
    ),
)

DEFECTS = {defect.name: defect for defect in _ALL}


def behaviour_of(defect: str | None) -> Behaviour:
    """A sound device, or the one a defect names.

    Raises:
        BenchFileError: there is no such defect.
    """
    if defect is None:
        return Behaviour()
    if defect not in DEFECTS:
        raise BenchFileError(
            f"there is no defect {defect!r}", where="--defect", remedy="`xiangka defects list` names them"
        )
    return DEFECTS[defect].behaviour()
