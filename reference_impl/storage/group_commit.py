"""One thread that owns the database: requests that arrive together share one transaction and one flush to disk.

A flush takes from a fraction of a millisecond to many, whatever it flushes; one for each request would bound the
platform's rate by the disk. No result is given out before its transaction is committed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

T = TypeVar("T")

MAX_JOBS_PER_COMMIT = 64


@dataclass(frozen=True)
class _Task:
    job: Callable[[Connection], Any]
    future: Future[Any]


class GroupCommit:
    """Runs jobs one after another, each in a savepoint of its own: a job that fails takes no other with it."""

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.connect()
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[Connection], T]) -> Future[T]:
        """Queue ``job``; its future gives the result once the result is durable, or the job's or the disk's error."""
        future: Future[T] = Future()
        self._tasks.put(_Task(job, future))
        return future

    def close(self) -> None:
        """Finish what is queued and stop; nothing may be submitted afterwards."""
        self._tasks.put(None)
        self._thread.join()

    def _run(self) -> None:
        with self._connection as connection:
            while (task := self._tasks.get()) is not None:
                # From here on nobody can cancel these futures, so that setting a result cannot fail.
                batch = [t for t in (task, *self._waiting()) if t.future.set_running_or_notify_cancel()]
                _commit_together(connection, batch)

    def _waiting(self) -> list[_Task]:
        tasks: list[_Task] = []
        while len(tasks) < MAX_JOBS_PER_COMMIT - 1:
            try:
                task = self._tasks.get_nowait()
            except Empty:
                break
            if task is None:
                self._tasks.put(None)
                break
            tasks.append(task)
        return tasks


def _commit_together(connection: Connection, batch: list[_Task]) -> None:
    results: list[tuple[Future[Any], Any]] = []
    try:
        with connection.begin():
            for task in batch:
                try:
                    with connection.begin_nested():
                        results.append((task.future, task.job(connection)))
                except Exception as error:
                    task.future.set_exception(error)
    except Exception as error:
        # A commit that failed may leave the transaction open, and with it the lock: only a new connection is sure.
        connection.invalidate()
        for task in batch:
            if not task.future.done():
                task.future.set_exception(error)
    else:
        for future, result in results:
            future.set_result(result)
