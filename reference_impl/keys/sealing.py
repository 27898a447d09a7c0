"""Sealing of stored values: AES-256-GCM, bound to the place the value belongs to.

Sealed form: 12-byte nonce, ciphertext, 16-byte tag; under versioned keys one byte stands before it, the key's version.
The context is authenticated, so that a sealed value moved to another row or column does not open.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reference_impl.entropy import RandomBytes
from reference_impl.errors import PlatformError

KEY_BYTES = 32
NONCE_BYTES = 12

_REMEDY = "restore the database and the root key that belong together, or start with an empty data folder"


class SealingKeys:
    """The versions of one key that stored values are sealed under; new values take the active one.

    Args:
        active: the version that seals, 1 to 255.
        versions: every version that still opens, 32 bytes each.
    """

    def __init__(self, active: int, versions: Mapping[int, bytes]) -> None:
        self.active = active
        self._ciphers: Mapping[int, AESGCM] = MappingProxyType({n: AESGCM(key) for n, key in versions.items()})

    def __repr__(self) -> str:
        return f"SealingKeys(active={self.active}, versions={sorted(self._ciphers)})"

    def seal(self, plain: bytes, context: str, random: RandomBytes) -> bytes:
        """Encrypt ``plain`` under the active version for the place that ``context`` names."""
        return bytes((self.active,)) + _seal(self._ciphers[self.active], plain, context, random)

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """Give back what ``seal`` hid, under whichever version.

        Raises:
            PlatformError: a version that no longer opens, another place, or changed since.
        """
        cipher = self._ciphers.get(sealed[0]) if sealed else None
        if cipher is None:
            raise PlatformError(
                f"a stored value is sealed under key version {sealed[0] if sealed else 'none'}, which no longer opens",
                where=context,
                remedy="restore it from a copy made while that version was in use, or take it in anew",
            )
        return _unseal(cipher, sealed[1:], context)


def seal(key: bytes | SealingKeys, plain: bytes, context: str, random: RandomBytes) -> bytes:
    """Encrypt ``plain`` under a 32-byte key, or the active one of several, for the place that ``context`` names."""
    if isinstance(key, SealingKeys):
        return key.seal(plain, context, random)
    return _seal(AESGCM(key), plain, context, random)


def unseal(key: bytes | SealingKeys, sealed: bytes, context: str) -> bytes:
    """Give back what ``seal`` hid.

    Raises:
        PlatformError: another key, another place, or changed since.
    """
    if isinstance(key, SealingKeys):
        return key.unseal(sealed, context)
    return _unseal(AESGCM(key), sealed, context)


def _seal(cipher: AESGCM, plain: bytes, context: str, random: RandomBytes) -> bytes:
    nonce = random(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, context.encode())


def _unseal(cipher: AESGCM, sealed: bytes, context: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError) as error:
        raise PlatformError(
            "a stored value does not open with the present keys", where=context, remedy=_REMEDY
        ) from error
