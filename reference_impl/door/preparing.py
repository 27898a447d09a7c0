"""What a method asks before its transaction begins, and which may be slow: beside the event loop, and not for ever.

A thread that waits for a register of persons cannot be stopped. It is left to come to its end, asks nothing more, and
what it finds is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from reference_impl.cards.documents import Document
from reference_impl.cards.real_name import Answer, RealNameSource
from reference_impl.door.logbook import LOG
from reference_impl.door.question import Parts
from reference_impl.refusals import TRY_AGAIN, RefusalError

Prepare = Callable[[Parts, Mapping[str, str], int], Any]

WAIT_S = 4.0
"""How long a caller waits: less than a platform that is told to stop gives the requests it has read."""

ASKING_SHARE = 0.5
"""The share of that time in which questions may begin; of many in one call, the last still has time to be answered."""

THREADS = 64
"""So many registrations may wait for the register at once; threads that wait cost memory only."""


@dataclass(frozen=True)
class _Timed:
    """A register that is asked until a moment of ``monotonic``, and has no answer then or where asking it fails."""

    source: RealNameSource
    until: float

    def check(self, document: Document, name: str) -> Answer:
        if monotonic() >= self.until:
            return Answer.UNAVAILABLE
        try:
            return self.source.check(document, name)
        except Exception:
            LOG.exception("the register of persons could not be asked")
            return Answer.UNAVAILABLE


class Preparing:
    """Runs what methods ask beforehand in threads of its own.

    Args:
        wait_s: how long a caller waits.
    """

    def __init__(self, wait_s: float = WAIT_S) -> None:
        self.wait_s = wait_s
        self._threads = ThreadPoolExecutor(THREADS, "prepare")

    async def run(self, prepare: Prepare, parts: Parts, biz: Mapping[str, str], now_ms: int) -> object:
        """Return what ``prepare`` found.

        Raises:
            RefusalError: try_again where that took too long; what ``prepare`` refuses.
        """
        wait_s = self.wait_s
        timed = replace(parts, real_name=_Timed(parts.real_name, monotonic() + wait_s * ASKING_SHARE))
        asked = asyncio.get_running_loop().run_in_executor(self._threads, prepare, timed, biz, now_ms)
        try:
            return await asyncio.wait_for(asked, wait_s)
        except TimeoutError as error:
            raise RefusalError(TRY_AGAIN) from error
