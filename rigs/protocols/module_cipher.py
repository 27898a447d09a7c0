"""What a security module encrypts (ENCIPHER): SM4-GCM under a key that belongs to its module key. Reconstructed.

A sealed text is a nonce of 12 bytes, the cipher text, and a tag of 16; the module's serial is bound in.
"""

from __future__ import annotations

import secrets

from reference_impl.wire.sm import GCM_NONCE_BYTES, hmac_sm3, sm4_gcm_decrypt, sm4_gcm_encrypt

CIPHER_KEY_BYTES = 16


def cipher_key(key: bytes, serial: str, version: int) -> bytes:
    """The 16-byte SM4 key that belongs to a module key of 32 bytes."""
    return hmac_sm3(key, f"xiangka-module-cipher|{serial}|{version}".encode())[:CIPHER_KEY_BYTES]


def sealed_under(key: bytes, serial: str, plain: bytes) -> bytes:
    """``plain`` encrypted under an SM4 key of 16 bytes."""
    nonce = secrets.token_bytes(GCM_NONCE_BYTES)
    return nonce + sm4_gcm_encrypt(key, nonce, plain, serial.encode())


def opened_under(key: bytes, serial: str, sealed: bytes) -> bytes:
    """What was encrypted under an SM4 key of 16 bytes.

    Raises:
        ValueError: it was sealed under another key or for another module, or was changed since.
    """
    return sm4_gcm_decrypt(key, sealed[:GCM_NONCE_BYTES], sealed[GCM_NONCE_BYTES:], serial.encode())
