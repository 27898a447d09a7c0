"""The register of audit lanes: which lanes there are and where each begins, in one row under a keyed hash.

A lane's end alone cannot be missed once it is deleted together with the lane; the register misses it. Records that
were kept long enough leave by moving a lane's beginning here, which takes the audit key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from reference_impl.errors import PlatformError
from reference_impl.keys.keyring import CheckingKeys
from reference_impl.storage.engine import unless_held
from reference_impl.storage.schema import AUDIT, AUDIT_LANES, KEYS
from reference_impl.storage.schema_records import AUDIT_REGISTER
from reference_impl.wire.sm import hmac_sm3

GENESIS = bytes(32)

REMEDY = "run the audit check to see what is missing, and restore the database from a copy"

AuditKey = bytes | CheckingKeys
"""The one audit key of 32 bytes, or its versions: all of them may check, the active one seals."""


@dataclass(frozen=True)
class Beginning:
    """Where a lane's kept records begin: the number of the first, and the hash of the one before it."""

    first_seq: int
    before_first: bytes


Register = Mapping[str, Beginning]
"""Lane to where it begins."""


def sealing_key(key: AuditKey) -> bytes:
    """Return the key that new seals are made with."""
    return key if isinstance(key, bytes) else key.active_key


def checking_keys(key: AuditKey) -> tuple[bytes, ...]:
    """Return the keys that a seal may have been made with."""
    return (key,) if isinstance(key, bytes) else tuple(key.keys.values())


def begin(connection: Connection, key: AuditKey) -> None:
    """Write the empty register of a new platform, unless it is there."""
    text = _text({})
    connection.execute(
        unless_held(connection, AUDIT_REGISTER), {"one": 1, "lanes": text, "seal": _seal(sealing_key(key), text)}
    )


def read_register(connection: Connection, key: AuditKey, *, new: bool = False) -> Register:
    """Return the register; where nothing of a platform is there yet and ``new`` is set, it is written first.

    Raises:
        PlatformError: it was taken away or changed.
    """
    row = connection.execute(select(AUDIT_REGISTER)).one_or_none()
    if row is None and new and _is_new(connection):
        begin(connection, key)
        row = connection.execute(select(AUDIT_REGISTER)).one()
    if row is None:
        raise PlatformError("the register of audit lanes was taken away", where="audit register", remedy=REMEDY)
    if row.seal not in [_seal(k, row.lanes) for k in checking_keys(key)]:
        raise PlatformError("the register of audit lanes was changed", where="audit register", remedy=REMEDY)
    return _read(row.lanes)


def enter(connection: Connection, key: AuditKey, lane: str, beginning: Beginning) -> None:
    """Enter a lane, or move its beginning.

    Raises:
        PlatformError: the register was tampered with.
    """
    # Two processes that open their lanes at once both read, change and write this row.
    connection.execute(select(AUDIT_REGISTER.c.one).with_for_update())
    text = _text({**read_register(connection, key), lane: beginning})
    connection.execute(update(AUDIT_REGISTER).values(lanes=text, seal=_seal(sealing_key(key), text)))


def _is_new(connection: Connection) -> bool:
    # Whoever deletes lanes, records and register together does not thereby make an old platform a new one.
    return not any(connection.execute(select(table).limit(1)).first() for table in (KEYS, AUDIT_LANES, AUDIT))


def _text(register: Register) -> str:
    lanes = {lane: [beginning.first_seq, beginning.before_first.hex()] for lane, beginning in register.items()}
    return json.dumps(lanes, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _read(text: str) -> Register:
    return {lane: Beginning(first_seq, bytes.fromhex(before)) for lane, (first_seq, before) in json.loads(text).items()}


def _seal(key: bytes, text: str) -> bytes:
    return hmac_sm3(key, b"register|" + text.encode())
