"""A writer that takes no more than so much a second: a small machine rehearsed on a large one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from reference_impl.records.audit import AuditKey
from reference_impl.storage.batch import Item, Job, Writer, fail, give

T = TypeVar("T")

BURST_S = 0.05
"""What may go at once after a pause: so much of a second's share."""

_Start = Callable[[], "asyncio.Future[Any]"]


class PacedWriter:
    """Holds items and jobs back before a writer, so that it gets at most so many of them a second.

    Args:
        writer: the writer behind.
        per_second: items and jobs a second, more than 0.
    """

    def __init__(self, writer: Writer, per_second: float) -> None:
        self._writer = writer
        self._step_s = 1 / per_second
        # The time up to which the writer has been given its share, as the buckets of the quotas are kept.
        self._given_until = 0.0
        self._held: deque[tuple[_Start, asyncio.Future[Any]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def on_batch(self) -> Callable[[int], None]:
        """Told how much shared a transaction of the writer's."""
        return self._writer.on_batch

    @on_batch.setter
    def on_batch(self, tell: Callable[[int], None]) -> None:
        self._writer.on_batch = tell

    @property
    def more_coming(self) -> Callable[[], bool]:
        """Asked by the writer whether requests will be here in a moment."""
        return self._writer.more_coming

    @more_coming.setter
    def more_coming(self, ask: Callable[[], bool]) -> None:
        self._writer.more_coming = ask

    @property
    def waiting(self) -> int:
        """How many items and jobs are held back or queued."""
        return len(self._held) + self._writer.waiting

    def put(self, item: Item) -> asyncio.Future[None]:
        """Hold an item back until its turn; done once its outcome is durable."""
        return self._hold(partial(self._writer.put, item))

    def submit(self, job: Job[T]) -> asyncio.Future[T]:
        """Hold a job back until its turn; its future gives the result once the result is durable, or the error."""
        return self._hold(partial(self._writer.submit, job))

    def seal_with(self, audit_key: AuditKey) -> None:
        """Seal the ends of audit lanes with the active version of this key from now on."""
        self._writer.seal_with(audit_key)

    def run(self, job: Job[T]) -> T:
        """Do a job at once, in the caller's thread; for commands, while nothing is served."""
        return self._writer.run(job)

    async def close(self) -> None:
        """Finish what is held back and queued, and let go of the database."""
        while self._held:
            await asyncio.sleep(self._step_s)
        await self._writer.close()

    def _hold(self, start: _Start) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._held.append((start, future))
        if self._timer is None:
            self._release(loop)
        return future

    def _release(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        self._given_until = max(self._given_until, now - max(BURST_S, self._step_s))
        while self._held and self._given_until + self._step_s <= now:
            self._given_until += self._step_s
            start, future = self._held.popleft()
            start().add_done_callback(partial(_hand_on, future))
        if self._held:
            self._timer = loop.call_at(self._given_until + self._step_s, self._release, loop)


def _hand_on(future: asyncio.Future[Any], done: asyncio.Future[Any]) -> None:
    error = done.exception()
    if error is None:
        give(future, done.result())
    else:
        fail(future, error)
