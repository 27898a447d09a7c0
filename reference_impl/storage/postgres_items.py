"""The fast path on PostgreSQL: batches of items over one asynchronous connection, three round trips each.

While one batch is under way the next collects, so that batches grow with the load and with the disk's latency.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from psycopg import AsyncConnection
from sqlalchemy import BigInteger, Engine, LargeBinary
from sqlalchemy.types import TypeEngine

from reference_impl.records.audit import AuditKey, AuditRow, Entry, Lane, LaneEnd, open_lane
from reference_impl.storage.batch import MAX_BATCH, Caches, CardRow, Item, fail, give, uncounted
from reference_impl.storage.postgres_session import HOLD_LANE, SETTINGS, lane_held_error
from reference_impl.storage.schema import AUDIT


def _array_of(kind: TypeEngine[Any]) -> str:
    if isinstance(kind, BigInteger):
        return "%b::bigint[]"
    return "%b::bytea[]" if isinstance(kind, LargeBinary) else "%b::text[]"


_ARRAYS = ", ".join(_array_of(column.type) for column in AUDIT.columns)
_EPOCH = "SELECT number FROM epoch"
_CARDS = (
    "SELECT c.card_id, c.card_no, c.state, c.active_since_ms, p.mindex_id, p.sealed_identity "
    "FROM cards c JOIN persons p ON p.person_no = c.person_no WHERE c.card_id = ANY(%b::bytea[])"
)
# Keys are spent in their order, so that two processes with the same keys wait for each other and never in a circle.
# Only a request that was still unspent may spend its token.
_SPEND = """
    WITH asked AS (SELECT * FROM unnest(%b::bytea[], %b::bytea[]) AS a(request_key, token_key)),
    requests AS (
        INSERT INTO spent (spent_key) SELECT request_key FROM asked ORDER BY 1
        ON CONFLICT DO NOTHING RETURNING spent_key
    ),
    tokens AS (
        INSERT INTO spent (spent_key)
        SELECT DISTINCT token_key FROM asked JOIN requests ON spent_key = request_key WHERE token_key <> '' ORDER BY 1
        ON CONFLICT DO NOTHING RETURNING spent_key
    )
    SELECT spent_key FROM requests UNION ALL SELECT spent_key FROM tokens
