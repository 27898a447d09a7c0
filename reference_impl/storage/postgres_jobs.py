"""Jobs on PostgreSQL: in groups on a thread of their own, with an audit lane of their own.

Every statement of a job is a round trip that its whole group waits for, so savepoints are made sparingly: a job that is
alone is undone with its transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from reference_impl.records.audit import AuditKey, Lane, open_lane, pending, write
from reference_impl.storage import epoch
from reference_impl.storage.batch import MAX_BATCH, Caches, Job, fail, give, uncounted
from reference_impl.storage.postgres_session import hold_lane

T = TypeVar("T")

_SACRIFICED = frozenset({"40001", "40P01"})
"""SQLSTATE of a transaction that was given up so that another could go on (PostgreSQL manual, appendix A)."""

_TRIES_ALONE = 3

_SAVEPOINT = "SAVEPOINT job"
_RELEASE = "RELEASE SAVEPOINT job"
_UNDO = "ROLLBACK TO SAVEPOINT job"


@dataclass(frozen=True)
class _Failed:
    error: BaseException

    @property
    def sacrificed(self) -> bool:
        """Whether doing the same again may well succeed."""
        return isinstance(self.error, DBAPIError) and getattr(self.error.orig, "sqlstate", None) in _SACRIFICED


class PostgresJobs:
    """The lane of jobs.

    Args:
        engine: engine of the platform's database.
        caches: told the epoch at the beginning of every transaction.
        lane: name of the audit lane; held by a lock of the database while the connection lasts.
        audit_key: key the lane's end is sealed with.

    Raises:
        PlatformError: another process holds the lane.
    """

    def __init__(self, engine: Engine, caches: Caches, lane: str, audit_key: AuditKey) -> None:
        self._engine = engine
        self._caches = caches
        self._lane_name = lane
        self._audit_key = audit_key
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="jobs")
        self._waiting: list[tuple[Job[Any], asyncio.Future[Any]]] = []
        self._busy = False
        self.on_batch: Callable[[int], None] = uncounted
        self._connection: Connection | None = None
        self._lane: Lane
        self._connected()

    def submit(self, job: Job[T]) -> asyncio.Future[T]:
        """Queue a job; its future gives the result once the result is durable, or the error."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append((job, future))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._start, loop)
        return future

    def seal_with(self, audit_key: AuditKey) -> None:
        """Seal the lane's end with the active version of this key from now on."""
        self._audit_key = audit_key
        self._lane.seal_with(audit_key)

    def run(self, job: Job[T]) -> T:
        """Do a job at once, in the caller's thread."""
        (outcome,) = self._do([job])
        if isinstance(outcome, _Failed):
            raise outcome.error
        result: T = outcome
        return result

    @property
    def queued(self) -> int:
        """How many wait for their transaction."""
        return len(self._waiting)

    async def close(self) -> None:
        """Finish what is queued and let go of the connection."""
        while self._busy:
            await asyncio.sleep(0.001)
        self._thread.shutdown()
        self._disconnect()

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        group, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
        done = loop.run_in_executor(self._thread, self._do, [job for job, _ in group])
        done.add_done_callback(partial(self._finish, loop, [future for _, future in group]))

    def _finish(
        self, loop: asyncio.AbstractEventLoop, futures: Sequence[asyncio.Future[Any]], done: asyncio.Future[list[Any]]
    ) -> None:
        outcomes = done.result()
        self.on_batch(len(outcomes))
        for future, outcome in zip(futures, outcomes, strict=True):
            if isinstance(outcome, _Failed):
                fail(future, outcome.error)
            else:
                give(future, outcome)
        if self._waiting:
            self._start(loop)
        else:
            self._busy = False

    def _do(self, jobs: Sequence[Job[Any]]) -> list[Any]:
        return [self._again(job, outcome) for job, outcome in zip(jobs, self._group(jobs), strict=True)]

    def _again(self, job: Job[Any], outcome: object) -> object:
        # Two processes whose groups touch the same rows in another order wait in a circle until one is given up.
        # Alone in its transaction a job holds nothing that the other may be waiting for.
        for _ in range(_TRIES_ALONE):
            if not (isinstance(outcome, _Failed) and outcome.sacrificed):
                break
            (outcome,) = self._group([job])
        return outcome

    def _group(self, jobs: Sequence[Job[Any]]) -> list[Any]:
        work = _alone if len(jobs) == 1 else _one_by_one
        try:
            connection = self._connected()
            with connection.begin():
                self._caches.refresh(epoch.read(connection))
                outcomes = work(connection, jobs)
                advance = self._write_audit(connection)
        except _UndoneError as undone:
            # Asked first: whatever else is asked of a lost connection makes it connect again, without the lane's lock.
            if connection.invalidated:
                self._disconnect()
            else:
                pending(connection).clear()
            return [_Failed(undone.error)]
        except BaseException as error:
            self._disconnect()
            return [_Failed(error)] * len(jobs)
        advance()
        return outcomes

    def _write_audit(self, connection: Connection) -> Callable[[], None]:
        rows, end = self._lane.chain(pending(connection))
        pending(connection).clear()
        if rows:
            write(connection, rows, end)
        return partial(self._lane.advance, end)

    def _connected(self) -> Connection:
        if self._connection is None:
            connection = self._engine.connect()
            try:
                with connection.begin():
                    hold_lane(connection, self._lane_name)
                    self._lane = open_lane(connection, self._audit_key, self._lane_name)
            except BaseException:
                _drop(connection)
                raise
            self._connection = connection
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            _drop(connection)


class _UndoneError(Exception):
    """A job failed alone in its transaction, which goes with it."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def _alone(connection: Connection, jobs: Sequence[Job[Any]]) -> list[Any]:
    (job,) = jobs
    try:
        return [job(connection)]
    except Exception as error:
        raise _UndoneError(error) from error


def _one_by_one(connection: Connection, jobs: Sequence[Job[Any]]) -> list[Any]:
    """Do each job in a savepoint; one is given up and the next made in one round trip."""
    outcomes: list[Any] = []
    next_savepoint = _SAVEPOINT
    for job in jobs:
        before = len(pending(connection))
        if next_savepoint:
            connection.exec_driver_sql(next_savepoint)
        try:
            outcomes.append(job(connection))
            next_savepoint = f"{_RELEASE}; {_SAVEPOINT}"
        except Exception as error:
            del pending(connection)[before:]
            connection.exec_driver_sql(_UNDO)
            outcomes.append(_Failed(error))
            # It stays after what came behind it was undone.
            next_savepoint = ""
    return outcomes


def _drop(connection: Connection) -> None:
    # Back in the pool it would keep the lane's lock, and perhaps the entries of a group that was given up.
    connection.invalidate()
    connection.close()
