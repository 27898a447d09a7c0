"""A signed statement of where every lane of the audit ends, to be kept where the platform's operator cannot reach it.

Whoever may write to the database and holds a copy of it can set a lane back to an older state together with its old
seal; nothing inside the database contradicts that. A statement made in between does. It is signed with SM2 by the
platform, so that it can be checked without any secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import msgspec
from sqlalchemy import Connection, select

from reference_impl.errors import PlatformError
from reference_impl.records.audit_check import BadRecord
from reference_impl.records.audit_register import AuditKey, read_register
from reference_impl.storage.schema import AUDIT, AUDIT_LANES
from reference_impl.wire.sm2 import KeyPair, Signer, Verifier

_REMEDY = "fetch the file anew, or from whoever kept it"


@dataclass(frozen=True)
class LaneHead:
    """The last record of a lane: its number (0 where there is none yet) and its hash as hex."""

    seq: int
    hash: str


@dataclass(frozen=True)
class Statement:
    """What the platform states of its audit.

    Attributes:
        made_ms: when, Unix milliseconds.
        lanes: lane to its end.
        from_ms, to_ms: the time span of the records beside it, ``to_ms`` excluded; None for no end.
        records: how many there are beside it.
        digest: SM3 over their lines, as hex.
    """

    made_ms: int
    lanes: Mapping[str, LaneHead]
    from_ms: int = 0
    to_ms: int | None = None
    records: int = 0
    digest: str = ""

    def canonical(self) -> bytes:
        """Return the canonical JSON that is signed."""
        return msgspec.json.encode(asdict(self), order="sorted")


class _Signed(msgspec.Struct, forbid_unknown_fields=True):
    statement: Statement
    public_key: str
    signature: str


def lane_heads(connection: Connection, key: AuditKey) -> dict[str, LaneHead]:
    """Return where each lane of the register ends now.

    Raises:
        PlatformError: the register was tampered with.
    """
    register = read_register(connection, key)
    rows = connection.execute(select(AUDIT_LANES).where(AUDIT_LANES.c.lane.in_(list(register))))
    return {row.lane: LaneHead(row.next_seq - 1, row.head.hex()) for row in rows}


def anchors(connection: Connection, key: AuditKey, signing: KeyPair, now_ms: int) -> bytes:
    """Return a signed statement of where every lane ends, one line of JSON.

    Raises:
        PlatformError: the register was tampered with.
    """
    return signed(Statement(now_ms, lane_heads(connection, key)), signing)


def signed(statement: Statement, signing: KeyPair) -> bytes:
    """Return a statement with the platform's signature, one line of JSON."""
    signature = Signer(signing.private, signing.public).sign(statement.canonical())
    return msgspec.json.encode(_Signed(statement, signing.public.hex(), signature.hex()), order="sorted") + b"\n"


def read_statement(line: bytes, public_key: bytes, where: str) -> Statement:
    """Return a statement that the holder of ``public_key`` (65 bytes, SM2) signed; ``where`` names it in the error.

    Raises:
        PlatformError: it is none, another key signed it, or it was changed.
    """
    try:
        read = msgspec.json.decode(line, type=_Signed)
        signature = bytes.fromhex(read.signature)
    except ValueError as error:
        raise PlatformError("this is not a statement of the audit", where=where, remedy=_REMEDY) from error
    if read.public_key != public_key.hex() or not Verifier(public_key).verify(read.statement.canonical(), signature):
        raise PlatformError("the statement is not signed by this platform", where=where, remedy=_REMEDY)
    return read.statement


def contradiction(connection: Connection, key: AuditKey, statement: Statement) -> BadRecord | None:
    """Return the first record that the statement saw and that is no longer there as it was; None if all is well.

    Records that were kept long enough and dropped since are no contradiction.

    Raises:
        PlatformError: the register was tampered with.
    """
    register = read_register(connection, key)
    for lane, head in sorted(statement.lanes.items()):
        if lane not in register:
            return BadRecord(lane, head.seq, "the lane is not in the register")
        first = register[lane].first_seq
        if head.seq < first - 1 or head.seq == 0:
            continue
        there = connection.scalar(select(AUDIT.c.hash).where(AUDIT.c.lane == lane, AUDIT.c.seq == head.seq))
        if head.seq == first - 1:
            there = register[lane].before_first
        if there is None or there.hex() != head.hash:
            return BadRecord(lane, head.seq, "the record is not the one that was stated")
    return None
