"""How often codes were verified: counted out of the audit behind the verifications, so that none of them waits.

The audit is not kept for ever, and is too long to be read whenever somebody asks. What is counted is added up by day;
whoever asks adds what the audit holds beyond that, so that the numbers are of the moment they are asked at.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, String, func, literal, select, union_all, update
from sqlalchemy.dialects import postgresql, sqlite

from reference_impl.records.china_time import DAY_MS, OFFSET_MS
from reference_impl.storage.batch import Job
from reference_impl.storage.engine import unless_held
from reference_impl.storage.schema import AUDIT, AUDIT_LANES
from reference_impl.storage.schema_records import VERIFICATION_COUNTS, VERIFICATIONS_COUNTED
from reference_impl.wire.vocabulary import VERIFY

COUNT_AT_ONCE = 1000
"""Records of the audit looked through in one transaction at most, for others wait meanwhile."""

COUNT_EVERY_S = 5.0

LOG = logging.getLogger("reference_impl")

_FIRST_SEQ = 1
_DAY = ((AUDIT.c.at_ms + OFFSET_MS) // DAY_MS).label("day")
_FOUND = func.count().label("verifications")
_LANES = AUDIT_LANES.outerjoin(VERIFICATIONS_COUNTED, VERIFICATIONS_COUNTED.c.lane == AUDIT_LANES.c.lane)
_NEXT = func.coalesce(VERIFICATIONS_COUNTED.c.next_seq, _FIRST_SEQ)
_WAITING = (
    select(AUDIT_LANES.c.lane).select_from(_LANES).where(AUDIT_LANES.c.next_seq > _NEXT).order_by(AUDIT_LANES.c.lane)
)


class Kind(NamedTuple):
    """What verifications are told apart by; ``step`` and ``channel`` are "" where the request named none there is."""

    org_code: str
    step: str
    channel: str
    outcome: str


def count_on(connection: Connection, limit: int = COUNT_AT_ONCE) -> int:
    """Count what the audit holds beyond what was counted, ``limit`` records at most; return how many were passed."""
    left = limit
    for lane in connection.scalars(_WAITING).all():
        if not left:
            break
        left -= _count_lane(connection, lane, left)
    return limit - left


def counted(connection: Connection, first_day: int, last_day: int) -> Counter[Kind]:
    """Return how many verifications of each kind some days hold, both included, numbered as by ``china_time``."""
    told: Counter[Kind] = Counter()
    lanes = connection.scalars(select(AUDIT_LANES.c.lane).order_by(AUDIT_LANES.c.lane)).all()
    beyond = (_beyond(lane, first_day, last_day) for lane in lanes)
    # One statement sees all of it at one moment: between two, records would be counted twice or not at all.
    for row in connection.execute(union_all(_added_up(first_day, last_day), *beyond)):
        told[_kind(row)] += int(row.verifications)
    return told


async def keep_counting(
    write: Callable[[Job[int]], Awaitable[int]],
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Count on, again and again until cancelled; ``write`` does a job of the writer's."""
    while True:
        passed = 0
        try:
            passed = await write(count_on)
        except Exception:
            # What was not counted is still in the audit, and a database that is away comes back.
            LOG.warning("verifications could not be counted")
        await pause(0 if passed == COUNT_AT_ONCE else COUNT_EVERY_S)


def _count_lane(connection: Connection, lane: str, limit: int) -> int:
    connection.execute(unless_held(connection, VERIFICATIONS_COUNTED), {"lane": lane, "next_seq": _FIRST_SEQ})
    own = VERIFICATIONS_COUNTED.c.lane == lane
    # Held until the transaction ends: no two processes count the same records.
    begun = connection.scalars(select(VERIFICATIONS_COUNTED.c.next_seq).where(own).with_for_update()).one()
    # Read behind the lock: whoever held it may have counted further than the lane went before.
    end: int = connection.scalars(select(AUDIT_LANES.c.next_seq).where(AUDIT_LANES.c.lane == lane)).one()
    there = connection.scalar(select(func.min(AUDIT.c.seq)).where(AUDIT.c.lane == lane, AUDIT.c.seq >= begun))
    first = end if there is None else there
    behind = min(first + limit, end)
    new: Counter[tuple[int, Kind]] = Counter()
    between = (AUDIT.c.lane == lane, AUDIT.c.seq >= first, AUDIT.c.seq < behind)
    for row in connection.execute(_verifications(_DAY).where(*between)):
        new[row.day, _kind(row)] += row.verifications
    _add(connection, new)
    connection.execute(update(VERIFICATIONS_COUNTED).where(own).values(next_seq=behind))
    return behind - first


def _add(connection: Connection, new: Counter[tuple[int, Kind]]) -> None:
    if not new:
        return
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    adding = insert(VERIFICATION_COUNTS)
    sum_of_both = VERIFICATION_COUNTS.c.verifications + adding.excluded.verifications
    connection.execute(
        adding.on_conflict_do_update(
            index_elements=VERIFICATION_COUNTS.primary_key.columns, set_={"verifications": sum_of_both}
        ),
        # In one order always, so that two processes never wait for each other in a circle.
        [{"day": day, **kind._asdict(), "verifications": found} for (day, kind), found in sorted(new.items())],
    )


def _added_up(first_day: int, last_day: int) -> Select[Any]:
    kinds = [VERIFICATION_COUNTS.c[name] for name in Kind._fields]
    added_up = func.sum(VERIFICATION_COUNTS.c.verifications).label("verifications")
    return (
        select(*kinds, literal("", String).label("detail"), added_up)
        .where(VERIFICATION_COUNTS.c.day.between(first_day, last_day))
        .group_by(*kinds)
    )


def _beyond(lane: str, first_day: int, last_day: int) -> Select[Any]:
    begun = select(VERIFICATIONS_COUNTED.c.next_seq).where(VERIFICATIONS_COUNTED.c.lane == lane)
    end = select(AUDIT_LANES.c.next_seq).where(AUDIT_LANES.c.lane == lane)
    # Without the end PostgreSQL would expect a third of the audit, and read all of it.
    piece = AUDIT.c.seq.between(func.coalesce(begun.scalar_subquery(), _FIRST_SEQ), end.scalar_subquery())
    return _verifications().where(AUDIT.c.lane == lane, piece, _DAY.element.between(first_day, last_day))


def _verifications(*more: ColumnElement[Any]) -> Select[Any]:
    """Return the statement that counts records of verifications that are alike, in the columns of ``_added_up``."""
    alike = (*more, AUDIT.c.org_code, AUDIT.c.outcome, AUDIT.c.detail)
    unread = (literal("", String).label(name) for name in ("step", "channel"))
    return (
        select(*more, AUDIT.c.org_code, *unread, AUDIT.c.outcome, AUDIT.c.detail, _FOUND)
        .where(AUDIT.c.op == VERIFY)
        .group_by(*alike)
    )


def _kind(row: Row[Any]) -> Kind:
    """Return the kind of a row: of records by their ``detail``, which what was added up has not."""
    if not row.detail:
        return Kind(row.org_code, row.step, row.channel, row.outcome)
    return Kind(row.org_code, *_step_and_channel(row.detail), row.outcome)


@lru_cache(maxsize=4096)
def _step_and_channel(detail: str) -> tuple[str, str]:
    try:
        said = json.loads(detail)
        return str(said["step"]), str(said["channel"])
    except (ValueError, KeyError, TypeError):
        # Whoever changed the record is found by the audit's check; here it is one verification more.
        return "", ""
