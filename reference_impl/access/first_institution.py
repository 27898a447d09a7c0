"""The first institution of a new platform: one synthetic hospital with one application and a few terminals."""

from __future__ import annotations

import base64

from sqlalchemy import Connection, insert, select

from reference_impl.access.accounts import enrol_app, find_account
from reference_impl.entropy import RandomBytes
from reference_impl.keys.keyring import Keyring
from reference_impl.storage.schema import APPS, INSTITUTIONS, TERMINALS
from reference_impl.wire.envelope import Credentials, Sender

ORG_CODE = "439900000001"
ORG_NAME = "湘卡合成测试医院"
TERMINAL_TYPES = {"439900T01": "01", "439900T02": "01", "439900T03": "02", "439900T04": "02"}
"""The terminals of the first application: two windows (01) and two self-service devices (02)."""

_SECRET_BYTES = 32
_APP_ID_BYTES = 8


def first_credentials(connection: Connection, keyring: Keyring, random: RandomBytes) -> Credentials:
    """Return the credentials of the first application and terminal, enrolling them if there are none."""
    if connection.scalar(select(APPS.c.app_id).limit(1)) is None:
        _enrol(connection, keyring, random)
    app_id, term_id = connection.execute(
        select(TERMINALS.c.app_id, TERMINALS.c.term_id)
        .join(APPS)
        .where(APPS.c.org_code == ORG_CODE)
        .order_by(TERMINALS.c.term_id)
        .limit(1)
    ).one()
    return find_account(connection, keyring, Sender(app_id, term_id)).credentials


def _enrol(connection: Connection, keyring: Keyring, random: RandomBytes) -> None:
    app_id = f"hn{random(_APP_ID_BYTES).hex()}"
    # The dialect takes its 128-bit cipher key from 16 characters of the secret: six bits in each is the most it allows.
    app_secret = base64.urlsafe_b64encode(random(_SECRET_BYTES)).decode().rstrip("=")
    connection.execute(insert(INSTITUTIONS), {"org_code": ORG_CODE, "name": ORG_NAME, "valid": True})
    enrol_app(connection, keyring, random, org_code=ORG_CODE, app_id=app_id, app_secret=app_secret)
    connection.execute(
        insert(TERMINALS),
        [
            {"app_id": app_id, "term_id": term_id, "terminal_type": terminal_type, "valid": True}
            for term_id, terminal_type in TERMINAL_TYPES.items()
        ],
    )
