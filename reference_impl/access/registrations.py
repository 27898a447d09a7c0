"""Institutions that other institutions registered: a registrar sees and changes those of its own, and no others.

Reconstructed. What a registrar adds waits for the province like any other application. A registrar may freeze what it
registered, and may undo only a freezing of its own, never one of the province's.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from reference_impl.access import applications, institutions, standing
from reference_impl.access.applications import Application, NewApplication
from reference_impl.access.institutions import Institution
from reference_impl.access.standing import Act, Standing
from reference_impl.entropy import RandomBytes
from reference_impl.keys.keyring import Keyring
from reference_impl.refusals import STANDING_FIXED, UNKNOWN_INSTITUTION, RefusalError
from reference_impl.storage.schema import REGISTRATIONS


@dataclass(frozen=True)
class Registration:
    """What a registrar says of an institution beside its record.

    Attributes:
        address: where it is, in words, or "".
        access_method: how it reaches the platform, a code of the registrar's dialect, or "".
        hierarchy: which tier of government runs it, a code of the registrar's dialect, or "".
        valid_until_ms: Unix ms from which it is refused, None for no end.
    """

    address: str = ""
    access_method: str = ""
    hierarchy: str = ""
    valid_until_ms: int | None = None


@dataclass(frozen=True)
class Registered:
    """An institution with what its registrar said of it."""

    institution: Institution
    registration: Registration

    def is_valid(self, now_ms: int) -> bool:
        """Tell whether it may act at a moment, Unix ms, as far as its own standing goes."""
        until = self.registration.valid_until_ms
        return self.institution.state is Standing.AUTHORISED and (until is None or now_ms < until)


def actor_of(registrar: str) -> str:
    """Return the name under which a registrar, named by its institution's code, stands in a trace."""
    return f"orgs/{registrar}"


def register(
    connection: Connection,
    keyring: Keyring,
    registrar: str,
    wanted: Registered,
    application: Application,
    random: RandomBytes,
    act: Act,
) -> NewApplication:
    """Register an institution and its first application; both wait to be authorised.

    Raises:
        RefusalError: institution_exists, or bad_field.
    """
    made = institutions.create(connection, keyring, wanted.institution, random, act)
    said = {"org_code": made.org_code, "registrar": registrar, **vars(wanted.registration)}
    connection.execute(insert(REGISTRATIONS), said)
    return applications.create(connection, keyring, application, random, act)


def find(connection: Connection, registrar: str, org_code: str) -> Registered:
    """Return an institution this registrar registered.

    Raises:
        RefusalError: unknown_institution, for those of other registrars too.
    """
    row = connection.execute(
        select(REGISTRATIONS).where(REGISTRATIONS.c.org_code == org_code, REGISTRATIONS.c.registrar == registrar)
    ).one_or_none()
    if row is None:
        raise RefusalError(UNKNOWN_INSTITUTION)
    said = Registration(row.address, row.access_method, row.hierarchy, row.valid_until_ms)
    return Registered(institutions.find(connection, org_code), said)


def amend(connection: Connection, registrar: str, corrected: Registered) -> None:
    """Put other words on record for an institution this registrar registered.

    Raises:
        RefusalError: unknown_institution, standing_fixed for a deleted one, or bad_field.
    """
    org_code = corrected.institution.org_code
    find(connection, registrar, org_code)
    institutions.correct(connection, corrected.institution)
    connection.execute(
        update(REGISTRATIONS).where(REGISTRATIONS.c.org_code == org_code).values(**vars(corrected.registration))
    )


def set_valid(connection: Connection, registrar: str, org_code: str, act: Act, *, valid: bool) -> None:
    """Freeze an institution this registrar registered, or undo the registrar's own freezing.

    Raises:
        RefusalError: unknown_institution, or standing_fixed.
    """
    find(connection, registrar, org_code)
    subject = standing.institution(org_code)
    if not valid:
        standing.change(connection, subject, Standing.FROZEN, act)
        return
    if standing.locked_state(connection, subject) is Standing.AUTHORISED:
        return
    latest = standing.trace(connection, subject, limit=1)[0]
    if (latest.new_state, latest.actor) != (Standing.FROZEN, actor_of(registrar)):
        raise RefusalError(STANDING_FIXED)
    standing.change(connection, subject, Standing.AUTHORISED, act)
