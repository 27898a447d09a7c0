"""Who may speak to the platform: applications of institutions, each with a secret and its terminals."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, insert, select

from reference_impl.entropy import RandomBytes
from reference_impl.keys.keyring import Keyring
from reference_impl.keys.sealing import seal, unseal
from reference_impl.refusals import APP_SUSPENDED, TERMINAL_REFUSED, UNKNOWN_APP, RefusalError
from reference_impl.storage.schema import APPS, INSTITUTIONS, TERMINALS
from reference_impl.wire.envelope import Credentials, Sender

_ACCOUNT = (
    select(
        APPS.c.sealed_secret,
        APPS.c.valid.label("app_valid"),
        INSTITUTIONS.c.valid.label("org_valid"),
        TERMINALS.c.valid.label("terminal_valid"),
    )
    .select_from(
        APPS.join(INSTITUTIONS).outerjoin(
            TERMINALS,
            and_(TERMINALS.c.app_id == APPS.c.app_id, TERMINALS.c.term_id == bindparam("term_id")),
        )
    )
    .where(APPS.c.app_id == bindparam("app_id"))
)


@dataclass(frozen=True)
class Account:
    """What the platform knows of a sender; the standing is only told to one who proved to know the secret."""

    credentials: Credentials
    app_valid: bool
    terminal_valid: bool


def find_account(connection: Connection, keyring: Keyring, sender: Sender) -> Account:
    """Look up the application a request claims to come from.

    Raises:
        RefusalError: there is no such application.
    """
    row = connection.execute(_ACCOUNT, {"app_id": sender.app_id, "term_id": sender.term_id}).one_or_none()
    if row is None:
        raise RefusalError(UNKNOWN_APP)
    secret = unseal(keyring.app_secret, row.sealed_secret, _context(sender.app_id)).decode()
    return Account(
        credentials=Credentials(sender.app_id, secret, sender.term_id),
        app_valid=row.app_valid and row.org_valid,
        terminal_valid=bool(row.terminal_valid),
    )


def require_good_standing(account: Account) -> None:
    """Refuse an application, institution or terminal that is suspended, or a terminal that is not enrolled.

    Raises:
        RefusalError: app_suspended or terminal_refused.
    """
    if not account.app_valid:
        raise RefusalError(APP_SUSPENDED)
    if not account.terminal_valid:
        raise RefusalError(TERMINAL_REFUSED)


def enrol_app(
    connection: Connection, keyring: Keyring, random: RandomBytes, *, org_code: str, app_id: str, app_secret: str
) -> None:
    """Store an application of an institution, its secret sealed."""
    sealed = seal(keyring.app_secret, app_secret.encode(), _context(app_id), random)
    connection.execute(insert(APPS), {"app_id": app_id, "org_code": org_code, "sealed_secret": sealed, "valid": True})


def _context(app_id: str) -> str:
    return f"apps/{app_id}"
