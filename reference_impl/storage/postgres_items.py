"""The fast path on PostgreSQL: batches of items over one asynchronous connection, two statements each.

The first reads the epoch and the cards, the second spends, records and commits; what is decided between them needs no
transaction, for nothing is held. While one batch is under way the next collects, so that batches grow with the load
and with the disk's latency.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeAlias

import asyncpg
from sqlalchemy import URL, BigInteger, Engine, LargeBinary
from sqlalchemy.types import TypeEngine

from reference_impl.errors import PlatformError
from reference_impl.records.audit import AuditKey, Entry, Lane, LaneEnd, open_lane
from reference_impl.storage.batch import MAX_BATCH, Caches, CardRow, Item, fail, give, uncounted
from reference_impl.storage.postgres_session import HOLD_LANE, SETTINGS, lane_held_error
from reference_impl.storage.schema import AUDIT

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


def _array_of(kind: TypeEngine[object]) -> str:
    if isinstance(kind, BigInteger):
        return "bigint[]"
    return "bytea[]" if isinstance(kind, LargeBinary) else "text[]"


def _arrays(first: int) -> str:
    return ", ".join(f"${first + place}::{_array_of(column.type)}" for place, column in enumerate(AUDIT.columns))


def _told(first: int) -> str:
    """Return the statement that appends audit records and moves the lane's end; its parameters begin at ``first``."""
    end = first + len(AUDIT.columns)
    names = ", ".join(AUDIT.columns.keys())
    return (
        f"told AS (INSERT INTO audit ({names}) SELECT * FROM unnest({_arrays(first)})) "  # noqa: S608
        f"UPDATE audit_lanes SET next_seq = ${end}, head = ${end + 1}, seal = ${end + 2} WHERE lane = ${end + 3}"
    )


# One row at least, for the epoch is wanted even where no card is found.
_LOOK_UP = """
    SELECT e.number, c.card_id, c.card_no, c.state, c.active_since_ms, c.mindex_id, c.sealed_identity
    FROM epoch e LEFT JOIN (
        SELECT c.card_id, c.card_no, c.state, c.active_since_ms, p.mindex_id, p.sealed_identity
        FROM cards c JOIN persons p ON p.person_no = c.person_no WHERE c.card_id = ANY($1::bytea[])
    ) c ON true
"""
# Keys are spent in one order, requests before tokens, so that two processes with the same keys wait for each other and
# never in a circle. A key that was spent before fails the statement, and all of it.
_SPEND_AND_TELL = f"WITH paid AS (INSERT INTO spent (spent_key) SELECT unnest($1::bytea[])), {_told(2)}"
# Only a request that was still unspent may spend its token.
_SPEND = """
    WITH asked AS (SELECT * FROM unnest($1::bytea[], $2::bytea[]) AS a(request_key, token_key)),
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
_TELL = f"WITH {_told(1)}"

_NOTHING = b""
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_CONNECT_S = 5.0
_OF_BOTH = frozenset(
    {
        "application_name",
        "client_encoding",
        "dbname",
        "host",
        "krbsrvname",
        "options",
        "passfile",
        "password",
        "port",
        "sslcert",
        "sslcrl",
        "sslkey",
        "sslmode",
        "sslpassword",
        "sslrootcert",
        "target_session_attrs",
        "user",
    }
)
"""Parameters of a connection that mean the same to the driver of the jobs and to this one."""
_OF_SOCKETS = frozenset(
    {
        "connect_timeout",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "tcp_user_timeout",
    }
)
"""Parameters that concern the sockets of the jobs' driver, which this one would send on to the server."""

_Waiting = tuple[Item, "asyncio.Future[None]"]


