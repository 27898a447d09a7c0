"""Faults in reading codes that are shown well."""

from __future__ import annotations

import zxingcpp

from rigs.emulators.behaviour import Behaviour, Reading, as_reading, qr_only
from rigs.emulators.defects.defect import Defect
from rigs.optics.scene import Image


class EveryNth(Behaviour):
    """Counts the symbols of one sort and lets every twentieth slip."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def _slips(self, content: bytes) -> bool:
        first = content not in self._seen
        self._seen.add(content)
        return first and len(self._seen) % 20 == 0


class DropsRecordNumbers(EveryNth):
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


DEFECTS = (
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
    Defect("guesses", ("EHC-TRM-013",), "码损坏时编造结果", "makes up a code when a symbol is damaged", Guesses),
    Defect("repeats-held-code", ("EHC-TRM-014",), "码停留时重复上送", "delivers a held code again", RepeatsHeldCode),
    Defect("delivers-both", ("EHC-TRM-014",), "视野内两码同时上送", "delivers both codes in view", DeliversBoth),
)
