"""Defects that only days of work bring out."""

from __future__ import annotations

import math

from rigs.emulators.behaviour import Behaviour, Reading
from rigs.emulators.defects.defect import Defect

_SLOWER_S = 5e-7
"""By how much each delivery is slower than the one before, s: half a millisecond every thousand."""
_LEAK = 2048
_COUNTER = 500
_HISTORY = 900


class LeaksAndSlows(Behaviour):
    """Keeps something of every delivery, and searches it at the next."""

    def __init__(self) -> None:
        self._kept: list[bytearray] = []

    def delay_s(self, reading: Reading, idle_s: float) -> float:
        del reading, idle_s
        self._kept.append(bytearray(_LEAK))
        return _SLOWER_S * len(self._kept)


class MissesNowAndThen(Behaviour):
    """Counts how often it has read each code, and swallows the reading at which the counter overflows."""

    def __init__(self) -> None:
        self._times: dict[bytes, int] = {}
        self._swallowed = b""

    def accepts(self, reading: Reading, image: object) -> bool:
        del image
        content = reading.content
        if content == self._swallowed:
            return False  # for as long as it is held in view
        self._swallowed = b""
        times = self._times.get(content, 0) + 1
        self._times[content] = times % _COUNTER
        if times == _COUNTER:
            self._swallowed = content
        return times < _COUNTER


class StopsAfterHours(Behaviour):
    """Keeps a history of codes it has read before, and stops for good when that is full."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._repeats = 0

    def hang_s(self, readings: list[Reading]) -> float:
        contents = {reading.content for reading in readings}
        self._repeats += len(contents & self._seen)
        self._seen |= contents
        if self._repeats < _HISTORY:
            return 0.0
        self._repeats = 0
        return math.inf


DEFECTS = (
    Defect(
        "leaks-and-slows",
        ("EHC-TRM-033",),
        "内存逐渐增长，识读越来越慢",
        "leaks memory and becomes slower with every reading",
        LeaksAndSlows,
    ),
    Defect(
        "misses-now-and-then",
        ("EHC-TRM-033",),
        "每个码每五百次漏读一次（0.2 %）",
        "misses every code once in five hundred readings (0.2 %)",
        MissesNowAndThen,
    ),
    Defect(
        "stops-after-hours",
        ("EHC-TRM-033",),
        "连续工作数小时后停机，只有断电才能恢复",
        "stops after hours of work until its power is cut",
        StopsAfterHours,
    ),
)
