"""Terminals: filed devices of an application, each known by one serial number across the platform."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import Connection, Row, bindparam, select

from reference_impl.access import applications, standing
from reference_impl.access.standing import Act, Standing
from reference_impl.refusals import BAD_FIELD, SERIAL_TAKEN, TERMINAL_EXISTS, UNKNOWN_TERMINAL, RefusalError
from reference_impl.storage.engine import unless_held
from reference_impl.storage.schema import APPS, TERMINALS
from reference_impl.wire.codetables import TERMINAL_TYPES

PAGE_LIMIT = 200

NOT_FILED = ("none", "无")
"""What stands for a filing number where the device type is filed with nobody."""

_TERM_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
_SERIAL = re.compile(r"[!-~]{1,64}")
_FILING_NUMBER = re.compile(r"[0-9A-Za-z\u4e00-\u9fff][0-9A-Za-z\u4e00-\u9fff_()（）〔〕./-]{0,63}")

_FILED = (
    select(TERMINALS.c.term_id)
    .join(APPS, APPS.c.app_id == TERMINALS.c.app_id)
    .where(
        APPS.c.org_code == bindparam("org"),
        TERMINALS.c.serial == bindparam("serial"),
        TERMINALS.c.state == Standing.AUTHORISED,
        # SQLite uses the index of serial numbers only where its condition is repeated.
        TERMINALS.c.state != Standing.DELETED,
        TERMINALS.c.filing_number.not_in(NOT_FILED),
        APPS.c.state == Standing.AUTHORISED,
    )
)


@dataclass(frozen=True)
class Terminal:
    """A terminal as it is on record.

    Attributes:
        app_id: application it speaks for.
        term_id: its name there, 1 to 32 letters, digits, dots, underscores and hyphens.
        terminal_type: of ``codetables.TERMINAL_TYPES``.
        serial: the maker's number, 1 to 64 visible ASCII characters; no other terminal that is not deleted has it.
        filing_number: under which the device type is filed with the province, 1 to 64 characters; a word of
            ``NOT_FILED`` where it is not.
        state: where it stands.
    """

    app_id: str
    term_id: str
    terminal_type: str
    serial: str
    filing_number: str
    state: Standing = Standing.APPLIED


def is_name(text: str) -> bool:
    """Tell whether a terminal may have this name."""
    return _TERM_ID.fullmatch(text) is not None


def create(connection: Connection, wanted: Terminal, act: Act) -> Terminal:
    """Enrol a terminal in the state ``wanted`` has.

    Raises:
        RefusalError: unknown_app, standing_fixed where that is deleted, bad_field, terminal_exists for a name its
            application has given before, or serial_taken.
    """
    standing.require_not_deleted(connection, standing.application(wanted.app_id))
    _check(wanted)
    if not connection.execute(unless_held(connection, TERMINALS), vars(wanted)).rowcount:
        raise RefusalError(TERMINAL_EXISTS if _held(connection, wanted) else SERIAL_TAKEN)
    standing.begin(connection, standing.terminal(wanted.app_id, wanted.term_id), act, wanted.state)
    return wanted


def find(connection: Connection, app_id: str, term_id: str) -> Terminal:
    """Return a terminal, deleted ones included.

    Raises:
        RefusalError: unknown_terminal.
    """
    subject = standing.terminal(app_id, term_id)
    row = connection.execute(select(TERMINALS).where(subject.row)).one_or_none()
    if row is None:
        raise RefusalError(UNKNOWN_TERMINAL)
    return _of_row(row)


def page(connection: Connection, app_id: str, after: str = "", limit: int = PAGE_LIMIT) -> list[Terminal]:
    """Return an application's terminals in order of their names, from the first behind ``after`` on.

    Raises:
        RefusalError: unknown_app.
    """
    applications.find(connection, app_id)
    rows = connection.execute(
        select(TERMINALS)
        .where(TERMINALS.c.app_id == app_id, TERMINALS.c.term_id > after)
        .order_by(TERMINALS.c.term_id)
        .limit(limit)
    )
    return [_of_row(row) for row in rows]


def is_filed(connection: Connection, org_code: str, serial: str) -> bool:
    """Tell whether a serial number is that of an authorised terminal of the institution's whose type is filed."""
    return connection.scalar(_FILED, {"org": org_code, "serial": serial}) is not None


def _check(said: Terminal) -> None:
    for name, right in (
        ("term_id", is_name(said.term_id)),
        ("terminal_type", said.terminal_type in TERMINAL_TYPES),
        ("serial", _SERIAL.fullmatch(said.serial)),
        ("filing_number", _FILING_NUMBER.fullmatch(said.filing_number)),
    ):
        if not right:
            raise RefusalError(BAD_FIELD, name)


def _held(connection: Connection, wanted: Terminal) -> bool:
    subject = standing.terminal(wanted.app_id, wanted.term_id)
    return connection.execute(select(TERMINALS.c.term_id).where(subject.row)).one_or_none() is not None


def _of_row(row: Row[tuple[object, ...]]) -> Terminal:
    return Terminal(row.app_id, row.term_id, row.terminal_type, row.serial, row.filing_number, Standing(row.state))
