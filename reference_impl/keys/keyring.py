"""The province's keys: made by this harness, stored sealed under the key-encryption key, never shown.

Reconstructed: how the province derives and guards its keys is not public. Only the token key is versioned on the wire;
a card id is derived from its key for good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, insert, select

from reference_impl.entropy import RandomBytes
from reference_impl.keys.sealing import KEY_BYTES, seal, unseal
from reference_impl.storage.schema import KEYS

CARD_ID = "card-id"
TOKEN = "token"  # noqa: S105 - the name of a purpose
PERSON_LOOKUP = "person-lookup"
PERSON_DATA = "person-data"
APP_SECRET = "app-secret"  # noqa: S105 - the name of a purpose

PURPOSES = (CARD_ID, TOKEN, PERSON_LOOKUP, PERSON_DATA, APP_SECRET)


@dataclass(frozen=True)
class Keyring:
    """The keys in clear, in memory only; ``tokens`` maps key version (0..255) to key."""

    card_id: bytes = field(repr=False)
    person_lookup: bytes = field(repr=False)
    person_data: bytes = field(repr=False)
    app_secret: bytes = field(repr=False)
    tokens: Mapping[int, bytes] = field(repr=False)


def add_version(connection: Connection, kek: bytes, purpose: str, random: RandomBytes, created_ms: int) -> int:
    """Make the next key of ``purpose``, store it sealed and return its version, counted from 1."""
    newest = connection.scalar(select(func.max(KEYS.c.version)).where(KEYS.c.purpose == purpose))
    version = (newest or 0) + 1
    sealed = seal(kek, random(KEY_BYTES), _context(purpose, version), random)
    connection.execute(
        insert(KEYS),
        {"purpose": purpose, "version": version, "sealed_key": sealed, "created_ms": created_ms},
    )
    return version


def open_keyring(connection: Connection, kek: bytes) -> Keyring:
    """Unseal every stored key.

    Raises:
        PlatformError: ``kek`` is not the key these were sealed under.
    """
    found: dict[str, dict[int, bytes]] = {purpose: {} for purpose in PURPOSES}
    for purpose, version, sealed in connection.execute(
        select(KEYS.c.purpose, KEYS.c.version, KEYS.c.sealed_key).order_by(KEYS.c.version)
    ):
        found[purpose][version] = unseal(kek, sealed, _context(purpose, version))
    return Keyring(
        card_id=found[CARD_ID][1],
        person_lookup=found[PERSON_LOOKUP][1],
        person_data=found[PERSON_DATA][1],
        app_secret=found[APP_SECRET][1],
        tokens=found[TOKEN],
    )


def _context(purpose: str, version: int) -> str:
    return f"keys/{purpose}/{version}"
