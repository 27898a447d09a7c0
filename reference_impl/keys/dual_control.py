"""Dual control: what touches the root or ends a key is proposed by one key officer and carried out by another.

Officers are the names the caller has authenticated. There is no operation that exports a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from reference_impl.entropy import RandomBytes
from reference_impl.refusals import (
    BAD_FIELD,
    KEY_REQUEST_EXPIRED,
    KEY_REQUEST_SETTLED,
    SAME_OFFICER,
    UNKNOWN_KEY_REQUEST,
    RefusalError,
)
from reference_impl.storage.schema import KEY_REQUESTS
from reference_impl.wire.strictjson import read_object, write_object

LIFE_MS = 24 * 3600 * 1000
"""How long a proposal may wait for the second officer."""

_ID_BYTES = 16


class Operation(StrEnum):
    """What takes two officers."""

    REPLACE_ROOT = "replace-root"
    REVOKE_KEY = "revoke-key"


class RequestState(StrEnum):
    """Where a proposal stands; only ``proposed`` may still change."""

    PROPOSED = "proposed"
    DONE = "done"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True)
class KeyRequest:
    """A proposal and what became of it, as it goes into the audit: both officers, no material. Times are Unix ms."""

    request_id: str
    operation: Operation
    argument: Mapping[str, object]
    proposed_by: str
    proposed_ms: int
    approved_by: str | None
    approved_ms: int | None
    state: RequestState


def propose(
    connection: Connection,
    operation: Operation,
    argument: Mapping[str, object],
    officer: str,
    now_ms: int,
    random: RandomBytes,
) -> KeyRequest:
    """Write a proposal down; nothing is carried out yet.

    Raises:
        RefusalError: bad_field: the officer has no name.
    """
    _require_name(officer)
    request = KeyRequest(
        random(_ID_BYTES).hex(), operation, dict(argument), officer, now_ms, None, None, RequestState.PROPOSED
    )
    connection.execute(
        insert(KEY_REQUESTS),
        {
            "request_id": request.request_id,
            "operation": operation,
            "argument": write_object(dict(argument)),
            "proposed_by": officer,
            "proposed_ms": now_ms,
            "state": request.state,
        },
    )
    return request


def find_request(connection: Connection, request_id: str) -> KeyRequest:
    """Return a proposal.

    Raises:
        RefusalError: unknown_key_request.
    """
    row = connection.execute(select(KEY_REQUESTS).where(KEY_REQUESTS.c.request_id == request_id)).one_or_none()
    if row is None:
        raise RefusalError(UNKNOWN_KEY_REQUEST)
    return _request(row)


def list_requests(connection: Connection) -> list[KeyRequest]:
    """Return every proposal, the oldest first."""
    rows = connection.execute(select(KEY_REQUESTS).order_by(KEY_REQUESTS.c.proposed_ms, KEY_REQUESTS.c.request_id))
    return [_request(row) for row in rows]


def take_for_approval(connection: Connection, request_id: str, officer: str, now_ms: int) -> KeyRequest:
    """Mark a proposal done by a second officer. The caller carries it out in the same transaction, or rolls back both.

    Raises:
        RefusalError: unknown_key_request, key_request_settled, same_officer, key_request_expired, or bad_field.
    """
    request = _require_open(connection, request_id, officer, now_ms)
    if officer == request.proposed_by:
        raise RefusalError(SAME_OFFICER)
    return _settle(connection, request_id, officer, now_ms, RequestState.DONE)


def reject(connection: Connection, request_id: str, officer: str, now_ms: int) -> KeyRequest:
    """Refuse a proposal for good; whoever made it may take it back so.

    Raises:
        RefusalError: unknown_key_request, key_request_settled, key_request_expired, or bad_field.
    """
    _require_open(connection, request_id, officer, now_ms)
    return _settle(connection, request_id, officer, now_ms, RequestState.REJECTED)


def expire_requests(connection: Connection, now_ms: int) -> list[KeyRequest]:
    """Close every proposal that waited too long, and return them."""
    late = (KEY_REQUESTS.c.state == RequestState.PROPOSED) & (KEY_REQUESTS.c.proposed_ms <= now_ms - LIFE_MS)
    expired = connection.scalars(select(KEY_REQUESTS.c.request_id).where(late)).all()
    connection.execute(update(KEY_REQUESTS).where(late).values(state=RequestState.EXPIRED))
    return [find_request(connection, request_id) for request_id in expired]


def _require_name(officer: str) -> None:
    if not officer.strip():
        raise RefusalError(BAD_FIELD, "officer")


def _require_open(connection: Connection, request_id: str, officer: str, now_ms: int) -> KeyRequest:
    _require_name(officer)
    request = find_request(connection, request_id)
    if request.state is RequestState.EXPIRED:
        raise RefusalError(KEY_REQUEST_EXPIRED)
    if request.state is not RequestState.PROPOSED:
        raise RefusalError(KEY_REQUEST_SETTLED)
    if now_ms - request.proposed_ms >= LIFE_MS:
        raise RefusalError(KEY_REQUEST_EXPIRED)
    return request


def _settle(connection: Connection, request_id: str, officer: str, now_ms: int, state: RequestState) -> KeyRequest:
    # Of two officers who approve at once the row lets one through: the other finds the state changed.
    settled = connection.execute(
        update(KEY_REQUESTS)
        .where(KEY_REQUESTS.c.request_id == request_id, KEY_REQUESTS.c.state == RequestState.PROPOSED)
        .values(approved_by=officer, approved_ms=now_ms, state=state)
    )
    if settled.rowcount != 1:
        raise RefusalError(KEY_REQUEST_SETTLED)
    return find_request(connection, request_id)


def _request(row: Row[Any]) -> KeyRequest:
    return KeyRequest(
        row.request_id,
        Operation(row.operation),
        read_object(row.argument, "argument"),
        row.proposed_by,
        row.proposed_ms,
        row.approved_by,
        row.approved_ms,
        RequestState(row.state),
    )
