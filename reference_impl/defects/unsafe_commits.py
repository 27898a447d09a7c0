"""A fast path on PostgreSQL whose answers are not yet durable: the commit comes late, or does not wait for the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import asyncpg
from asyncpg.transaction import Transaction

from reference_impl.defects.exchanging import put
from reference_impl.records.audit import Lane, LaneEnd
from reference_impl.storage.batch import Item
from reference_impl.storage.postgres_items import Connection, PostgresItems


def wait_for_no_disk(items: PostgresItems) -> None:
    """Leave it to the server when a commit reaches the disk."""
    sound = items._connect

    async def connect() -> None:
        await sound()
        assert items._connection is not None  # noqa: S101 - connected just now
        await items._connection.execute("SET synchronous_commit = off")

    put(items, "_connect", connect)


def commit_late(items: PostgresItems, late_s: float) -> None:
    """Commit a batch, and all that follow it meanwhile, ``late_s`` after its answers."""
    late = _LateCommits(items, late_s)
    put(items, "_settle", late.settle)
    put(items, "_spend_all", late.spend_all)
    put(items, "close", late.close)


class _LateCommits:
    def __init__(self, items: PostgresItems, late_s: float) -> None:
        self._items = items
        self._settle, self._close = items._settle, items.close
        self._late_s = late_s
        self._owed: Transaction | None = None
        self._one_at_a_time = asyncio.Lock()
        self._tasks = set[asyncio.Task[None]]()

    async def settle(self, batch: Sequence[Item]) -> None:
        async with self._one_at_a_time:
            connection, _ = await self._items._connected()
            if not connection.is_in_transaction():
                self._owed = connection.transaction()
                await self._owed.start()
                task = asyncio.create_task(self._commit_later())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await self._settle(batch)

    async def spend_all(self, _connection: Connection, _lane: Lane, _items: Sequence[Item]) -> LaneEnd | None:
        # A key that was spent before would end the transaction with all of it: there is another way.
        return None

    async def close(self) -> None:
        async with self._one_at_a_time:
            await self._commit()
        await self._close()

    async def _commit_later(self) -> None:
        await asyncio.sleep(self._late_s)
        async with self._one_at_a_time:
            await self._commit()

    async def _commit(self) -> None:
        owed, self._owed = self._owed, None
        if owed is not None:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await owed.commit()
