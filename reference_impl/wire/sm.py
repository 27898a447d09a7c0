"""The Chinese commercial algorithms as the dialects use them: SM3 and SM4, from libraries only.

SM3: GB/T 32905-2016. SM4: GB/T 32907-2016. HMAC: RFC 2104 over SM3.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.padding import PKCS7

BLOCK_BYTES = 16

Padding = Literal["pkcs7", "zero"]


def sm3_hex(data: bytes) -> str:
    """Return the SM3 digest of ``data`` as 64 lower-case hex characters."""
    return hashlib.new("sm3", data).hexdigest()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """Return the 32-byte HMAC-SM3 of ``data``."""
    return hmac.digest(key, data, "sm3")


def sm4_encrypt(key: bytes, plaintext: bytes, padding: Padding = "pkcs7") -> bytes:
    """Encrypt with SM4-ECB under a 16-byte key.

    ``pkcs7`` always adds 1 to 16 bytes; ``zero`` adds NULs up to the block, and nothing to an aligned text.
    """
    if padding == "pkcs7":
        padder = PKCS7(BLOCK_BYTES * 8).padder()
        padded = padder.update(plaintext) + padder.finalize()
    else:
        padded = plaintext + bytes(-len(plaintext) % BLOCK_BYTES)
    encryptor = _sm4_ecb(key).encryptor()
    return encryptor.update(padded) + encryptor.finalize()


def sm4_decrypt(key: bytes, ciphertext: bytes, padding: Padding = "pkcs7") -> bytes:
    """Decrypt SM4-ECB and take the padding away.

    With ``zero`` every trailing NUL goes, so a text that ended in NUL is not given back.

    Raises:
        ValueError: the length is no multiple of 16 bytes, or the PKCS#7 padding is not one.
    """
    decryptor = _sm4_ecb(key).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    if padding == "zero":
        return padded.rstrip(b"\0")
    unpadder = PKCS7(BLOCK_BYTES * 8).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


def _sm4_ecb(key: bytes) -> Cipher[modes.ECB]:
    return Cipher(SM4(key), modes.ECB())  # noqa: S305 - the field's gateways fix ECB; the digest carries integrity
