"""One record an operation, chained by SM3 within the lane of its writer, written with the operation itself.

A record's hash covers its canonical JSON (names sorted, compact, UTF-8), the hash before it included. The last hash of
each lane stands in a row sealed by a keyed hash, so that records taken from the end are missed too; where each lane
begins stands in the register (``audit_register``), so that a lane taken away whole is missed as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from reference_impl.errors import PlatformError
from reference_impl.records.audit_register import (
    GENESIS,
    REMEDY,
    AuditKey,
    Beginning,
    checking_keys,
    enter,
    read_register,
    sealing_key,
)
from reference_impl.storage.schema import AUDIT, AUDIT_LANES
from reference_impl.wire.sm import hmac_sm3

_PENDING = "audit"
# Copying a fresh state takes half the time of asking for the algorithm by name.
_SM3 = hashlib.new("sm3")


@dataclass(slots=True)
class Entry:
    """What one operation leaves behind; nothing in it tells who the card's holder is.

    Not frozen, as records of the fast path are not: making it would take as long as chaining it.

    Attributes:
        at_ms: when it was decided, Unix milliseconds.
        op: method of the gateway or operation of the API.
        org_code: institution that asked, "" where none did.
        app_id: application that asked.
        term_id: terminal it came from.
        card_id: 64 hex characters, or "".
        outcome: code of ``refusals.OUTCOMES``.
        actor: clerk, officer or administrator who acted, "" where none is named.
        detail: canonical JSON object, as ``detail_text`` writes it.
    """

    at_ms: int
    op: str
    org_code: str = ""
    app_id: str = ""
    term_id: str = ""
    card_id: str = ""
    outcome: str = "000"
    actor: str = ""
    detail: str = "{}"


def detail_text(detail: Mapping[str, str]) -> str:
    """Return what an entry says beside its columns as canonical JSON."""
    return json.dumps(dict(detail), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Canonical(msgspec.Struct, frozen=True):
    """The record as it is hashed: its fields stand in the order of their names."""

    actor: str
    app_id: str
    at_ms: int
    card_id: str
    detail: msgspec.Raw
    lane: str
    op: str
    org_code: str
    outcome: str
    prev: str
    seq: int
    term_id: str


_encode = msgspec.json.Encoder().encode

AuditRow = tuple[str, int, int, str, str, str, str, str, str, str, str, bytes]
"""The columns of ``AUDIT`` in their order."""


def canonical(lane: str, seq: int, entry: Entry, prev: bytes) -> bytes:
    """Return the canonical JSON of a record that follows the one with hash ``prev``."""
    return _encode(
        Canonical(
            entry.actor,
            entry.app_id,
            entry.at_ms,
            entry.card_id,
            msgspec.Raw(entry.detail.encode()),
            lane,
            entry.op,
            entry.org_code,
            entry.outcome,
            prev.hex(),
            seq,
            entry.term_id,
        )
    )


def record_hash(canonical_json: bytes) -> bytes:
    """Return the 32-byte hash of a record."""
    digest = _SM3.copy()
    digest.update(canonical_json)
    return digest.digest()


@dataclass(frozen=True)
class LaneEnd:
    """Where a lane stands; ``seal`` proves it to whoever holds the audit key."""

    lane: str
    next_seq: int
    head: bytes
    seal: bytes


@dataclass
class Lane:
    """The end of the chain one writer adds to; only that writer's thread touches it."""

    name: str
    key: bytes = field(repr=False)
    next_seq: int
    head: bytes

    def seal_with(self, key: AuditKey) -> None:
        """Seal the lane's end with the active version of ``key`` from the next record on."""
        self.key = sealing_key(key)

    def chain(self, entries: Iterable[Entry]) -> tuple[list[AuditRow], LaneEnd]:
        """Return the rows that continue the lane, and its new end; the lane itself moves only by ``advance``."""
        rows: list[AuditRow] = []
        seq, head, name = self.next_seq, self.head, self.name
        for e in entries:
            head = record_hash(canonical(name, seq, e, head))
            rows.append(
                (
                    name,
                    seq,
                    e.at_ms,
                    e.op,
                    e.org_code,
                    e.app_id,
                    e.term_id,
                    e.card_id,
                    e.outcome,
                    e.actor,
                    e.detail,
                    head,
                )
            )
            seq += 1
        return rows, LaneEnd(name, seq, head, end_seal(self.key, name, seq, head))

    def advance(self, end: LaneEnd) -> None:
        """Take over an end whose rows are durable."""
        self.next_seq, self.head = end.next_seq, end.head


