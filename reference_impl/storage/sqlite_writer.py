"""The writer on SQLite: everything in one thread, committed inline at the end of each pass of the event loop."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine

from reference_impl.records.audit import AuditKey, Entry, Lane, open_lane, pending
from reference_impl.storage.batch import MAX_BATCH, Caches, CardRow, Item, Job, fail, give, uncounted
from reference_impl.storage.turns import Turns

T = TypeVar("T")

GATHER_S = 0.003
"""How long a flush waits for requests that other threads are opening: less than their signatures take to check."""

_EPOCH = "SELECT number FROM epoch"
_CARD = (
    "SELECT c.card_no, c.state, c.active_since_ms, p.mindex_id, p.sealed_identity "
    "FROM cards c JOIN persons p ON p.person_no = c.person_no WHERE c.card_id = ?"
)
_SPEND_NEW = "INSERT INTO spent(spent_key) VALUES (?)"
_SPEND = f"{_SPEND_NEW} ON CONFLICT DO NOTHING"
_APPEND = "INSERT INTO audit VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
_LANE_END = "UPDATE audit_lanes SET next_seq = ?, head = ?, seal = ? WHERE lane = ?"


class SqliteWriter:
    """Owns the one connection of this process that writes.

    Args:
        engine: engine of the platform's database.
        caches: told the epoch at the beginning of every transaction.
        lane: name of the audit lane this writer continues; no two writers may share one.
        audit_key: key the lane's end is sealed with.
    """

    def __init__(self, engine: Engine, caches: Caches, lane: str, audit_key: AuditKey) -> None:
        self._engine = engine
        self._caches = caches
        self._lane_name = lane
        self._audit_key = audit_key
        self._items: list[tuple[Item, asyncio.Future[None]]] = []
        self._tasks: list[tuple[Job[Any], asyncio.Future[Any]]] = []
        self._scheduled = False
        self.on_batch: Callable[[int], None] = uncounted
        self.more_coming: Callable[[], bool] = bool
        self._turns = Turns(Path(f"{engine.url.database}-turn"))
        self._waiter = ThreadPoolExecutor(1, "turn")
        self._connect()

    @property
    def waiting(self) -> int:
        """How many items and jobs are queued."""
        return len(self._items) + len(self._tasks)

    def put(self, item: Item) -> asyncio.Future[None]:
        """Queue an item of the fast path; done once its outcome is durable."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._items.append((item, future))
        self._schedule(loop)
        return future

    def submit(self, job: Job[T]) -> asyncio.Future[T]:
        """Queue a job; its future gives the result once the result is durable, or the job's or the disk's error."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._tasks.append((job, future))
        self._schedule(loop)
        return future

    def seal_with(self, audit_key: AuditKey) -> None:
        """Seal the lane's end with the active version of this key from now on."""
        self._audit_key = audit_key
        self._lane.seal_with(audit_key)

    def run(self, job: Job[T]) -> T:
        """Do a job at once, in the caller's thread; for commands, while nothing is served."""
        try:
            with self._connection.begin():
                result = job(self._connection)
                self._write_audit([])
        except BaseException:
            self._reconnect()
            raise
        return result

    async def close(self) -> None:
        """Finish what is queued and let go of the database."""
        while self._items or self._tasks:
            await asyncio.sleep(0.001)
        self.close_now()

    def close_now(self) -> None:
        """Let go of the database when nothing is queued."""
        self._connection.close()
        self._waiter.shutdown()
        self._turns.close()

    def _connect(self) -> None:
        self._connection: Connection = self._engine.connect()
        self._raw = cast("sqlite3.Connection", self._connection.connection.driver_connection)
        self._look_up = self._raw.cursor()
        with self._connection.begin():
            pending(self._connection).clear()
            self._lane: Lane = open_lane(self._connection, self._audit_key, self._lane_name)

    def _reconnect(self) -> None:
        # A commit that failed may leave the transaction open, and with it the lock: only a new connection is sure,
        # and only the database knows where the lane ends.
        self._connection.invalidate()
        self._connection.close()
        self._connect()

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._gather, loop)

    def _gather(self, loop: asyncio.AbstractEventLoop) -> None:
        # One look more at the sockets: what has arrived meanwhile shares the flush, and nothing waits if nothing has.
        if self.more_coming():
            loop.call_later(GATHER_S, self._await_turn, loop)
        else:
            loop.call_soon(self._await_turn, loop)

    def _await_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._turns.take_now():
            self._flush(loop)
        else:
            # What arrives while another process writes joins this batch.
            turn = loop.run_in_executor(self._waiter, self._turns.take)
            turn.add_done_callback(lambda _: self._flush(loop))

    def _flush(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._write_batch(loop)
        finally:
            self._turns.give_back()

    def _write_batch(self, loop: asyncio.AbstractEventLoop) -> None:
        self._scheduled = False
        items, self._items = self._items[:MAX_BATCH], self._items[MAX_BATCH:]
        tasks, self._tasks = self._tasks[:MAX_BATCH], self._tasks[MAX_BATCH:]
        if self._items or self._tasks:
            self._schedule(loop)
        done: list[tuple[asyncio.Future[Any], Any]] = []
        try:
            with self._transaction(bool(tasks)):
                self._caches.refresh(self._raw.execute(_EPOCH).fetchone()[0])
                entries = self._settle([item for item, _ in items])
                done = self._work(tasks)
                self._write_audit(entries)
                self._require_transaction()
        except Exception as error:
            for _, future in (*items, *tasks):
                fail(future, error)
            self._recover()
            return
        self.on_batch(len(items) + len(tasks))
        for _, future in items:
            give(future, None)
        for future, result in done:
            give(future, result)

    @contextmanager
    def _transaction(self, jobs: bool) -> Iterator[None]:
        """One transaction; SQLAlchemy's share of it costs more than the disk's, and only jobs need it."""
        if jobs:
            with self._connection.begin():
                yield
            return
        self._raw.execute("BEGIN IMMEDIATE")
        yield
        self._raw.execute("COMMIT")

    def _recover(self) -> None:
        try:
            self._reconnect()
        except Exception as error:
            # The disk is still failing: everyone who waits is told, and the next request tries again.
            for _, future in (*self._items, *self._tasks):
                fail(future, error)
            self._items, self._tasks = [], []

    def _settle(self, items: Sequence[Item]) -> list[Entry]:
        look_up = self._look_up.execute
        for item in items:
            row = None if item.card_id is None else look_up(_CARD, (item.card_id,)).fetchone()
            item.decide(None if row is None else CardRow._make(row))
        if self._spend_all(items):
            return [item.settle(replayed=False, reused=False) for item in items]
        return [self._spend(item) for item in items]

    def _spend_all(self, items: Sequence[Item]) -> bool:
        """Spend the keys of all items if all are new, as they nearly always are; else none, and tell so."""
        keys = [(item.request_key,) for item in items]
        keys += [(item.token_key,) for item in items if item.token_key is not None]
        # In the order of the table, so that neighbours are written one after the other.
        keys.sort()
        self._raw.execute("SAVEPOINT spending")
        try:
            self._raw.executemany(_SPEND_NEW, keys)
        except sqlite3.IntegrityError:
            self._raw.execute("ROLLBACK TO spending")
            return False
        finally:
            if self._raw.in_transaction:
                self._raw.execute("RELEASE spending")
        return True

    def _spend(self, item: Item) -> Entry:
        """Spend the keys of one item: a replay spends no token."""
        execute = self._raw.execute
        replayed = not execute(_SPEND, (item.request_key,)).rowcount
        reused = not replayed and item.token_key is not None and not execute(_SPEND, (item.token_key,)).rowcount
        return item.settle(replayed=replayed, reused=reused)

    def _work(self, tasks: Sequence[tuple[Job[Any], asyncio.Future[Any]]]) -> list[tuple[asyncio.Future[Any], Any]]:
        done: list[tuple[asyncio.Future[Any], Any]] = []
        waiting = pending(self._connection)
        for job, future in tasks:
            before = len(waiting)
            try:
                with self._connection.begin_nested():
                    done.append((future, job(self._connection)))
            except Exception as error:
                # A full or failing disk undoes the whole transaction: then nothing of this batch may be called done.
                self._require_transaction(error)
                del waiting[before:]
                fail(future, error)
        return done

    def _require_transaction(self, cause: BaseException | None = None) -> None:
        if not self._raw.in_transaction:
            raise sqlite3.OperationalError("the database gave the transaction up") from cause

    def _write_audit(self, entries: list[Entry]) -> None:
        waiting = pending(self._connection)
        if not entries and not waiting:
            return
        rows, end = self._lane.chain([*entries, *waiting])
        waiting.clear()
        self._raw.executemany(_APPEND, rows)
        self._raw.execute(_LANE_END, (end.next_seq, end.head, end.seal, end.lane))
        self._lane.advance(end)
