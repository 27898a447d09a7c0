"""Keeping audit records as long as the law asks, and dropping them afterwards.

Records are kept for at least ``RETENTION_DAYS``, six months being what the Cybersecurity Law of 2016 asks of network
logs (article 21).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy import Connection, delete, select

from reference_impl.clock import Clock, now_ms
from reference_impl.errors import PlatformError
from reference_impl.records.audit_chain import Entry, append, canonical, detail_text, entry_of, record_hash
from reference_impl.records.audit_register import REMEDY, AuditKey, Beginning, enter, read_register
from reference_impl.storage.schema import AUDIT
from reference_impl.storage.schema_records import VERIFICATIONS_COUNTED
from reference_impl.wire.vocabulary import VERIFY

LOG = logging.getLogger("reference_impl")

RETENTION_DAYS = 180
DAY_MS = 86_400_000

FORGET_AT_ONCE = 20_000
"""Records dropped in one transaction at most, for nobody else can write meanwhile."""

PURGE_EVERY_S = 6 * 3600.0


def forget(
    connection: Connection, key: AuditKey, now_ms: int, days: int = RETENTION_DAYS, limit: int = FORGET_AT_ONCE
) -> int:
    """Drop records older than ``days`` from the beginning of each lane, at most ``limit``; return how many went.

    A record is never dropped before one that stands earlier in its lane, so the chain stays whole, and no verification
    before it was counted. What is dropped is recorded. Less than ``limit`` says that nothing is left to drop.

    Raises:
        PlatformError: fewer days than the law asks for; the register, or a record that would go, was tampered with.
    """
    if days < RETENTION_DAYS:
        raise PlatformError(
            f"audit records may not be dropped after {days} days",
            where="audit retention",
            remedy=f"keep them for at least {RETENTION_DAYS} days",
        )
    left = limit
    for lane, beginning in sorted(read_register(connection, key).items()):
        gone = _forget_lane(connection, key, lane, beginning, now_ms - days * DAY_MS, left)
        if gone:
            detail = {"lane": lane, "from_seq": str(beginning.first_seq), "records": str(gone), "days": str(days)}
            append(connection, Entry(now_ms, "audit.forget", detail=detail_text(detail)))
        left -= gone
    return limit - left


def _forget_lane(
    connection: Connection, key: AuditKey, lane: str, beginning: Beginning, oldest_ms: int, limit: int
) -> int:
    rows = connection.execute(
        select(AUDIT).where(AUDIT.c.lane == lane, AUDIT.c.seq >= beginning.first_seq).order_by(AUDIT.c.seq).limit(limit)
    )
    uncounted = connection.scalar(select(VERIFICATIONS_COUNTED.c.next_seq).where(VERIFICATIONS_COUNTED.c.lane == lane))
    head, gone = beginning.before_first, 0
    for row in rows:
        # A lane that nobody counted yet has no row of its own, and all its verifications are to be counted.
        if row.at_ms >= oldest_ms or (row.op == VERIFY and (uncounted is None or row.seq >= uncounted)):
            break
        if record_hash(canonical(lane, beginning.first_seq + gone, entry_of(row), head)) != row.hash:
            # Dropping it would drop the evidence with it.
            raise PlatformError("a record due to be dropped was changed", where=f"audit lane {lane}", remedy=REMEDY)
        head, gone = bytes(row.hash), gone + 1
    if gone:
        first_kept = beginning.first_seq + gone
        connection.execute(delete(AUDIT).where(AUDIT.c.lane == lane, AUDIT.c.seq < first_kept))
        enter(connection, key, lane, Beginning(first_kept, head))
    return gone


async def keep_purging(
    write: Callable[[Callable[[Connection], int]], Awaitable[int]],
    key: Callable[[], AuditKey],
    clock: Clock,
    days: int = RETENTION_DAYS,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Drop what has been kept long enough, again and again until cancelled; ``write`` does a job of the writer's."""
    while True:
        try:
            while await write(lambda connection: forget(connection, key(), now_ms(clock), days)) >= FORGET_AT_ONCE:
                await pause(0)
        except Exception as error:
            # Nothing was dropped. A database that is away comes back; a changed record stays for whoever checks.
            LOG.warning("audit records could not be dropped: %s", type(error).__name__)
        await pause(PURGE_EVERY_S)
