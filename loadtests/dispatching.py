"""Hands every request to a free user at the moment it is due, whatever became of those before.

Nobody waits for an answer here. Where no user is free another one is called, and the request leaves with whoever is
there first. Where no more may come it waits and leaves late: that is recorded, and a load with too much of it is
invalid.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

import gevent

from loadtests.errands import Errand
from loadtests.schedule import USERS, Schedule
from loadtests.sealing import Sealer

AHEAD_S = 1.0
"""Requests are sealed so long before they are due: not longer, for the codes they show are good for a minute only."""

_CLOSE_S = 0.002
"""So shortly before a request is due nothing else is begun."""

_LOOK_S = 0.005


class Hand(Protocol):
    """A user who waits for work."""

    def take(self, errand: Errand) -> None:
        """Be given an errand."""
        ...


class Dispatcher:
    """One worker's arrivals on their way to its users.

    Args:
        part: this worker's arrivals.
        sealer: makes their requests.
        call: calls one more user of a class, who will be ``free`` in a moment; told only where none is.
    """

    def __init__(self, part: Schedule, sealer: Sealer, call: Callable[[str], None]) -> None:
        self._part = part
        self._sealer = sealer
        self._call = call
        self._begun, self._begun_ms = 0.0, 0
        self._next = 0
        self._ready: deque[tuple[Errand, ...]] = deque()
        # The last who came back is the first to leave again: their connection is warm.
        self._free: dict[str, list[Hand]] = {who: [] for who in USERS}
        self._waiting: dict[str, deque[Errand]] = {who: deque() for who in USERS}
        self._handed = 0
        self.ended = False
        """Whether every request of the schedule has been handed over, or the load was ended."""
        self.until_s: float | None = None
        """Seconds of the schedule after which it was ended; None if it was not."""

    @property
    def due(self) -> int:
        """Requests that were due so far, those that wait for a free user among them."""
        return self._handed + sum(map(len, self._waiting.values()))

    def free(self, who: str, hand: Hand) -> None:
        """A user of a class has nothing to do."""
        if self._waiting[who]:
            self._handed += 1
            hand.take(self._waiting[who].popleft())
        else:
            self._free[who].append(hand)

    def end(self) -> None:
        """Send nothing more."""
        if not self.ended or any(self._waiting.values()):
            self.until_s = time.perf_counter() - self._begun
        self.ended = True
        for who, waiting in self._waiting.items():
            # One of two with one code may have left already, and is only settled together with the other.
            self._waiting[who] = deque(errand for errand in waiting if errand.twin is not None)

    def run(self, begun: float, begun_ms: int) -> None:
        """Hand over one arrival after the other until the schedule is done.

        Args:
            begun: when the schedule begins, by ``time.perf_counter``.
            begun_ms: the same moment, Unix ms.
        """
        self._begun, self._begun_ms = begun, begun_ms
        ahead = gevent.spawn(self._seal_ahead)
        for index in range(self._part.due.size):
            errands = self._ready.popleft() if self._ready else self._seal_next()
            due = self._begun + float(self._part.due[index])
            while (wait_s := due - time.perf_counter()) > 0 and not self.ended:
                gevent.sleep(wait_s)
            if self.ended:
                break
            who = USERS[self._part.user[index]]
            for errand in errands:
                self._hand_over(who, errand)
        ahead.kill()
        self.ended = True

    def _hand_over(self, who: str, errand: Errand) -> None:
        if self._free[who]:
            self._handed += 1
            self._free[who].pop().take(errand)
        else:
            self._waiting[who].append(errand)
            self._call(who)

    def _seal_next(self) -> tuple[Errand, ...]:
        index, self._next = self._next, self._next + 1
        return self._sealer.make(index, self._begun, self._begun_ms, time.perf_counter())

    def _seal_ahead(self) -> None:
        dues = self._part.due
        while self._next < dues.size and not self.ended:
            now = time.perf_counter() - self._begun
            handed = self._next - len(self._ready)
            if dues[self._next] > now + AHEAD_S or (handed < dues.size and 0 < dues[handed] - now < _CLOSE_S):
                gevent.sleep(_LOOK_S)
                continue
            self._ready.append(self._seal_next())
            gevent.idle()
