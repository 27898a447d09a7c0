"""Recomputing the audit: every lane of the register, from its first kept record to its sealed end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from reference_impl.errors import PlatformError
from reference_impl.records.audit_chain import canonical, entry_of, is_sealed, record_hash
from reference_impl.records.audit_register import AuditKey, Beginning, Register, read_register
from reference_impl.storage.schema import AUDIT, AUDIT_LANES

_BATCH_ROWS = 5000


@dataclass(frozen=True)
class BadRecord:
    """The first record that does not fit: its lane ("" for the register), its number, and what is wrong with it."""

    lane: str
    seq: int
    fault: str


@dataclass(frozen=True)
class Check:
    """What recomputing the chain found; ``lanes`` maps lane to number of records and last hash as hex."""

    records: int
    lanes: Mapping[str, tuple[int, str]]
    first_bad: BadRecord | None


def check(connection: Connection, key: AuditKey) -> Check:
    """Recompute every lane; records that are added meanwhile are no fault, and are left to the next check.

    What this cannot find is a lane set back whole, row and records, to an older state with its old seal: only a
    statement kept elsewhere contradicts that (``audit_statement``).
    """
    try:
        register = read_register(connection, key)
    except PlatformError as error:
        return Check(0, {}, BadRecord("", 0, error.what))
    found = _strangers(connection, register)
    lanes: dict[str, tuple[int, str]] = {}
    for lane in sorted(register):
        count, head, fault = _check_lane(connection, key, lane, register[lane])
        lanes[lane] = (count, head.hex())
        found = found or fault
    return Check(sum(count for count, _ in lanes.values()), lanes, found)


def lanes_with_records(connection: Connection) -> Iterator[str]:
    """Yield the lanes that have records, in order; one look into the index each, however many records there are."""
    lane = connection.scalar(select(func.min(AUDIT.c.lane)))
    while lane is not None:
        yield lane
        lane = connection.scalar(select(func.min(AUDIT.c.lane)).where(AUDIT.c.lane > lane))


def _strangers(connection: Connection, register: Register) -> BadRecord | None:
    for lane in (*lanes_with_records(connection), *connection.scalars(select(AUDIT_LANES.c.lane))):
        if lane not in register:
            first = connection.scalar(select(func.min(AUDIT.c.seq)).where(AUDIT.c.lane == lane))
            return BadRecord(lane, first or 0, "the lane is not in the register")
    return None


def _check_lane(
    connection: Connection, key: AuditKey, lane: str, beginning: Beginning
) -> tuple[int, bytes, BadRecord | None]:
    while True:
        result = _recompute(connection, key, lane, beginning)
        moved = read_register(connection, key)[lane] if result[2] else beginning
        if moved == beginning:
            return result
        # Records that had been kept long enough were dropped while this lane was read.
        beginning = moved


def _recompute(
    connection: Connection, key: AuditKey, lane: str, beginning: Beginning
) -> tuple[int, bytes, BadRecord | None]:
    expected, head, count = beginning.first_seq, beginning.before_first, 0
    end = connection.execute(select(AUDIT_LANES).where(AUDIT_LANES.c.lane == lane)).one_or_none()
    if end is None:
        return 0, head, BadRecord(lane, expected, "the lane was taken away")
    if not is_sealed(key, end):
        return 0, head, BadRecord(lane, expected, "the lane's end is not sealed with this platform's key")
    for row in _rows(connection, lane, end.next_seq):
        if row.seq != expected:
            return count, head, BadRecord(lane, min(row.seq, expected), _gap(row.seq, expected))
        if record_hash(canonical(lane, expected, entry_of(row), head)) != row.hash:
            return count, head, BadRecord(lane, expected, "the record or one before it was changed")
        expected, head, count = expected + 1, bytes(row.hash), count + 1
    if (expected, head) != (end.next_seq, bytes(end.head)):
        return count, head, BadRecord(lane, expected, "the record is missing at the lane's end")
    beyond = connection.scalar(_BEYOND.where(AUDIT.c.lane == lane))
    if beyond is not None:
        return count, head, BadRecord(lane, beyond, "the record stands after the lane's end")
    return count, head, None


_BEYOND = (
    select(func.min(AUDIT.c.seq))
    .join(AUDIT_LANES, AUDIT_LANES.c.lane == AUDIT.c.lane)
    .where(AUDIT.c.seq >= AUDIT_LANES.c.next_seq)
)
"""Records and their lane's end become visible together, so that one statement sees them agree."""


def _gap(found: int, expected: int) -> str:
    return "the record is missing" if found > expected else "the record stands before the lane's beginning"


def _rows(connection: Connection, lane: str, before: int) -> Iterator[Row[Any]]:
    after: int | None = None
    while True:
        batch = select(AUDIT).where(AUDIT.c.lane == lane, AUDIT.c.seq < before).order_by(AUDIT.c.seq).limit(_BATCH_ROWS)
        rows = connection.execute(batch if after is None else batch.where(AUDIT.c.seq > after)).all()
        if not rows:
            return
        yield from rows
        after = rows[-1].seq