"""
_APPEND = f"INSERT INTO audit ({', '.join(AUDIT.columns.keys())}) SELECT * FROM unnest({_ARRAYS})"  # noqa: S608
_LANE_END = "UPDATE audit_lanes SET next_seq = %b, head = %b, seal = %b WHERE lane = %b"

_NOTHING = b""
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0

_Waiting = tuple[Item, "asyncio.Future[None]"]


class PostgresItems:
    """The lane of the fast path.

    Args:
        engine: engine of the platform's database; only its address is used on the fast path.
        caches: told the epoch at the beginning of every transaction.
        lane: name of the audit lane; held by a lock of the database while the connection lasts.
        audit_key: key the lane's end is sealed with.
    """

    def __init__(self, engine: Engine, caches: Caches, lane: str, audit_key: AuditKey) -> None:
        self._engine = engine
        self._caches = caches
        self._lane_name = lane
        self._audit_key = audit_key
        self.on_batch: Callable[[int], None] = uncounted
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self._connection: AsyncConnection[tuple[Any, ...]] | None = None
        self._lane: Lane | None = None
        self._pause_s = 0.0
        self._not_before = 0.0

    def put(self, item: Item) -> asyncio.Future[None]:
        """Queue an item; done once its outcome is durable."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.append((item, future))
        if self._task is None:
            self._task = loop.create_task(self._drain())
        return future

    def seal_with(self, audit_key: AuditKey) -> None:
        """Seal the lane's end with the active version of this key from now on."""
        self._audit_key = audit_key
        if self._lane is not None:
            self._lane.seal_with(audit_key)

    @property
    def queued(self) -> int:
        """How many wait for their transaction."""
        return len(self._waiting)

    async def close(self) -> None:
        """Finish what is queued and let go of the connection."""
        while self._task is not None:
            await asyncio.wait([self._task])
        await self._disconnect()

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                try:
                    await self._settle([item for item, _ in batch])
                except BaseException as error:
                    await self._give_up(batch, error)
                    if not isinstance(error, Exception):
                        raise
                else:
                    self.on_batch(len(batch))
                    for _, future in batch:
                        give(future, None)
        finally:
            self._task = None

    async def _give_up(self, batch: Sequence[_Waiting], error: BaseException) -> None:
        # Whether a commit that was interrupted took effect only the database knows, and with it where the lane ends.
        for _, future in batch:
            fail(future, error)
        await self._disconnect()

    async def _settle(self, items: Sequence[Item]) -> None:
        connection, lane = await self._connected()
        async with connection.pipeline():
            await connection.execute("BEGIN")
            epoch = await connection.execute(_EPOCH)
            found = await connection.execute(_CARDS, ([item.card_id or _NOTHING for item in items],), binary=True)
            self._caches.refresh((await epoch.fetchall())[0][0])
            cards = {row[0]: CardRow._make(row[1:]) for row in await found.fetchall()}
            for item in items:
                item.decide(None if item.card_id is None else cards.get(item.card_id))
            entries = await self._spend(connection, items)
            rows, end = lane.chain(entries)
            await _append(connection, rows, end)
            await connection.execute("COMMIT")
        lane.advance(end)

    async def _spend(self, connection: AsyncConnection[tuple[Any, ...]], items: Sequence[Item]) -> list[Entry]:
        # Of equal requests in one batch only the first can be new, whatever the database holds.
        asked: dict[bytes, bytes] = {}
        for item in items:
            asked.setdefault(item.request_key, item.token_key or _NOTHING)
        done = await connection.execute(_SPEND, (list(asked), list(asked.values())), binary=True)
        spent = {row[0] for row in await done.fetchall()}
        entries = []
        for item in items:
            replayed = not _take(spent, item.request_key)
            reused = not replayed and item.token_key is not None and not _take(spent, item.token_key)
            entries.append(item.settle(replayed=replayed, reused=reused))
        return entries

    async def _connected(self) -> tuple[AsyncConnection[tuple[Any, ...]], Lane]:
        if self._connection is not None and self._lane is not None:
            return self._connection, self._lane
        clock = asyncio.get_running_loop().time
        if clock() < self._not_before:
            raise ConnectionError("the database could not be reached a moment ago")
        try:
            await self._connect()
        except BaseException:
            self._pause_s = min(max(2 * self._pause_s, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
            self._not_before = clock() + self._pause_s
            raise
        self._pause_s = 0.0
        return await self._connected()

    async def _connect(self) -> None:
        _, parameters = self._engine.dialect.create_connect_args(self._engine.url)
        connection = await AsyncConnection.connect(**{"connect_timeout": 5, **parameters}, autocommit=True)
        try:
            for setting in SETTINGS:
                await connection.execute(setting)
            held = await (await connection.execute(HOLD_LANE, (self._lane_name,))).fetchone()
            if held is None or not held[0]:
                raise lane_held_error(self._lane_name)
            self._lane = await asyncio.to_thread(self._read_lane)
        except BaseException:
            await connection.close()
            raise
        self._connection = connection

    def _read_lane(self) -> Lane:
        with self._engine.begin() as connection:
            return open_lane(connection, self._audit_key, self._lane_name)

    async def _disconnect(self) -> None:
        connection, self._connection, self._lane = self._connection, None, None
        if connection is not None:
            await connection.close()


async def _append(connection: AsyncConnection[tuple[Any, ...]], rows: Sequence[AuditRow], end: LaneEnd) -> None:
    await connection.execute(_APPEND, [list(column) for column in zip(*rows, strict=True)])
    await connection.execute(_LANE_END, (end.next_seq, end.head, end.seal, end.lane))


def _take(keys: set[bytes], key: bytes) -> bool:
    """Take a key out of the set; tell whether it was in it."""
    if key not in keys:
        return False
    keys.remove(key)
    return True
