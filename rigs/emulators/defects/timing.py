"""Faults of pace."""

from __future__ import annotations

from rigs.emulators.behaviour import Behaviour, Reading
from rigs.emulators.defects.codes import EveryNth
from rigs.emulators.defects.defect import Defect


class FallsAsleep(Behaviour):
    """Needs 0.7 s to wake up after a short pause."""

    def delay_s(self, reading: Reading, idle_s: float) -> float:
        del reading
        return 0.7 if idle_s > 0.2 else 0.0


class DawdlesOnDynamic(EveryNth):
    """Works 1.8 s on every eighth dynamic code."""

    def delay_s(self, reading: Reading, idle_s: float) -> float:
        del idle_s
        if reading.content[64:67] != b":0:":
            return 0.0
        self._seen.add(reading.content)
        return 1.8 if len(self._seen) % 8 == 0 else 0.0


DEFECTS = (
    Defect("falls-asleep", ("EHC-TRM-015",), "停顿后唤醒迟缓", "wakes up slowly after a pause", FallsAsleep),
    Defect(
        "dawdles-on-dynamic", ("EHC-TRM-016",), "部分动态码处理过慢", "is slow on some dynamic codes", DawdlesOnDynamic
    ),
)
