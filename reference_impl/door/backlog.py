"""Whether one more request may wait: told from how many wait and how fast they are served at present.

A queue refused by its length alone is ten seconds long on a slow machine: callers give up before they are answered, and
the work on them is lost. What counts to a caller is time, so requests are refused by the time they would have to wait.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic

MAX_WAITING = 2048
"""So many may wait at most, however fast they are served."""

MAX_WAIT_S = 1.0
"""With a longer wait than this ahead of it, a request is told to come again rather than to wait too."""

MEMORY_S = 1.0
"""What was served longer ago than this counts for less than half."""

TRANSACTIONS = 5
"""So many must have followed one another before their rate is believed: what waits shares the next transaction, so a
single one that was slow for few, such as a disk's pause, says nothing about the next."""


class Backlog:
    """The requests that wait for their signature to be checked or for the writer.

    The rate at which they are served is only known while some wait all the time, for otherwise the writer has idled; it
    is measured anew each time. Before it is known, nobody is refused for the time.

    Args:
        waiting: tells how many wait.
        clock: seconds that never go back.

    Attributes:
        refused: how many requests were refused.
    """

    def __init__(self, waiting: Callable[[], int], clock: Callable[[], float] = monotonic) -> None:
        self._waiting = waiting
        self._clock = clock
        self._transactions = 0
        self._served = 0.0
        self._busy_s = 0.0
        self._busy_since: float | None = None
        self._each_s = 0.0
        self.refused = 0

    def served(self, count: int) -> None:
        """Take note of a transaction that ``count`` requests shared."""
        now = self._clock()
        if self._busy_since is not None:
            took_s = now - self._busy_since
            kept = math.exp(-took_s / MEMORY_S)
            self._served = self._served * kept + count
            self._busy_s = self._busy_s * kept + took_s
            self._transactions += 1
            if self._transactions >= TRANSACTIONS:
                self._each_s = self._busy_s / self._served
        if self._waiting():
            self._busy_since = now
        else:
            self._busy_since, self._served, self._busy_s, self._each_s = None, 0.0, 0.0, 0.0
            self._transactions = 0

    @property
    def wait_s(self) -> float:
        """How long a request that comes now would wait, in seconds; 0 while that is not known."""
        return self._waiting() * self._each_s

    def refuses(self) -> str | None:
        """Return when to come again, as ``Retry-After`` says it, if one more request may not wait; None if it may."""
        waiting = self._waiting()
        wait_s = waiting * self._each_s
        if wait_s <= MAX_WAIT_S and waiting <= MAX_WAITING:
            return None
        self.refused += 1
        return str(max(1, math.ceil(wait_s)))
