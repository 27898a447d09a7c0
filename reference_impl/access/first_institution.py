"""The first institution of a new platform: one synthetic hospital with one application and a few terminals."""

from __future__ import annotations

from sqlalchemy import Connection, select

from reference_impl.access import applications, institutions, terminals
from reference_impl.access.accounts import read_account
from reference_impl.access.applications import Application
from reference_impl.access.institutions import Institution
from reference_impl.access.scopes import SCOPES
from reference_impl.access.standing import Act, Standing
from reference_impl.access.terminals import Terminal
from reference_impl.entropy import RandomBytes
from reference_impl.keys.keyring import Keyring
from reference_impl.storage.schema import APPS, TERMINALS
from reference_impl.wire.envelope import Credentials

ORG_CODE = "439900000001"
ORG_NAME = "湘卡合成测试医院"
TERMINAL_TYPES = {"439900T01": "01", "439900T02": "01", "439900T03": "02", "439900T04": "02"}
"""The terminals of the first application: two windows (01) and two self-service devices (02)."""

FIRST_TERMINAL = next(iter(TERMINAL_TYPES))

_ACTOR = "platform"
_REASON = "the first institution of a new platform"


def first_credentials(connection: Connection, keyring: Keyring, random: RandomBytes, now_ms: int) -> Credentials:
    """Return the credentials of the first application and terminal, enrolling them if there are none."""
    first = (
        select(TERMINALS.c.app_id, TERMINALS.c.term_id)
        .join(APPS)
        .where(APPS.c.org_code == ORG_CODE, TERMINALS.c.serial == _serial(FIRST_TERMINAL))
        .order_by(TERMINALS.c.app_id)
        .limit(1)
    )
    row = connection.execute(first).one_or_none()
    if row is None:
        _enrol(connection, keyring, random, Act(_ACTOR, now_ms, _REASON))
        row = connection.execute(first).one()
    account = read_account(connection, keyring, row.app_id)
    assert account is not None  # noqa: S101 - the terminal's foreign key
    return Credentials(account.app_id, account.secret, row.term_id)


def _serial(term_id: str) -> str:
    return f"SYN-{term_id}"


def _enrol(connection: Connection, keyring: Keyring, random: RandomBytes, act: Act) -> None:
    in_force = Standing.AUTHORISED
    hospital = Institution(ORG_CODE, ORG_NAME, "3", "hospital", "439900", in_force)
    institutions.create(connection, keyring, hospital, random, act)
    wanted = Application("", ORG_CODE, "合成测试应用", "hn-a", SCOPES, None, in_force)
    app_id = applications.create(connection, keyring, wanted, random, act).application.app_id
    for term_id, terminal_type in TERMINAL_TYPES.items():
        device = Terminal(app_id, term_id, terminal_type, _serial(term_id), "none", in_force)
        terminals.create(connection, device, act)
