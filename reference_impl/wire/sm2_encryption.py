"""SM2 public-key encryption (GB/T 32918.4-2016, C1 C3 C2) in the DER form of GM/T 0009, by the system's libcrypto."""

from __future__ import annotations

from typing import Any

from reference_impl.wire.libcrypto import FFI_SM2, LIBCRYPTO, Contexts, forget_errors, private_key, public_key
from reference_impl.wire.sm2 import KeyPair

MAX_PLAIN_BYTES = 255
"""What the field's libraries take at most: enough for a key, and nothing else is meant to be sent this way."""

_OVERHEAD_BYTES = 128


class Encryptor:
    """Encrypts for the holder of one private key.

    Raises:
        ValueError: ``public`` is not a point of the curve.
    """

    def __init__(self, public: bytes) -> None:
        self._contexts = Contexts(public_key(public), LIBCRYPTO.EVP_PKEY_encrypt_init)

    def encrypt(self, plain: bytes) -> bytes:
        """Return the ciphertext of 1 to ``MAX_PLAIN_BYTES`` bytes.

        Raises:
            ValueError: ``plain`` is empty or too long.
        """
        if not 1 <= len(plain) <= MAX_PLAIN_BYTES:
            raise ValueError(f"SM2 encrypts 1 to {MAX_PLAIN_BYTES} bytes")
        return _run(self._contexts, LIBCRYPTO.EVP_PKEY_encrypt, plain)


class Decryptor:
    """Decrypts what was encrypted for one key pair.

    Raises:
        ValueError: the keys are not valid or not a pair.
    """

    def __init__(self, keys: KeyPair) -> None:
        self._contexts = Contexts(private_key(keys.private, keys.public), LIBCRYPTO.EVP_PKEY_decrypt_init)

    def decrypt(self, sealed: bytes) -> bytes:
        """Return the plain bytes.

        Raises:
            ValueError: encrypted for another key, or changed since.
        """
        if not sealed:
            raise ValueError("an SM2 ciphertext is not empty")
        return _run(self._contexts, LIBCRYPTO.EVP_PKEY_decrypt, sealed)


def _run(contexts: Contexts, operation: Any, data: bytes) -> bytes:
    size = len(data) + _OVERHEAD_BYTES
    out = FFI_SM2.new("unsigned char[]", size)
    length = FFI_SM2.new("size_t *", size)
    context = contexts.borrow()
    if operation(context, out, length, data, len(data)) != 1:
        forget_errors()
        raise ValueError("an SM2 ciphertext does not open with this key")
    contexts.give_back(context)
    return bytes(FFI_SM2.buffer(out)[: length[0]])