class PostgresItems:
    """The lane of the fast path.

    Args:
        engine: engine of the platform's database; only its address is used on the fast path.
        caches: told the epoch at the beginning of every transaction.
        lane: name of the audit lane; held by a lock of the database while the connection lasts.
        audit_key: key the lane's end is sealed with.

    Raises:
        PlatformError: the address names what not both drivers keep to.
    """

    def __init__(self, engine: Engine, caches: Caches, lane: str, audit_key: AuditKey) -> None:
        self._engine = engine
        self._address = address_of(engine.url)
        self._caches = caches
        self._lane_name = lane
        self._audit_key = audit_key
        self.on_batch: Callable[[int], None] = uncounted
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self._connection: Connection | None = None
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
                    await self._settle_again([item for item, _ in batch])
                except BaseException as error:
                    self._give_up(batch, error)
                    if not isinstance(error, Exception):
                        self._give_up(self._waiting, error)
                        self._waiting = []
                        raise
                else:
                    self.on_batch(len(batch))
                    for _, future in batch:
                        give(future, None)
        finally:
            self._task = None

    def _give_up(self, batch: Sequence[_Waiting], error: BaseException) -> None:
        # Whether a commit that was interrupted took effect only the database knows, and with it where the lane ends.
        for _, future in batch:
            fail(future, error)
        connection, self._connection, self._lane = self._connection, None, None
        if connection is not None:
            connection.terminate()

    async def _settle_again(self, items: Sequence[Item]) -> None:
        try:
            await self._settle(items)
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
            # A job that spends the same keys in another order waited for this batch while it waited for the job. The
            # batch was given up and nothing of it is left; the job has gone on.
            await self._settle(items)

    async def _settle(self, items: Sequence[Item]) -> None:
        connection, lane = await self._connected()
        found = await connection.fetch(_LOOK_UP, [item.card_id or _NOTHING for item in items])
        self._caches.refresh(found[0][0])
        cards = {row[1]: CardRow._make(row[2:]) for row in found}
        for item in items:
            item.decide(None if item.card_id is None else cards.get(item.card_id))
        end = await self._spend_all(connection, lane, items) or await self._spend_each(connection, lane, items)
        lane.advance(end)

    async def _spend_all(self, connection: Connection, lane: Lane, items: Sequence[Item]) -> LaneEnd | None:
        """Spend and record as if every key were new, as they nearly always are; None if one was not, then none is."""
        requests = [item.request_key for item in items]
        tokens = [item.token_key for item in items if item.token_key is not None]
        if len({*requests, *tokens}) < len(requests) + len(tokens):
            return None
        columns, end = _chained(lane, [item.settle(replayed=False, reused=False) for item in items])
        try:
            await connection.execute(_SPEND_AND_TELL, [*sorted(requests), *sorted(tokens)], *columns, *_moved(end))
        except asyncpg.UniqueViolationError:
            return None
        return end

    async def _spend_each(self, connection: Connection, lane: Lane, items: Sequence[Item]) -> LaneEnd:
        # Of equal requests in one batch only the first can be new, whatever the database holds.
        asked: dict[bytes, bytes] = {}
        for item in items:
            asked.setdefault(item.request_key, item.token_key or _NOTHING)
        async with connection.transaction():
            spent = {row[0] for row in await connection.fetch(_SPEND, list(asked), list(asked.values()))}
            entries: list[Entry] = []
            for item in items:
                replayed = not _take(spent, item.request_key)
                reused = not replayed and item.token_key is not None and not _take(spent, item.token_key)
                entries.append(item.settle(replayed=replayed, reused=reused))
            columns, end = _chained(lane, entries)
            await connection.execute(_TELL, *columns, *_moved(end))
        return end

    async def _connected(self) -> tuple[Connection, Lane]:
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
        connection = await asyncpg.connect(self._address, timeout=_CONNECT_S)
        try:
            for setting in SETTINGS:
                await connection.execute(setting)
            if not await connection.fetchval(HOLD_LANE.replace("%s", "$1"), self._lane_name):
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


def address_of(url: URL) -> str:
    """Return a database's address as this driver reads it.

    Raises:
        PlatformError: it names a parameter of libpq that this driver does not keep to.
    """
    unknown = sorted(set(url.query) - _OF_BOTH - _OF_SOCKETS)
    if unknown:
        raise PlatformError(
            f"the platform's drivers do not both keep to {', '.join(unknown)}",
            where="database_url",
            remedy="leave it out of the URL",
        )
    return url.set(drivername="postgresql").difference_update_query(_OF_SOCKETS).render_as_string(hide_password=False)


def _chained(lane: Lane, entries: Sequence[Entry]) -> tuple[list[list[object]], LaneEnd]:
    """Return the columns of the rows that continue the lane, and its new end."""
    rows, end = lane.chain(entries)
    return [list(column) for column in zip(*rows, strict=True)], end


def _moved(end: LaneEnd) -> tuple[int, bytes, bytes, str]:
    return end.next_seq, end.head, end.seal, end.lane


def _take(keys: set[bytes], key: bytes) -> bool:
    """Take a key out of the set; tell whether it was in it."""
    if key not in keys:
        return False
    keys.remove(key)
    return True
