"""The writer on PostgreSQL: items on one connection of the event loop, jobs on one of a thread; a lane for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine

from reference_impl.records.audit import AuditKey
from reference_impl.storage.batch import Caches, Item, Job
from reference_impl.storage.postgres_items import PostgresItems
from reference_impl.storage.postgres_jobs import PostgresJobs

T = TypeVar("T")


class PostgresWriter:
    """Writes to PostgreSQL for this process.

    Args:
        engine: engine of the platform's database.
        caches: told the epoch at the beginning of every transaction, on the event loop and on the jobs' thread.
        lane: name of this process's audit lane; that of jobs has a ``j`` behind it.
        audit_key: key the lanes' ends are sealed with.

    Raises:
        PlatformError: another process writes the lane, or the address names what not both drivers keep to.
    """

    def __init__(self, engine: Engine, caches: Caches, lane: str, audit_key: AuditKey) -> None:
        self._items = PostgresItems(engine, caches, lane, audit_key)
        self._jobs = PostgresJobs(engine, caches, f"{lane}j", audit_key)
        # Not asked here: items gather by themselves while the batch before them is under way.
        self.more_coming: Callable[[], bool] = bool

    @property
    def on_batch(self) -> Callable[[int], None]:
        """Told how many items, or how many jobs, shared a transaction."""
        return self._items.on_batch

    @on_batch.setter
    def on_batch(self, tell: Callable[[int], None]) -> None:
        self._items.on_batch = self._jobs.on_batch = tell

    @property
    def waiting(self) -> int:
        """How many items and jobs are queued."""
        return self._items.queued + self._jobs.queued

    def put(self, item: Item) -> asyncio.Future[None]:
        """Queue an item of the fast path; done once its outcome is durable."""
        return self._items.put(item)

    def submit(self, job: Job[T]) -> asyncio.Future[T]:
        """Queue a job; its future gives the result once the result is durable, or the job's or the disk's error."""
        return self._jobs.submit(job)

    def seal_with(self, audit_key: AuditKey) -> None:
        """Seal the lanes' ends with the active version of this key from now on."""
        self._jobs.seal_with(audit_key)
        self._items.seal_with(audit_key)

    def run(self, job: Job[T]) -> T:
        """Do a job at once, in the caller's thread; for commands, while nothing is served."""
        return self._jobs.run(job)

    async def close(self) -> None:
        """Finish what is queued and let go of the database; nothing may be queued afterwards."""
        await self._items.close()
        await self._jobs.close()
