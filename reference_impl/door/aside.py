"""Opening requests whose signatures take long to check, in threads beside the event loop.

A signature is checked without the interpreter's lock, so that the loop goes on meanwhile. What waits is taken by
whichever thread is free, and what a thread has opened comes back a few at a time: handing over one by one costs a
third of what the check itself does.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from reference_impl.storage.batch import fail, give
from reference_impl.wire.exchange import Call, Line, Request

TOGETHER = 8
"""So many opened requests come back to the event loop at once, unless nothing more waits."""

_Opened = tuple["asyncio.Future[Request]", Request | Exception]


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Aside:
    """Opens requests in ``threads`` threads.

    Attributes:
        under_way: how many are being opened or wait for it.
    """

    def __init__(self, threads: int) -> None:
        self.under_way = 0
        self._free = threads
        self._threads = ThreadPoolExecutor(threads, "open")
        self._waiting: deque[tuple[Line, Call, int, asyncio.Future[Request]]] = deque()

    def open(self, line: Line, call: Call, now_ms: int) -> asyncio.Future[Request]:
        """Open a call on its line; the future gives the request, or the error that ``line.open`` raised."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Request] = loop.create_future()
        self._waiting.append((line, call, now_ms, future))
        self.under_way += 1
        if self._free:
            self._free -= 1
            self._threads.submit(self._work, loop)
        return future

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        while len(opened := self._open_some()) == TOGETHER:
            loop.call_soon_threadsafe(self._hand_over, opened)
        loop.call_soon_threadsafe(self._end, loop, opened)

    def _open_some(self) -> list[_Opened]:
        opened: list[_Opened] = []
        while len(opened) < TOGETHER:
            try:
                line, call, now_ms, future = self._waiting.popleft()
            except IndexError:
                break
            try:
                opened.append((future, line.open(call, now_ms)))
            except Exception as error:
                opened.append((future, error))
        return opened

    def _hand_over(self, opened: list[_Opened]) -> None:
        self.under_way -= len(opened)
        for future, result in opened:
            if isinstance(result, Exception):
                fail(future, result)
            else:
                give(future, result)

    def _end(self, loop: asyncio.AbstractEventLoop, opened: list[_Opened]) -> None:
        self._hand_over(opened)
        # What came after the thread's last look would wait for the next request to be seen.
        if self._waiting:
            self._threads.submit(self._work, loop)
        else:
            self._free += 1
