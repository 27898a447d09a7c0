"""Answers that come after nobody waited for them any more: was one code accepted twice?

A caller gives up and shows the same code again. Somebody still listens on the old connection, for what comes there late
is the only word from outside on whether the first attempt was served as well.
"""

from __future__ import annotations

import time
from collections import Counter, deque

from gevent.pool import Group

from loadtests.errands import Errand
from loadtests.http_line import LateAnswer
from loadtests.tally import DOUBLE, Tally

_PATIENCE = 2.0
"""So many times as long as a caller waits, somebody listens after it gave up."""
_REMEMBERED_S = 120.0


class LateAnswers:
    """Counts how often each code was accepted to which an answer had been given up.

    Args:
        tally: where a code accepted twice is told.
        timeout_s: how long a caller waits.
    """

    def __init__(self, tally: Tally, timeout_s: float) -> None:
        self._tally = tally
        self._timeout_s = timeout_s
        self._listening = Group()
        self._accepted: Counter[str] = Counter()
        self._until: deque[tuple[float, str]] = deque()

    def listen(self, errand: Errand, late: LateAnswer) -> None:
        """Go on waiting for the answer to an errand; its caller goes on without."""
        now, code = time.perf_counter(), errand.question.code
        while self._until and self._until[0][0] < now:
            self._accepted.pop(self._until.popleft()[1], None)
        self._until.append((now + _REMEMBERED_S, code))
        self._accepted.setdefault(code, 0)
        self._listening.spawn(self._hear, errand, late)

    def accepted(self, errand: Errand) -> None:
        """An attempt was accepted."""
        code = errand.question.code
        if code in self._accepted:
            self._accepted[code] += 1
            if self._accepted[code] == 2:
                self._tally.found(DOUBLE, errand.question.tag, time.perf_counter())

    def join(self) -> None:
        """Wait until nobody listens any more."""
        self._listening.join()

    def _hear(self, errand: Errand, late: LateAnswer) -> None:
        reply = late.wait(_PATIENCE * self._timeout_s)
        if reply is not None and errand.judge(reply).accepted:
            self.accepted(errand)
