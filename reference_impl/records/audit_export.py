"""The audit written out: NDJSON, one record a line as it was hashed, with its hash; a file ends in a signed statement.

A file is written whole or not at all. It can be checked without the platform, its keys or its database.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import msgspec
from sqlalchemy import Connection, select

from reference_impl.errors import PlatformError
from reference_impl.records.audit_chain import Canonical, canonical, entry_of, record_hash
from reference_impl.records.audit_check import lanes_with_records
from reference_impl.records.audit_register import GENESIS, AuditKey, Beginning, read_register
from reference_impl.records.audit_statement import Statement, lane_heads, read_statement, signed
from reference_impl.storage.schema import AUDIT
from reference_impl.wire.sm2 import KeyPair

PAGE_ROWS = 5000

_CHANGED = "fetch the file anew, or from whoever kept it"


@dataclass(frozen=True)
class Place:
    """Where reading the audit goes on: after this record, whose hash the next one names."""

    lane: str
    seq: int
    hash: bytes


@dataclass(frozen=True)
class Page:
    """Some records as NDJSON, how many, and where the next are; None where there are no more."""

    lines: bytes
    records: int
    next: Place | None


def page(
    connection: Connection, key: AuditKey, place: Place | None, from_ms: int = 0, to_ms: int | None = None
) -> Page:
    """Return the next records of a time span (``to_ms`` excluded), lane by lane; None begins at the first.

    A page may be empty although others follow.

    Raises:
        PlatformError: the register was tampered with.
    """
    if place is None:
        place = _first_place(connection, key, "")
    if place is None:
        return Page(b"", 0, None)
    rows = connection.execute(
        select(AUDIT).where(AUDIT.c.lane == place.lane, AUDIT.c.seq > place.seq).order_by(AUDIT.c.seq).limit(PAGE_ROWS)
    ).all()
    lines, prev = [], place.hash
    for row in rows:
        if row.at_ms >= from_ms and (to_ms is None or row.at_ms < to_ms):
            body = canonical(row.lane, row.seq, entry_of(row), prev)
            lines.append(b'%b,"hash":"%b"}\n' % (body[:-1], row.hash.hex().encode()))
        prev = bytes(row.hash)
    if len(rows) == PAGE_ROWS:
        after: Place | None = Place(place.lane, rows[-1].seq, prev)
    else:
        after = _first_place(connection, key, place.lane)
    return Page(b"".join(lines), len(lines), after)


def pages(connection: Connection, key: AuditKey, from_ms: int = 0, to_ms: int | None = None) -> Iterator[Page]:
    """Yield every page of a time span.

    Raises:
        PlatformError: the register was tampered with.
    """
    place: Place | None = None
    while True:
        read = page(connection, key, place, from_ms, to_ms)
        yield read
        if read.next is None:
            return
        place = read.next


def export_file(
    connection: Connection,
    key: AuditKey,
    signing: KeyPair,
    path: Path,
    now_ms: int,
    from_ms: int = 0,
    to_ms: int | None = None,
) -> Statement:
    """Write the records of a time span and the signed statement to ``path`` (mode 0600), whole or not at all.

    Raises:
        PlatformError: the file cannot be written, or the register was tampered with.
    """
    statement = Statement(now_ms, lane_heads(connection, key), from_ms, to_ms)
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                statement = _write(file, statement, pages(connection, key, from_ms, to_ms))
                file.write(signed(statement, signing))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise PlatformError(
            f"the audit cannot be written ({error.strerror})",
            where=str(path),
            remedy="name a file in a folder that this user may write",
        ) from error
    return statement


def check_file(path: Path, public_key: bytes) -> Statement:
    """Check an exported file: its signature, its digest, every record's hash, and that consecutive records are chained.

    Raises:
        PlatformError: the file cannot be read, was not signed with the SM2 key ``public_key``, or was changed.
    """
    digest, count, last = hashlib.new("sm3"), 0, b""
    heads: dict[str, tuple[int, str]] = {}
    try:
        with path.open("rb") as file:
            for line in file:
                if last:
                    digest.update(last)
                    count += 1
                    _check_line(last, heads, f"{path}:{count}")
                last = line
    except OSError as error:
        raise PlatformError(
            f"the audit file cannot be read ({error.strerror})", where=str(path), remedy=_CHANGED
        ) from error
    statement = read_statement(last, public_key, str(path))
    if (statement.records, statement.digest) != (count, digest.hexdigest()):
        raise PlatformError("the records are not the ones that were signed", where=str(path), remedy=_CHANGED)
    return statement


class _Line(Canonical, frozen=True, forbid_unknown_fields=True):
    hash: str


def _check_line(line: bytes, heads: dict[str, tuple[int, str]], where: str) -> None:
    try:
        record = msgspec.json.decode(line, type=_Line)
    except ValueError as error:
        raise PlatformError("this is not a record of the audit", where=where, remedy=_CHANGED) from error
    hashed = line[: line.rindex(b',"hash":')] + b"}"
    seq, head = heads.get(record.lane, (record.seq - 1, record.prev))
    if record_hash(hashed).hex() != record.hash or (record.seq == seq + 1 and record.prev != head):
        raise PlatformError("the record or one before it was changed", where=where, remedy=_CHANGED)
    heads[record.lane] = (record.seq, record.hash)


def _write(file: BinaryIO, statement: Statement, read: Iterator[Page]) -> Statement:
    digest, count = hashlib.new("sm3"), 0
    for some in read:
        file.write(some.lines)
        digest.update(some.lines)
        count += some.records
    return replace(statement, records=count, digest=digest.hexdigest())


def _first_place(connection: Connection, key: AuditKey, after_lane: str) -> Place | None:
    register = read_register(connection, key)
    lane = next((name for name in lanes_with_records(connection) if name > after_lane), None)
    if lane is None:
        return None
    beginning = register.get(lane, Beginning(1, GENESIS))
    return Place(lane, beginning.first_seq - 1, beginning.before_first)
