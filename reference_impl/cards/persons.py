"""Persons at rest: identity fields sealed, found again only through a keyed hash of the document."""

from __future__ import annotations

from collections.abc import Mapping

from reference_impl.entropy import RandomBytes
from reference_impl.keys.keyring import Keyring
from reference_impl.keys.resealing import SealedColumn
from reference_impl.keys.sealing import seal, unseal
from reference_impl.storage.schema import PERSONS
from reference_impl.wire.sm import hmac_sm3
from reference_impl.wire.strictjson import read_object, write_object

IDENTITY_FIELDS = (
    "id_type",
    "id_no",
    "name",
    "gender",
    "nation",
    "nationality",
    "domicile",
    "birthday",
    "cellphone",
    "telephone",
    "address",
    "workcode",
    "maritalstatus",
)


def person_key(keyring: Keyring, person_text: bytes) -> bytes:
    """Return the 32 bytes a person is found by; ``person_text`` is that of ``documents.Document``."""
    return hmac_sm3(keyring.person_lookup, person_text)


def seal_identity(keyring: Keyring, mindex_id: str, identity: Mapping[str, str], random: RandomBytes) -> bytes:
    """Hide the identity fields of the person with this entry in the master index, which outlives their documents."""
    every = {name: identity.get(name, "") for name in IDENTITY_FIELDS}
    return seal(keyring.person_data, write_object(every).encode(), _context(mindex_id), random)


def open_identity(keyring: Keyring, mindex_id: str, sealed: bytes) -> dict[str, str]:
    """Give back every one of ``IDENTITY_FIELDS``, "" where it was not registered.

    Raises:
        PlatformError: the stored value was sealed for another person or changed since.
    """
    stored = read_object(open_identity_text(keyring, mindex_id, sealed), "identity")
    return {name: str(value) for name, value in stored.items()}


def open_identity_text(keyring: Keyring, mindex_id: str, sealed: bytes) -> str:
    """Give back the identity fields as the compact JSON object they are stored as, in the order of ``IDENTITY_FIELDS``.

    Raises:
        PlatformError: as ``open_identity``.
    """
    return unseal(keyring.person_data, sealed, _context(mindex_id)).decode()


def _context(mindex_id: str) -> str:
    return f"persons/{mindex_id}"


SEALED_IDENTITY = SealedColumn(PERSONS, PERSONS.c.sealed_identity, lambda row: _context(row.mindex_id))
"""What is to be sealed anew, under ``person_data``, when that key is rotated."""
