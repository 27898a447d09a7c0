"""Standing: who may take part, and the one table of how that changes, for institutions, applications, terminals.

A terminal may act only while itself, its application and its institution are all authorised. What is deleted is
deleted with everything beneath it, and for good. The words and transitions are reconstructed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Table, and_, insert, select, update
from sqlalchemy.sql import ColumnElement

from reference_impl.records.clear_words import has_long_number
from reference_impl.refusals import (
    BAD_FIELD,
    STANDING_FIXED,
    UNKNOWN_APP,
    UNKNOWN_INSTITUTION,
    UNKNOWN_TERMINAL,
    Outcome,
    RefusalError,
)
from reference_impl.storage import epoch
from reference_impl.storage.schema import APPS, INSTITUTIONS, STANDING_CHANGES, TERMINALS

REASON_LIMIT = 128
TRACE_LIMIT = 200


class Standing(StrEnum):
    """Where an institution, application or terminal stands."""

    APPLIED = "applied"
    AUTHORISED = "authorised"
    FROZEN = "frozen"
    DELETED = "deleted"


TRANSITIONS = frozenset(
    {
        (Standing.APPLIED, Standing.AUTHORISED),
        (Standing.APPLIED, Standing.DELETED),
        (Standing.AUTHORISED, Standing.FROZEN),
        (Standing.AUTHORISED, Standing.DELETED),
        (Standing.FROZEN, Standing.AUTHORISED),
        (Standing.FROZEN, Standing.DELETED),
    }
)
"""Every change there is, from and to."""


@dataclass(frozen=True)
class Act:
    """Who does something, when (Unix ms) and why.

    The reason is 1 to ``REASON_LIMIT`` printable characters without a number as long as an identity number, for the
    audit shows it.
    """

    actor: str
    at_ms: int
    reason: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.reason) <= REASON_LIMIT or not self.reason.isprintable() or has_long_number(self.reason):
            raise RefusalError(BAD_FIELD, "reason")


@dataclass(frozen=True)
class Subject:
    """What has a standing: its name in the trace, its row, and how the platform says that there is no such thing."""

    name: str
    table: Table
    row: ColumnElement[bool]
    unknown: Outcome


def institution(org_code: str) -> Subject:
    """Return an institution as a subject."""
    return Subject(f"orgs/{org_code}", INSTITUTIONS, INSTITUTIONS.c.org_code == org_code, UNKNOWN_INSTITUTION)


def application(app_id: str) -> Subject:
    """Return an application as a subject."""
    return Subject(f"apps/{app_id}", APPS, APPS.c.app_id == app_id, UNKNOWN_APP)


def terminal(app_id: str, term_id: str) -> Subject:
    """Return a terminal as a subject."""
    row = and_(TERMINALS.c.app_id == app_id, TERMINALS.c.term_id == term_id)
    return Subject(f"apps/{app_id}/terminals/{term_id}", TERMINALS, row, UNKNOWN_TERMINAL)


@dataclass(frozen=True)
class Change:
    """One line of a trace; ``old_state`` is "" where the subject was new."""

    old_state: str
    new_state: str
    reason: str
    actor: str
    at_ms: int


def begin(connection: Connection, subject: Subject, act: Act, state: Standing = Standing.APPLIED) -> None:
    """Begin the trace of a subject whose row was just inserted with ``state``."""
    epoch.bump(connection)
    _trace(connection, subject, "", state, act)


def change(connection: Connection, subject: Subject, new: Standing, act: Act) -> bool:
    """Bring a subject to another state; tell whether it was in another before.

    Raises:
        RefusalError: the subject is unknown, or standing_fixed where ``TRANSITIONS`` has no such change.
    """
    old = locked_state(connection, subject)
    if old is new:
        return False
    if (old, new) not in TRANSITIONS:
        raise RefusalError(STANDING_FIXED)
    epoch.bump(connection)
    connection.execute(update(subject.table).where(subject.row).values(state=new))
    _trace(connection, subject, old, new, act)
    if new is Standing.DELETED:
        for beneath in _not_deleted_beneath(connection, subject):
            change(connection, beneath, new, act)
    return True


def locked_state(connection: Connection, subject: Subject) -> Standing:
    """Return the state of a subject, which nobody else changes before this transaction ends.

    Raises:
        RefusalError: the subject is unknown.
    """
    state = connection.scalar(select(subject.table.c.state).where(subject.row).with_for_update())
    if state is None:
        raise RefusalError(subject.unknown)
    return Standing(state)


def require_not_deleted(connection: Connection, subject: Subject) -> None:
    """Refuse to add anything beneath what is deleted.

    Raises:
        RefusalError: the subject is unknown, or standing_fixed.
    """
    if locked_state(connection, subject) is Standing.DELETED:
        raise RefusalError(STANDING_FIXED)


def trace(connection: Connection, subject: Subject, limit: int = TRACE_LIMIT) -> list[Change]:
    """Return the latest changes of a subject, the latest first."""
    latest = (
        select(STANDING_CHANGES)
        .where(STANDING_CHANGES.c.subject == subject.name)
        .order_by(STANDING_CHANGES.c.change_no.desc())
        .limit(limit)
    )
    return [Change(r.old_state, r.new_state, r.reason, r.actor, r.at_ms) for r in connection.execute(latest)]


def _trace(connection: Connection, subject: Subject, old: str, new: Standing, act: Act) -> None:
    line: dict[str, Any] = {
        "subject": subject.name,
        "old_state": old,
        "new_state": new,
        "reason": act.reason,
        "actor": act.actor,
        "at_ms": act.at_ms,
    }
    connection.execute(insert(STANDING_CHANGES), line)


def _not_deleted_beneath(connection: Connection, subject: Subject) -> Iterator[Subject]:
    if subject.table is INSTITUTIONS:
        apps = select(APPS.c.app_id).join(INSTITUTIONS).where(subject.row, APPS.c.state != Standing.DELETED)
        yield from map(application, connection.scalars(apps).all())
    elif subject.table is APPS:
        keys = select(TERMINALS.c.app_id, TERMINALS.c.term_id).join(APPS)
        for row in connection.execute(keys.where(subject.row, TERMINALS.c.state != Standing.DELETED)).all():
            yield terminal(row.app_id, row.term_id)
