"""Institutions: registered under the code they have anyway, found, listed, corrected."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Row, select, update

from reference_impl.access import standing
from reference_impl.access.prefectures import is_prefecture, prefecture_of
from reference_impl.access.scopes import KINDS, LEVELS, OWNERSHIPS, PUBLIC
from reference_impl.access.standing import Act, Standing
from reference_impl.cards.numbers import institution as institution_code
from reference_impl.cards.numbers import organisation, social_credit
from reference_impl.entropy import RandomBytes
from reference_impl.keys.institution_keys import ensure_institution_key
from reference_impl.keys.keyring import Keyring
from reference_impl.records.clear_words import has_long_number
from reference_impl.refusals import BAD_FIELD, INSTITUTION_EXISTS, UNKNOWN_INSTITUTION, RefusalError
from reference_impl.storage import epoch
from reference_impl.storage.engine import unless_held
from reference_impl.storage.schema import INSTITUTIONS

NAME_LIMIT = 128
PAGE_LIMIT = 200

_SYNTHETIC_CODE = re.compile(r"4399[0-9]{8}")


@dataclass(frozen=True)
class Institution:
    """An institution as it is on record.

    Attributes:
        org_code: as ``read_org_code`` returns it.
        name: 1 to ``NAME_LIMIT`` printable characters.
        level: of ``scopes.LEVELS``.
        kind: of ``scopes.KINDS``.
        prefecture: 6 digits, GB/T 2260, or synthetic.
        state: where it stands.
        ownership: of ``scopes.OWNERSHIPS``.
    """

    org_code: str
    name: str
    level: str
    kind: str
    prefecture: str
    state: Standing = Standing.APPLIED
    ownership: str = PUBLIC


def read_org_code(code: str) -> str:
    """Return an institution's code in the form it is kept in.

    Taken are a unified social credit code (GB 32100, 18 characters), an organisation code (GB 11714, kept without its
    hyphen), a health institution's code (WS 218, 22 characters) and a synthetic code: 12 digits that begin with 4399.

    Raises:
        RefusalError: bad_field.
    """
    try:
        match len(code):
            case 18:
                social_credit.check(code)
            case 22:
                institution_code.read(code)
            case 9 | 10:
                return organisation.bare(code)
            case _ if not _SYNTHETIC_CODE.fullmatch(code):
                raise ValueError("no code of this length")
    except ValueError as error:
        raise RefusalError(BAD_FIELD, "org_code") from error
    return code


def prefecture_in(org_code: str) -> str:
    """Return the prefecture that a code (as ``read_org_code`` returns it) lies in, "" where it does not tell."""
    region = {12: slice(0, 6), 18: slice(2, 8), 22: slice(9, 15)}.get(len(org_code))
    return prefecture_of(org_code[region]) if region else ""


def check_name(name: str) -> str:
    """Return a name of 1 to ``NAME_LIMIT`` printable characters without blanks at its ends or a person's number in it.

    Raises:
        RefusalError: bad_field.
    """
    if not 1 <= len(name) <= NAME_LIMIT or not name.isprintable() or name != name.strip() or has_long_number(name):
        raise RefusalError(BAD_FIELD, "name")
    return name


def create(connection: Connection, keyring: Keyring, wanted: Institution, random: RandomBytes, act: Act) -> Institution:
    """Register an institution in the state ``wanted`` has, with a key of its own.

    Raises:
        RefusalError: bad_field, or institution_exists, deleted ones included: their codes are not given again.
    """
    made = _checked(wanted)
    if not connection.execute(unless_held(connection, INSTITUTIONS), vars(made)).rowcount:
        raise RefusalError(INSTITUTION_EXISTS)
    ensure_institution_key(connection, keyring, made.org_code, random, act.at_ms)
    standing.begin(connection, standing.institution(made.org_code), act, made.state)
    return made


def find(connection: Connection, org_code: str) -> Institution:
    """Return an institution, deleted ones included.

    Raises:
        RefusalError: unknown_institution.
    """
    row = connection.execute(select(INSTITUTIONS).where(INSTITUTIONS.c.org_code == org_code)).one_or_none()
    if row is None:
        raise RefusalError(UNKNOWN_INSTITUTION)
    return of_row(row)


def page(connection: Connection, after: str = "", limit: int = PAGE_LIMIT) -> list[Institution]:
    """Return institutions in order of their codes, from the first behind ``after`` on."""
    rows = connection.execute(
        select(INSTITUTIONS).where(INSTITUTIONS.c.org_code > after).order_by(INSTITUTIONS.c.org_code).limit(limit)
    )
    return [of_row(row) for row in rows]


def correct(connection: Connection, corrected: Institution) -> None:
    """Put another name, level, kind, prefecture or owner on record; the scopes of its applications stay as they are.

    Raises:
        RefusalError: unknown_institution, standing_fixed for a deleted one, or bad_field.
    """
    standing.require_not_deleted(connection, standing.institution(corrected.org_code))
    said = _checked(corrected)
    epoch.bump(connection)
    connection.execute(
        update(INSTITUTIONS)
        .where(INSTITUTIONS.c.org_code == said.org_code)
        .values(
            name=said.name,
            level=said.level,
            kind=said.kind,
            prefecture=said.prefecture,
            ownership=said.ownership,
        )
    )


def _checked(said: Institution) -> Institution:
    for name, right in (
        ("level", said.level in LEVELS),
        ("kind", said.kind in KINDS),
        ("prefecture", is_prefecture(said.prefecture)),
        ("ownership", said.ownership in OWNERSHIPS),
    ):
        if not right:
            raise RefusalError(BAD_FIELD, name)
    return replace(said, org_code=read_org_code(said.org_code), name=check_name(said.name))


def of_row(row: Row[tuple[object, ...]]) -> Institution:
    """Return the institution that a whole row of ``INSTITUTIONS`` tells of."""
    return Institution(row.org_code, row.name, row.level, row.kind, row.prefecture, Standing(row.state), row.ownership)
