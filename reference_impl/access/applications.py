"""Applications: software of an institution that speaks one dialect with one secret and some scopes."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Row, insert, select, update

from reference_impl.access import institutions, standing
from reference_impl.access.scopes import SCOPES, default_scopes
from reference_impl.access.standing import Act, Standing
from reference_impl.entropy import RandomBytes
from reference_impl.keys.institution_keys import open_institution_key
from reference_impl.keys.keyring import Keyring
from reference_impl.keys.resealing import SealedColumn
from reference_impl.refusals import BAD_FIELD, UNKNOWN_APP, RefusalError
from reference_impl.storage import epoch
from reference_impl.storage.schema import APPS
from reference_impl.wire import hn_s
from reference_impl.wire.registry import DIALECTS
from reference_impl.wire.sm2 import Verifier

PAGE_LIMIT = 200

_SECRET_BYTES = 32
_APP_ID_BYTES = 8


@dataclass(frozen=True)
class Application:
    """An application as it is on record; its secret is told once, when it is made.

    Attributes:
        app_id: "" until the platform gives one.
        org_code: institution it belongs to.
        name: 1 to 128 printable characters.
        dialect: of ``wire.registry.DIALECTS``.
        scopes: of ``scopes.SCOPES``, in their order.
        public_key: SM2 key it signs with, 65 bytes, for the dialect ``hn-s``, else None.
        state: where it stands.
    """

    app_id: str
    org_code: str
    name: str
    dialect: str
    scopes: tuple[str, ...]
    public_key: bytes | None = None
    state: Standing = Standing.APPLIED


@dataclass(frozen=True)
class NewApplication:
    """What a fresh application is told: the record, and the secret, which is nowhere else in clear."""

    application: Application
    secret: str = field(repr=False)


def new_secret(random: RandomBytes) -> str:
    """Return a new application secret.

    The dialects take their 128-bit cipher key from 16 characters of it: six bits in each is the most they allow.
    """
    return base64.urlsafe_b64encode(random(_SECRET_BYTES)).decode().rstrip("=")


def create(
    connection: Connection, keyring: Keyring, wanted: Application, random: RandomBytes, act: Act
) -> NewApplication:
    """Make an application in the state ``wanted`` has; without scopes it gets those its institution's kind gives.

    Raises:
        RefusalError: unknown_institution, standing_fixed where that is deleted, or bad_field.
    """
    standing.require_not_deleted(connection, standing.institution(wanted.org_code))
    owner = institutions.find(connection, wanted.org_code)
    app_id = f"hn{random(_APP_ID_BYTES).hex()}"
    made = replace(
        wanted,
        app_id=app_id,
        name=institutions.check_name(wanted.name),
        scopes=check_scopes(wanted.scopes or default_scopes(owner.level, owner.kind)),
        public_key=_check_key(wanted),
    )
    secret = new_secret(random)
    connection.execute(
        insert(APPS),
        {
            "app_id": app_id,
            "org_code": made.org_code,
            "name": made.name,
            "dialect": made.dialect,
            "scopes": " ".join(made.scopes),
            "sealed_secret": seal_secret(connection, keyring, made, secret, random),
            "public_key": made.public_key,
            "state": made.state,
        },
    )
    standing.begin(connection, standing.application(app_id), act, made.state)
    return NewApplication(made, secret)


def replace_secret(connection: Connection, keyring: Keyring, app_id: str, random: RandomBytes) -> str:
    """Give an application another secret and return it; the old one is refused from then on.

    Raises:
        RefusalError: unknown_app, or standing_fixed where it is deleted.
    """
    standing.require_not_deleted(connection, standing.application(app_id))
    secret = new_secret(random)
    sealed = seal_secret(connection, keyring, find(connection, app_id), secret, random)
    epoch.bump(connection)
    connection.execute(update(APPS).where(APPS.c.app_id == app_id).values(sealed_secret=sealed))
    return secret


def set_scopes(connection: Connection, app_id: str, scopes: Sequence[str]) -> None:
    """Allow an application these scopes and no others.

    Raises:
        RefusalError: unknown_app, standing_fixed where it is deleted, or bad_field for none or an unknown one.
    """
    standing.require_not_deleted(connection, standing.application(app_id))
    if not scopes:
        raise RefusalError(BAD_FIELD, "scopes")
    epoch.bump(connection)
    connection.execute(update(APPS).where(APPS.c.app_id == app_id).values(scopes=" ".join(check_scopes(scopes))))


def find(connection: Connection, app_id: str) -> Application:
    """Return an application, deleted ones included.

    Raises:
        RefusalError: unknown_app.
    """
    row = connection.execute(select(APPS).where(APPS.c.app_id == app_id)).one_or_none()
    if row is None:
        raise RefusalError(UNKNOWN_APP)
    return _of_row(row)


def page(connection: Connection, org_code: str, after: str = "", limit: int = PAGE_LIMIT) -> list[Application]:
    """Return an institution's applications in order of their ids, from the first behind ``after`` on.

    Raises:
        RefusalError: unknown_institution.
    """
    institutions.find(connection, org_code)
    rows = select(APPS).where(APPS.c.org_code == org_code, APPS.c.app_id > after).order_by(APPS.c.app_id).limit(limit)
    return [_of_row(row) for row in connection.execute(rows)]


def check_scopes(scopes: Sequence[str]) -> tuple[str, ...]:
    """Return scopes in their order, each once.

    Raises:
        RefusalError: bad_field for a word that is none.
    """
    if not set(scopes) <= set(SCOPES):
        raise RefusalError(BAD_FIELD, "scopes")
    return tuple(scope for scope in SCOPES if scope in scopes)


def secret_context(app_id: str) -> str:
    """Return the place an application's sealed secret belongs to."""
    return f"apps/{app_id}"


def seal_secret(
    connection: Connection, keyring: Keyring, application: Application, secret: str, random: RandomBytes
) -> bytes:
    """Return an application's secret sealed under its institution's key."""
    keys = open_institution_key(connection, keyring, application.org_code)
    return keys.seal(secret.encode(), secret_context(application.app_id), random)


def open_secret(connection: Connection, keyring: Keyring, org_code: str, app_id: str, sealed: bytes) -> str:
    """Return an application's secret in clear.

    Raises:
        PlatformError: it was not sealed for this application under its institution's key.
    """
    return open_institution_key(connection, keyring, org_code).unseal(sealed, secret_context(app_id)).decode()


def sealed_secrets(org_code: str) -> SealedColumn:
    """Return what is to be sealed anew when the key of this institution is rotated."""
    return SealedColumn(APPS, APPS.c.sealed_secret, lambda row: secret_context(row.app_id), APPS.c.org_code == org_code)


def _check_key(wanted: Application) -> bytes | None:
    if wanted.dialect not in DIALECTS:
        raise RefusalError(BAD_FIELD, "dialect")
    if (wanted.public_key is not None) != (wanted.dialect == hn_s.NAME):
        raise RefusalError(BAD_FIELD, "public_key")
    if wanted.public_key is not None:
        try:
            Verifier(wanted.public_key)
        except ValueError as error:
            raise RefusalError(BAD_FIELD, "public_key") from error
    return wanted.public_key


def _of_row(row: Row[tuple[object, ...]]) -> Application:
    return Application(
        row.app_id, row.org_code, row.name, row.dialect, tuple(row.scopes.split()), row.public_key, Standing(row.state)
    )
