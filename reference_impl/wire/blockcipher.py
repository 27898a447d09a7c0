"""Block ciphers in ECB mode with the paddings of the field, made ready once for a key.

ECB hides nothing but the single block; it is what the field's gateways fixed, and integrity comes from their digest.
"""

from __future__ import annotations

import threading
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm, modes

BLOCK_BYTES = 16

Padding = Literal["pkcs7", "zero"]

_PKCS7 = tuple(bytes([size]) * size for size in range(BLOCK_BYTES + 1))


class Ecb(threading.local):
    """One key of a 128-bit block cipher in ECB mode.

    ECB carries nothing over from block to block, so a context is used again for the next message; each thread has
    contexts of its own, for they cannot be shared.
    """

    def __init__(self, algorithm: CipherAlgorithm, padding: Padding) -> None:
        cipher = Cipher(algorithm, modes.ECB())  # noqa: S305 - fixed by the field, see the module
        self._encrypt = cipher.encryptor().update
        self._decrypt = cipher.decryptor().update
        self._padding = padding

    def encrypt(self, plaintext: bytes) -> bytes:
        """Pad and encrypt: ``pkcs7`` always adds 1 to 16 bytes, ``zero`` nothing to an aligned text."""
        missing = -len(plaintext) % BLOCK_BYTES
        tail = bytes(missing) if self._padding == "zero" else _PKCS7[missing or BLOCK_BYTES]
        return self._encrypt(plaintext + tail)

    def decrypt(self, ciphertext: bytes) -> bytes:
        """Decrypt and take the padding away.

        With ``zero`` up to 15 trailing NULs go, more than any padding adds: a text that ended in NUL loses them too.

        Raises:
            ValueError: the length is no multiple of 16 bytes, or the PKCS#7 padding is not one.
        """
        # Part of a block would stay in the context and come out with the next message.
        if len(ciphertext) % BLOCK_BYTES:
            raise ValueError("not a whole number of blocks")
        padded = self._decrypt(ciphertext)
        if self._padding == "zero":
            return padded[: len(padded) - BLOCK_BYTES + 1] + padded[len(padded) - BLOCK_BYTES + 1 :].rstrip(b"\0")
        size = padded[-1] if padded else 0
        if not 1 <= size <= BLOCK_BYTES or not padded.endswith(_PKCS7[size]):
            raise ValueError("no PKCS#7 padding")
        return padded[:-size]
