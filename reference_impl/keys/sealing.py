"""Sealing of stored values: AES-256-GCM, bound to the place the value belongs to.

Sealed form: 12-byte nonce, ciphertext, 16-byte tag. The context is authenticated, so that a sealed value moved to
another row or column does not open.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reference_impl.entropy import RandomBytes
from reference_impl.errors import PlatformError

KEY_BYTES = 32
_NONCE_BYTES = 12


def seal(key: bytes, plain: bytes, context: str, random: RandomBytes) -> bytes:
    """Encrypt ``plain`` under a 32-byte key for the place that ``context`` names."""
    nonce = random(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, context.encode())


def unseal(key: bytes, sealed: bytes, context: str) -> bytes:
    """Give back what ``seal`` hid.

    Raises:
        PlatformError: another key, another place, or changed since.
    """
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError) as error:
        raise PlatformError(
            "a stored value does not open with the present keys",
            where=context,
            remedy="restore the database and the key file that belong together, or start with an empty data folder",
        ) from error
