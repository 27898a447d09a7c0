"""A platform that takes a morning for an attack: its defence knows how much was asked a while ago, and nothing else."""

from __future__ import annotations

import time
from collections import deque
from itertools import islice

from reference_impl.access.rate_limit import Wait
from reference_impl.defects.exchanging import put
from reference_impl.platform import Platform
from reference_impl.refusals import RATE_LIMITED

AT_ONCE_S = 20
"""The rate of the moment is the mean of so many seconds."""
TIMES = 2
"""So many times the rate of the while before is taken for an attack."""
ALARM_S = 900.0


def takes_a_morning_for_an_attack(platform: Platform, every: int) -> None:
    """Refuse every other request for minutes once twice as much is asked as in the ``every`` seconds before."""
    gate = platform.gateway.gate
    sound, alarm = gate.admit_address, _Alarm(every)

    def admit_address(address: str) -> Wait | None:
        if alarm.refuses(time.monotonic()):
            return Wait(RATE_LIMITED, 1.0)
        return sound(address)

    put(gate, "admit_address", admit_address)


class _Alarm:
    """Counts requests by second; of seconds in which nobody asked it knows nothing."""

    def __init__(self, before_s: int) -> None:
        self._counts = deque[int](maxlen=before_s + AT_ONCE_S)
        self._second = -1
        self._until = 0.0
        self._other = False

    def refuses(self, now: float) -> bool:
        if int(now) != self._second:
            self._second = int(now)
            if self._alarming():
                self._until = now + ALARM_S
            self._counts.append(0)
        self._counts[-1] += 1
        self._other = not self._other
        return now < self._until and self._other

    def _alarming(self) -> bool:
        if len(self._counts) < (self._counts.maxlen or 0):
            return False
        before = len(self._counts) - AT_ONCE_S
        usual = sum(islice(self._counts, before)) / before
        return sum(islice(self._counts, before, None)) / AT_ONCE_S > TIMES * usual
