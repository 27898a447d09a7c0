"""The province key, wrapped by the root, and the purpose keys sealed under it: made once, opened at every start.

Every change of keys begins by moving the epoch: its row makes concurrent changes wait for each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from reference_impl.entropy import RandomBytes
from reference_impl.errors import PlatformError
from reference_impl.keys.purposes import PLATFORM_SIGNING, PROVINCE, PURPOSES, State
from reference_impl.keys.root import RootKey
from reference_impl.keys.sealing import KEY_BYTES, seal, unseal
from reference_impl.storage import epoch
from reference_impl.storage.schema import KEYS
from reference_impl.wire import sm2

_ACTIVE_PROVINCE = select(KEYS.c.version, KEYS.c.sealed_key).where(
    KEYS.c.purpose == PROVINCE, KEYS.c.state == State.ACTIVE
)

DESTROYED = b""
"""What stands in place of a sealed key whose material was destroyed."""


@dataclass(frozen=True)
class KeyRecord:
    """What may be told of a version of a key; ``owner`` is "" for the province or an institution's code.

    ``grace_until_ms`` (Unix ms) is set while the state is ``grace``: the version is accepted before that moment.
    """

    purpose: str
    owner: str
    version: int
    state: State
    created_ms: int
    grace_until_ms: int | None


def create_keys(connection: Connection, root: RootKey, random: RandomBytes, now_ms: int) -> None:
    """Make the province key and the first key of every purpose in an empty database."""
    province = random(KEY_BYTES)
    wrapped = root.wrap(province, key_context(PROVINCE, "", 1), random)
    store(connection, KeyRecord(PROVINCE, "", 1, State.ACTIVE, now_ms, None), wrapped)
    for purpose in PURPOSES:
        add_version(connection, province, KeyRecord(purpose, "", 1, State.ACTIVE, now_ms, None), random)


def open_province(connection: Connection, root: RootKey) -> bytes:
    """Return the province key, 32 bytes.

    Raises:
        PlatformError: there are no keys, another root wrapped them, or the root cannot be used.
    """
    return _open_province(connection, root)[1]


def _open_province(connection: Connection, root: RootKey) -> tuple[int, bytes]:
    row = connection.execute(_ACTIVE_PROVINCE).one_or_none()
    if row is None:
        raise PlatformError(
            "this database holds no keys",
            where=root.describe(),
            remedy="make them with `xiangka platform init`, or name the database that was made with this root",
        )
    return row.version, root.unwrap(row.sealed_key, key_context(PROVINCE, "", row.version))


def add_version(connection: Connection, province: bytes, record: KeyRecord, random: RandomBytes) -> None:
    """Make a purpose key and store it sealed under the province key."""
    material = sm2.generate(random).private if record.purpose == PLATFORM_SIGNING else random(KEY_BYTES)
    context = key_context(record.purpose, record.owner, record.version)
    store(connection, record, seal(province, material, context, random))


def store(connection: Connection, record: KeyRecord, sealed: bytes) -> None:
    """Write a new version, already sealed."""
    connection.execute(insert(KEYS), key_row(record, sealed))


def key_row(record: KeyRecord, sealed: bytes) -> dict[str, object]:
    """Return the row of a version."""
    return {
        "purpose": record.purpose,
        "owner": record.owner,
        "version": record.version,
        "sealed_key": sealed,
        "state": record.state,
        "created_ms": record.created_ms,
        "grace_until_ms": record.grace_until_ms,
    }


def replace_root(connection: Connection, old: RootKey, new: RootKey, random: RandomBytes, now_ms: int) -> KeyRecord:
    """Put the whole hierarchy under ``new``: a new province key, and every purpose key sealed anew under it.

    A province key that were only wrapped again would still open for whoever holds the old root and an old copy of the
    database. The old one is destroyed; after the caller's commit ``old`` opens nothing of this database.

    Raises:
        PlatformError: a root cannot be used, or ``old`` is not the root of this database.
    """
    epoch.bump(connection)
    version, before = _open_province(connection, old)
    after = random(KEY_BYTES)
    for row in connection.execute(
        select(KEYS.c.purpose, KEYS.c.version, KEYS.c.sealed_key).where(
            KEYS.c.purpose.in_(PURPOSES), KEYS.c.sealed_key != DESTROYED
        )
    ).all():
        context = key_context(row.purpose, "", row.version)
        connection.execute(
            update(KEYS)
            .where(KEYS.c.purpose == row.purpose, KEYS.c.owner == "", KEYS.c.version == row.version)
            .values(sealed_key=seal(after, unseal(before, row.sealed_key, context), context, random))
        )
    connection.execute(update(KEYS).where(KEYS.c.purpose == PROVINCE).values(state=State.REVOKED, sealed_key=DESTROYED))
    record = KeyRecord(PROVINCE, "", version + 1, State.ACTIVE, now_ms, None)
    store(connection, record, new.wrap(after, key_context(PROVINCE, "", record.version), random))
    return record


def key_context(purpose: str, owner: str, version: int) -> str:
    """Name the place of a sealed key."""
    return f"keys/{purpose}/{owner}/{version}"
