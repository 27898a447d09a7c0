"""The key of an institution: it seals the secrets of its applications and the keys of its terminal modules.

It stands sealed under the province's ``app-secret`` key, so that opening it needs the keyring and not the root.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from reference_impl.entropy import RandomBytes
from reference_impl.errors import PlatformError
from reference_impl.keys.keyring import Keyring
from reference_impl.keys.life_cycle import supersede
from reference_impl.keys.province import KeyRecord, key_context, key_row, store
from reference_impl.keys.purposes import INSTITUTION, State
from reference_impl.keys.resealing import SealedColumn
from reference_impl.keys.sealing import KEY_BYTES, SealingKeys
from reference_impl.storage import epoch
from reference_impl.storage.engine import unless_held
from reference_impl.storage.schema import KEYS


def ensure_institution_key(
    connection: Connection, keyring: Keyring, org_code: str, random: RandomBytes, now_ms: int
) -> SealingKeys:
    """Return the keys of an institution, making the first if it has none. The caller enrols the institution beside."""
    held = select(KEYS.c.version).where(KEYS.c.purpose == INSTITUTION, KEYS.c.owner == org_code).limit(1)
    if connection.scalar(held) is None:
        first = KeyRecord(INSTITUTION, org_code, 1, State.ACTIVE, now_ms, None)
        # Of two who make the first key at once both go on with the one that was stored.
        connection.execute(unless_held(connection, KEYS), key_row(first, _sealed(keyring, first, random)))
    return open_institution_key(connection, keyring, org_code)


def open_institution_key(connection: Connection, keyring: Keyring, org_code: str) -> SealingKeys:
    """Return every version of an institution's key that is not revoked.

    Raises:
        PlatformError: the institution has no key, or one does not open.
    """
    rows = connection.execute(
        select(KEYS.c.version, KEYS.c.state, KEYS.c.sealed_key).where(
            KEYS.c.purpose == INSTITUTION, KEYS.c.owner == org_code, KEYS.c.state != State.REVOKED
        )
    ).all()
    active = next((row.version for row in rows if row.state == State.ACTIVE), None)
    if active is None:
        raise PlatformError(
            "this institution has no key",
            where=f"institution {org_code}",
            remedy="enrol the institution through the platform, which makes its key",
        )
    versions = {
        row.version: keyring.app_secret.unseal(row.sealed_key, key_context(INSTITUTION, org_code, row.version))
        for row in rows
    }
    return SealingKeys(active, versions)


def rotate_institution_key(
    connection: Connection, keyring: Keyring, org_code: str, random: RandomBytes, now_ms: int
) -> KeyRecord:
    """Make a new active key of an institution; the older ones go on opening what they sealed.

    Raises:
        RefusalError: unknown_key: the institution has no key; key_state after version 255.
    """
    epoch.bump(connection)
    fresh = supersede(connection, INSTITUTION, org_code, 0, now_ms)
    store(connection, fresh, _sealed(keyring, fresh, random))
    return fresh


def _sealed(keyring: Keyring, record: KeyRecord, random: RandomBytes) -> bytes:
    context = key_context(record.purpose, record.owner, record.version)
    return keyring.app_secret.seal(random(KEY_BYTES), context, random)


SEALED_KEYS = SealedColumn(
    KEYS,
    KEYS.c.sealed_key,
    lambda row: key_context(row.purpose, row.owner, row.version),
    (KEYS.c.purpose == INSTITUTION) & (KEYS.c.state != State.REVOKED),
)
"""What is to be sealed anew, under ``app-secret``, when that key is rotated."""
