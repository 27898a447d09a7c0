"""The life of a key's versions: active, then perhaps grace, then retired; from each of them revoked, for good.

Every function changes rows in the caller's transaction and moves the epoch; none hands out material.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select, update

from reference_impl.entropy import RandomBytes
from reference_impl.keys.province import DESTROYED, KeyRecord, add_version, open_province
from reference_impl.keys.purposes import INSTITUTION, MAX_VERSION, RULES, Rule, State
from reference_impl.keys.root import RootKey
from reference_impl.keys.sealed_values import holds_values
from reference_impl.refusals import BAD_FIELD, KEY_FIXED, KEY_IN_USE, KEY_STATE, UNKNOWN_KEY, RefusalError
from reference_impl.storage import epoch
from reference_impl.storage.schema import KEYS

_RECORDS = select(
    KEYS.c.purpose, KEYS.c.owner, KEYS.c.version, KEYS.c.state, KEYS.c.created_ms, KEYS.c.grace_until_ms
).order_by(KEYS.c.purpose, KEYS.c.owner, KEYS.c.version)


def list_keys(connection: Connection, now_ms: int, owner: str = "") -> list[KeyRecord]:
    """Return every version of the province's keys, or of one institution's, as it stands at ``now_ms``."""
    return [_record(row, now_ms) for row in connection.execute(_RECORDS.where(KEYS.c.owner == owner))]


def find_key(connection: Connection, purpose: str, version: int, now_ms: int, owner: str = "") -> KeyRecord:
    """Return one version.

    Raises:
        RefusalError: unknown_key.
    """
    row = connection.execute(
        _RECORDS.where(KEYS.c.purpose == purpose, KEYS.c.owner == owner, KEYS.c.version == version)
    ).one_or_none()
    if row is None:
        raise RefusalError(UNKNOWN_KEY)
    return _record(row, now_ms)


def rotate(
    connection: Connection, root: RootKey, purpose: str, grace_ms: int, now_ms: int, random: RandomBytes
) -> KeyRecord:
    """Make a new active key of ``purpose``; the old one is accepted for ``grace_ms`` more, then retired.

    Raises:
        RefusalError: unknown_key, key_fixed, bad_field for a negative grace, or key_state after version 255.
        PlatformError: ``root`` is not the root of this database.
    """
    if grace_ms < 0:
        raise RefusalError(BAD_FIELD, "grace_ms")
    require_rotatable(purpose)
    epoch.bump(connection)
    province = open_province(connection, root)
    fresh = supersede(connection, purpose, "", grace_ms, now_ms)
    add_version(connection, province, fresh, random)
    return fresh


def revoke(
    connection: Connection, root: RootKey, purpose: str, version: int, now_ms: int, random: RandomBytes, owner: str = ""
) -> KeyRecord:
    """Never accept this version again, and return it as it stands then.

    Where proofs pass by, the material is destroyed, and an active version is replaced in the same step. Where values
    are stored, the version must have been rotated and every value sealed anew before; its sealed material stays, so
    that a backup is not lost with it.

    Raises:
        RefusalError: unknown_key; key_fixed; key_state: revoked already, or the active version of stored values;
            key_in_use: values are still sealed under it.
        PlatformError: ``root`` is not the root of this database.
    """
    rule = require_rotatable(purpose)
    epoch.bump(connection)
    before = find_key(connection, purpose, version, now_ms, owner)
    stored = rule is Rule.STORING
    if before.state is State.REVOKED or (stored and before.state is State.ACTIVE):
        raise RefusalError(KEY_STATE)
    if stored and holds_values(connection, purpose, owner, version):
        raise RefusalError(KEY_IN_USE)
    if before.state is State.ACTIVE:
        province = open_province(connection, root)
        add_version(connection, province, supersede(connection, purpose, owner, 0, now_ms), random)
    values: dict[str, Any] = {"state": State.REVOKED, "grace_until_ms": None}
    if not stored:
        values["sealed_key"] = DESTROYED
    connection.execute(
        update(KEYS).where(KEYS.c.purpose == purpose, KEYS.c.owner == owner, KEYS.c.version == version).values(**values)
    )
    return find_key(connection, purpose, version, now_ms, owner)


def expire_grace(connection: Connection, now_ms: int) -> list[KeyRecord]:
    """Retire every version whose grace has ended, and return them."""
    ended = (KEYS.c.state == State.GRACE) & (KEYS.c.grace_until_ms <= now_ms)
    expired = [_record(row, now_ms) for row in connection.execute(_RECORDS.where(ended))]
    if expired:
        epoch.bump(connection)
        connection.execute(update(KEYS).where(ended).values(state=State.RETIRED, grace_until_ms=None))
    return expired


def require_rotatable(purpose: str) -> Rule:
    """Return the rule of a purpose whose versions change.

    Raises:
        RefusalError: unknown_key, or key_fixed.
    """
    rule = Rule.STORING if purpose == INSTITUTION else RULES.get(purpose)
    if rule is None:
        raise RefusalError(UNKNOWN_KEY)
    if rule is Rule.FIXED:
        raise RefusalError(KEY_FIXED)
    return rule


def supersede(connection: Connection, purpose: str, owner: str, grace_ms: int, now_ms: int) -> KeyRecord:
    """End the reign of the active version and return the record of the next, which the caller makes.

    Raises:
        RefusalError: unknown_key: there is no version yet; key_state: there is no version after 255.
    """
    newest = connection.scalar(select(func.max(KEYS.c.version)).where(KEYS.c.purpose == purpose, KEYS.c.owner == owner))
    if newest is None:
        raise RefusalError(UNKNOWN_KEY)
    if newest >= MAX_VERSION:
        raise RefusalError(KEY_STATE)
    connection.execute(
        update(KEYS)
        .where(KEYS.c.purpose == purpose, KEYS.c.owner == owner, KEYS.c.state == State.ACTIVE)
        .values(
            state=State.GRACE if grace_ms else State.RETIRED, grace_until_ms=now_ms + grace_ms if grace_ms else None
        )
    )
    return KeyRecord(purpose, owner, newest + 1, State.ACTIVE, now_ms, None)


def _record(row: Any, now_ms: int) -> KeyRecord:
    record = KeyRecord(row.purpose, row.owner, row.version, State(row.state), row.created_ms, row.grace_until_ms)
    if record.grace_until_ms is None or now_ms < record.grace_until_ms:
        return record
    return KeyRecord(record.purpose, record.owner, record.version, State.RETIRED, record.created_ms, None)
