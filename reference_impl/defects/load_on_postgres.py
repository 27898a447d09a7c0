"""The defects of load on PostgreSQL, whose fast path spends and records in one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from reference_impl.defects.exchanging import put
from reference_impl.defects.twins import shown_twice, without_token_of_twins
from reference_impl.door.use import Use
from reference_impl.records.audit import AuditRow, Entry, Lane, LaneEnd
from reference_impl.storage.batch import Item
from reference_impl.storage.postgres_items import Connection, PostgresItems

_SPENT = "SELECT spent_key FROM spent WHERE spent_key = ANY($1::bytea[])"


def forget_on_postgres(items: PostgresItems, due: Callable[[], bool]) -> None:
    """Accept an item now and then without spending and recording anything of it."""
    forgetful = _Forgetful(items, due)
    put(items, "_spend_all", forgetful.spend_all)
    put(items, "_spend_each", forgetful.spend_each)


class _Forgetful:
    def __init__(self, items: PostgresItems, due: Callable[[], bool]) -> None:
        self._all, self._each = items._spend_all, items._spend_each
        self._due = due
        self._kept: list[Item] = []

    async def spend_all(self, connection: Connection, lane: Lane, items: Sequence[Item]) -> LaneEnd | None:
        self._kept = [item for item in items if not await self._forgotten(connection, item)]
        if not self._kept:
            return lane.chain(())[1]
        return await self._all(connection, lane, self._kept)

    async def spend_each(self, connection: Connection, lane: Lane, _items: Sequence[Item]) -> LaneEnd:
        return await self._each(connection, lane, self._kept)

    async def _forgotten(self, connection: Connection, item: Item) -> bool:
        if cast("Use", item).refusal is not None or not self._due():
            return False
        keys = [key for key in (item.request_key, item.token_key) if key is not None]
        if await connection.fetch(_SPENT, keys):
            return False
        item.settle(replayed=False, reused=False)
        return True


def let_twins_in_on_postgres(items: PostgresItems, gather_s: float) -> None:
    """Look whether a code was used before the batch spends it, and gather a batch for a while."""
    sound_all, sound_drain = items._spend_all, items._drain

    async def spend_all(connection: Connection, lane: Lane, batch: Sequence[Item]) -> LaneEnd | None:
        if twice := shown_twice(batch):
            spent = {row[0] for row in await connection.fetch(_SPENT, twice)}
            without_token_of_twins(batch, spent.__contains__)
        return await sound_all(connection, lane, batch)

    async def drain() -> None:
        await asyncio.sleep(gather_s)
        await sound_drain()

    put(items, "_spend_all", spend_all)
    put(items, "_drain", drain)


def audit_one_a_batch(items: PostgresItems, careless: Callable[[], bool]) -> None:
    """Keep of each batch the first record only, whenever ``careless``."""
    sound = items._connect

    async def connect() -> None:
        await sound()
        assert items._lane is not None  # noqa: S101 - connected just now
        items._lane = cast("Lane", _Sparing(items._lane, careless))

    put(items, "_connect", connect)


class _Sparing:
    """An audit lane that leaves out records, and chains what is left."""

    def __init__(self, lane: Lane, careless: Callable[[], bool]) -> None:
        self._lane = lane
        self._careless = careless
        self.advance, self.seal_with = lane.advance, lane.seal_with

    def chain(self, entries: Iterable[Entry]) -> tuple[list[AuditRow], LaneEnd]:
        told = list(entries)
        return self._lane.chain(told[:1] if self._careless() else told)
