"""The Chinese commercial algorithms as the dialects use them: SM3 and SM4, from libraries only.

SM3: GB/T 32905-2016. SM4: GB/T 32907-2016. HMAC: RFC 2104 over SM3. GCM: NIST SP 800-38D over SM4 (RFC 8998).
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

GCM_NONCE_BYTES = 12
GCM_TAG_BYTES = 16


def sm3_hex(data: bytes) -> str:
    """Return the SM3 digest of ``data`` as 64 lower-case hex characters."""
    return hashlib.new("sm3", data).hexdigest()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """Return the 32-byte HMAC-SM3 of ``data``."""
    return hmac.digest(key, data, "sm3")


def sm4_gcm_encrypt(key: bytes, nonce: bytes, plaintext: bytes, bound: bytes) -> bytes:
    """Encrypt with SM4-GCM and return cipher text, then tag; ``bound`` is authenticated with it.

    A key must never meet the same 12-byte nonce twice.
    """
    encryptor = Cipher(SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(bound)
    return encryptor.update(plaintext) + encryptor.finalize() + encryptor.tag


def sm4_gcm_decrypt(key: bytes, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
    """Undo ``sm4_gcm_encrypt``.

    Raises:
        ValueError: it was not sealed with this key, nonce and ``bound``, or was changed since.
    """
    if len(sealed) < GCM_TAG_BYTES:
        raise ValueError("shorter than its tag")
    decryptor = Cipher(SM4(key), modes.GCM(nonce, sealed[-GCM_TAG_BYTES:])).decryptor()
    decryptor.authenticate_additional_data(bound)
    try:
        return decryptor.update(sealed[:-GCM_TAG_BYTES]) + decryptor.finalize()
    except InvalidTag as error:
        raise ValueError("the tag does not match") from error