def end_seal(key: bytes, lane: str, next_seq: int, head: bytes) -> bytes:
    """Return the keyed hash over a lane's end."""
    return hmac_sm3(key, f"end|{lane}|{next_seq}|{head.hex()}".encode())


def is_sealed(key: AuditKey, end: Row[Any]) -> bool:
    """Tell whether a row of ``AUDIT_LANES`` was sealed with one of the audit keys."""
    return any(end_seal(k, end.lane, end.next_seq, end.head) == end.seal for k in checking_keys(key))


def open_lane(connection: Connection, key: AuditKey, name: str) -> Lane:
    """Return the lane of this name, begun if it is new.

    Raises:
        PlatformError: the register or the lane was tampered with; going on would write over the evidence.
    """
    row = connection.execute(select(AUDIT_LANES).where(AUDIT_LANES.c.lane == name)).one_or_none()
    known = name in read_register(connection, key, new=row is None)
    if known != (row is not None) or (row is not None and not is_sealed(key, row)):
        raise PlatformError(
            "the audit lane's end was taken away or changed" if known else "the audit lane is not in the register",
            where=f"audit lane {name}",
            remedy=REMEDY,
        )
    sealing = sealing_key(key)
    if row is not None:
        return Lane(name, sealing, row.next_seq, bytes(row.head))
    enter(connection, key, name, Beginning(1, GENESIS))
    end = {"lane": name, "next_seq": 1, "head": GENESIS, "seal": end_seal(sealing, name, 1, GENESIS)}
    connection.execute(insert(AUDIT_LANES), end)
    return Lane(name, sealing, 1, GENESIS)


def reseal(connection: Connection, key: AuditKey) -> int:
    """Seal the register and every lane's end with the active key; return how many lanes there are.

    Raises:
        PlatformError: something is not sealed with any of the keys; sealing it would vouch for it.
    """
    register = read_register(connection, key)
    for row in connection.execute(select(AUDIT_LANES).order_by(AUDIT_LANES.c.lane).with_for_update()).all():
        if row.lane not in register or not is_sealed(key, row):
            raise PlatformError("the audit lane's end was changed", where=f"audit lane {row.lane}", remedy=REMEDY)
        seal = end_seal(sealing_key(key), row.lane, row.next_seq, row.head)
        connection.execute(update(AUDIT_LANES).where(AUDIT_LANES.c.lane == row.lane).values(seal=seal))
    for lane, beginning in register.items():
        enter(connection, key, lane, beginning)
    return len(register)


def append(connection: Connection, entry: Entry) -> None:
    """Leave a record of the operation under way; it becomes durable with it, or goes when it is undone."""
    connection.info.setdefault(_PENDING, []).append(entry)


def pending(connection: Connection) -> list[Entry]:
    """Return the entries appended since the last transaction ended; the writer empties it."""
    entries: list[Entry] = connection.info.setdefault(_PENDING, [])
    return entries


def write(connection: Connection, rows: Sequence[AuditRow], end: LaneEnd) -> None:
    """Insert chained rows and the lane's new end."""
    if rows:
        names = AUDIT.c.keys()
        connection.execute(insert(AUDIT), [dict(zip(names, row, strict=True)) for row in rows])
    connection.execute(
        update(AUDIT_LANES)
        .where(AUDIT_LANES.c.lane == end.lane)
        .values(next_seq=end.next_seq, head=end.head, seal=end.seal)
    )


def entry_of(row: Row[Any]) -> Entry:
    """Return the entry that a whole row of ``AUDIT`` was written from."""
    # Its fields are the columns between number and hash, in their order; by name this would take twice as long.
    fields: tuple[Any, ...] = row[2:11]
    return Entry(*fields)
