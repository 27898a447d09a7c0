"""Who may call, kept in memory: applications with their secret, their standing and their terminals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, bindparam, select

from reference_impl.access.applications import open_secret
from reference_impl.access.scopes import NO_SCOPE
from reference_impl.access.standing import Standing
from reference_impl.access.terminals import is_name
from reference_impl.keys.keyring import Keyring
from reference_impl.records.clear_words import OTHER, has_long_number
from reference_impl.refusals import APP_SUSPENDED, BAD_DIGEST, OUT_OF_SCOPE, TERMINAL_REFUSED, RefusalError
from reference_impl.storage.schema import APPS, INSTITUTIONS, REGISTRATIONS, TERMINALS

AUTHORISED = Standing.AUTHORISED

_ACCOUNT = (
    select(
        APPS,
        INSTITUTIONS.c.state.label("org_state"),
        INSTITUTIONS.c.level.label("org_level"),
        INSTITUTIONS.c.kind.label("org_kind"),
        INSTITUTIONS.c.prefecture,
        REGISTRATIONS.c.valid_until_ms,
    )
    .select_from(APPS.join(INSTITUTIONS).outerjoin(REGISTRATIONS, REGISTRATIONS.c.org_code == INSTITUTIONS.c.org_code))
    .where(APPS.c.app_id == bindparam("app_id"))
)
_TERMINALS = select(TERMINALS.c.term_id, TERMINALS.c.state).where(TERMINALS.c.app_id == bindparam("app_id"))


@dataclass(frozen=True)
class Account:
    """What the platform knows of an application; its standing is only told to one who proved to know the secret.

    Attributes:
        app_id: the application.
        org_code: institution it belongs to.
        org_level, org_kind, prefecture: of that institution.
        dialect: name of the wire dialect it speaks.
        scopes: what it may ask for.
        secret: what it signs with.
        public_key: its SM2 key, 65 bytes, where it signs with one.
        in_good_standing: whether application and institution are authorised.
        valid_until_ms: Unix ms from which the institution's registration is over, None where it has no end.
        terminals: terminal to state.
    """

    app_id: str
    org_code: str
    org_level: str
    org_kind: str
    prefecture: str
    dialect: str
    scopes: frozenset[str]
    secret: str = field(repr=False)
    public_key: bytes | None
    in_good_standing: bool
    valid_until_ms: int | None
    terminals: Mapping[str, str]

    def require_secret(self, secret: str) -> None:
        """Refuse what was proved with a secret this application no longer has.

        Raises:
            RefusalError: bad_digest.
        """
        if secret != self.secret:
            raise RefusalError(BAD_DIGEST)

    def require(self, term_id: str, scope: str, now_ms: int) -> None:
        """Refuse what this application may not do from this terminal at this moment, Unix ms.

        A ``scope`` of ``NO_SCOPE`` asks for good standing only.

        Raises:
            RefusalError: app_suspended, terminal_refused or out_of_scope.
        """
        if not self.in_good_standing or (self.valid_until_ms is not None and now_ms >= self.valid_until_ms):
            raise RefusalError(APP_SUSPENDED)
        if self.terminals.get(term_id) != AUTHORISED:
            raise RefusalError(TERMINAL_REFUSED)
        if scope != NO_SCOPE and scope not in self.scopes:
            raise RefusalError(OUT_OF_SCOPE, scope)

    def audited_terminal(self, term_id: str) -> str:
        """Return what the audit calls a terminal, which is refused but audited where this application has none such.

        Whatever could be no terminal's name, or has a number in it as long as an identity number, is ``OTHER``.
        """
        if term_id in self.terminals or not term_id or (is_name(term_id) and not has_long_number(term_id)):
            return term_id
        return OTHER


class Accounts:
    """Accounts by application, read when first asked for and forgotten when keys or standing change."""

    def __init__(self, readers: Engine, keyring: Callable[[], Keyring]) -> None:
        self._readers = readers
        self._keyring = keyring
        self._held: dict[str, Account] = {}

    def find(self, app_id: str) -> Account | None:
        """Return the account of an application, None if there is none."""
        held = self._held
        account = held.get(app_id)
        return self._read(held, app_id) if account is None else account

    def has_other_secret(self, account: Account) -> bool:
        """Tell whether an application was given another secret or key since its account was read.

        This process may not have met the epoch of that change yet, and what is refused does not bring it there.
        """
        present = self._read(self._held, account.app_id)
        return present is not None and (present.secret, present.public_key) != (account.secret, account.public_key)

    def clear(self) -> None:
        """Forget everything; what is asked for next is read anew."""
        # A new dictionary, not an emptied one: what another thread is reading just now goes into the old.
        self._held = {}

    def _read(self, held: dict[str, Account], app_id: str) -> Account | None:
        # Whoever proved nothing yet may claim any name, and not every database can be asked for every one.
        if not app_id.isprintable():
            return None
        with self._readers.connect() as connection:
            account = read_account(connection, self._keyring(), app_id)
        if account is not None:
            held[app_id] = account
        return account


def read_account(connection: Connection, keyring: Keyring, app_id: str) -> Account | None:
    """Read an application with its institution and terminals."""
    row = connection.execute(_ACCOUNT, {"app_id": app_id}).one_or_none()
    if row is None:
        return None
    return Account(
        app_id=row.app_id,
        org_code=row.org_code,
        org_level=row.org_level,
        org_kind=row.org_kind,
        prefecture=row.prefecture,
        dialect=row.dialect,
        scopes=frozenset(row.scopes.split()),
        secret=open_secret(connection, keyring, row.org_code, app_id, row.sealed_secret),
        public_key=row.public_key,
        in_good_standing=row.state == AUTHORISED and row.org_state == AUTHORISED,
        valid_until_ms=row.valid_until_ms,
        terminals={t.term_id: t.state for t in connection.execute(_TERMINALS, {"app_id": app_id})},
    )
