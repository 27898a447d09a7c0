"""What the national platform is yet to be told: written with the change itself, so that neither is without the other.

The national platform's interface is not public; what is told, and in which words, is reconstructed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Row, insert, select, update

from reference_impl.entropy import RandomBytes
from reference_impl.storage.schema_records import NATIONAL_OUTBOX
from reference_impl.wire.strictjson import read_object, write_object

PROVINCE = "43"
"""Hunan, by GB/T 2260."""

REGISTERED = "registered"
CLOSED = "closed"
REOPENED = "reopened"
USED_ACROSS_PROVINCES = "used-across-provinces"

WAITING = "waiting"
SENT = "sent"
DEAD = "dead"
DROPPED = "dropped"

_ID_BYTES = 16


@dataclass(frozen=True)
class Event:
    """Something to be told.

    Attributes:
        event_no: its row; the events of one card are told in this order.
        event_id: 32 hex characters, the same however often it is told.
        card_id: 64 upper-case hex characters.
        kind: for instance ``REGISTERED``.
        at_ms: when it happened, Unix ms.
        detail: further facts, none of which tells who the holder is.
        attempts: how often telling it has failed.
        fault: why it failed last, "" where it has not.
    """

    event_no: int
    event_id: str
    card_id: str
    kind: str
    at_ms: int
    detail: Mapping[str, str]
    attempts: int
    fault: str

    def body(self) -> bytes:
        """Return what is sent: always the same bytes for the same event."""
        return write_object(
            {
                "event_id": self.event_id,
                "province": PROVINCE,
                "card_id": self.card_id,
                "kind": self.kind,
                "at_ms": self.at_ms,
                "detail": dict(self.detail),
            }
        ).encode()


def enqueue(
    connection: Connection,
    kind: str,
    card_id: str,
    now_ms: int,
    random: RandomBytes,
    detail: Mapping[str, str] | None = None,
) -> None:
    """Have the national platform told, once the transaction under way is durable."""
    connection.execute(
        insert(NATIONAL_OUTBOX),
        {
            "event_id": random(_ID_BYTES).hex(),
            "card_id": bytes.fromhex(card_id),
            "kind": kind,
            "body": write_object(dict(detail or {})),
            "state": WAITING,
            "attempts": 0,
            "next_ms": now_ms,
            "created_ms": now_ms,
            "fault": "",
        },
    )


def due(connection: Connection, now_ms: int, limit: int) -> list[Event]:
    """Return the oldest events to be told now, at most one of each card: the first that was not told yet.

    A dead event holds back the later ones of its card until somebody decides about it.
    """
    earlier = NATIONAL_OUTBOX.alias("earlier")
    blocked = (
        select(earlier.c.event_no)
        .where(
            earlier.c.card_id == NATIONAL_OUTBOX.c.card_id,
            earlier.c.event_no < NATIONAL_OUTBOX.c.event_no,
            earlier.c.state.in_((WAITING, DEAD)),
        )
        .exists()
    )
    rows = connection.execute(
        select(NATIONAL_OUTBOX)
        .where(NATIONAL_OUTBOX.c.state == WAITING, NATIONAL_OUTBOX.c.next_ms <= now_ms, ~blocked)
        .order_by(NATIONAL_OUTBOX.c.next_ms, NATIONAL_OUTBOX.c.event_no)
        .limit(limit)
    )
    return [_event(row) for row in rows]


def settle(connection: Connection, event: Event, state: str, now_ms: int, fault: str = "") -> None:
    """Note that an event was told (``SENT``) or never will be taken (``DEAD``, with the fault)."""
    _change(connection, event.event_no, WAITING, {"state": state, "settled_ms": now_ms, "fault": fault})


def put_off(connection: Connection, event: Event, next_ms: int, fault: str) -> None:
    """Note that telling an event failed, and when to try again."""
    values = {"attempts": event.attempts + 1, "next_ms": next_ms, "fault": fault}
    _change(connection, event.event_no, WAITING, values)


def dead_letters(connection: Connection, after: int, limit: int) -> list[Event]:
    """Return up to ``limit`` events behind number ``after`` that the national platform would not take, oldest first."""
    rows = connection.execute(
        select(NATIONAL_OUTBOX)
        .where(NATIONAL_OUTBOX.c.state == DEAD, NATIONAL_OUTBOX.c.event_no > after)
        .order_by(NATIONAL_OUTBOX.c.event_no)
        .limit(limit)
    )
    return [_event(row) for row in rows]


def retry(connection: Connection, event_no: int, now_ms: int) -> bool:
    """Let a dead event be told again; tell whether it was dead."""
    values = {"state": WAITING, "attempts": 0, "next_ms": now_ms, "settled_ms": None}
    return _change(connection, event_no, DEAD, values)


def drop(connection: Connection, event_no: int, now_ms: int) -> bool:
    """Give a dead event up, so that the later ones of its card are told; tell whether it was dead."""
    return _change(connection, event_no, DEAD, {"state": DROPPED, "settled_ms": now_ms})


def _change(connection: Connection, event_no: int, state: str, values: Mapping[str, object]) -> bool:
    # Only from the state it was seen in: another sender may have settled it meanwhile.
    changed = connection.execute(
        update(NATIONAL_OUTBOX)
        .where(NATIONAL_OUTBOX.c.event_no == event_no, NATIONAL_OUTBOX.c.state == state)
        .values(dict(values))
    )
    return bool(changed.rowcount)


def _event(row: Row[tuple[object, ...]]) -> Event:
    stored = row._mapping
    return Event(
        event_no=stored["event_no"],
        event_id=stored["event_id"],
        card_id=stored["card_id"].hex().upper(),
        kind=stored["kind"],
        at_ms=stored["created_ms"],
        detail={name: str(value) for name, value in read_object(stored["body"], "national event").items()},
        attempts=stored["attempts"],
        fault=stored["fault"],
    )
