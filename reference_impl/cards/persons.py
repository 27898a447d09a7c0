"""Persons at rest: identity fields sealed, found again only through a keyed hash of the document."""

from __future__ import annotations

from collections.abc import Mapping

from reference_impl.entropy import RandomBytes
from reference_impl.keys.keyring import Keyring
from reference_impl.keys.sealing import seal, unseal
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


def document_text(id_type: str, id_no: str) -> bytes:
    """Return the text that stands for one document wherever it is hashed under a key."""
    return f"{id_type}|{id_no}".encode()


def person_key(keyring: Keyring, id_type: str, id_no: str) -> str:
    """Return the 64 hex characters under which a person is stored."""
    return hmac_sm3(keyring.person_lookup, document_text(id_type, id_no)).hex()


def seal_identity(keyring: Keyring, key: str, identity: Mapping[str, str], random: RandomBytes) -> bytes:
    """Hide the identity fields of the person stored under ``key``."""
    return seal(keyring.person_data, write_object(dict(identity)).encode(), f"persons/{key}", random)


def open_identity(keyring: Keyring, key: str, sealed: bytes) -> dict[str, str]:
    """Give back every one of ``IDENTITY_FIELDS``, "" where it was not registered.

    Raises:
        PlatformError: the stored value was sealed for another person or changed since.
    """
    stored = read_object(unseal(keyring.person_data, sealed, f"persons/{key}"), "identity")
    return {name: str(stored.get(name, "")) for name in IDENTITY_FIELDS}
