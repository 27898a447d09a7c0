"""SM2 signatures with SM3 (GB/T 32918.2-2016) on the recommended curve, by the system's libcrypto.

A signature is 64 bytes, r then s; ``signature_to_der`` and ``signature_from_der`` speak the form of GM/T 0009.
A ``Signer`` or ``Verifier`` is built once for a key and may be used from several threads at a time.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from reference_impl.wire.libcrypto import (
    FFI_SM2,
    G_X,
    G_Y,
    LIBCRYPTO,
    PRIVATE_BYTES,
    A,
    B,
    Contexts,
    N,
    derive_public,
    forget_errors,
    private_key,
    public_key,
)

SIGNATURE_BYTES = 64

DEFAULT_USER_ID = b"1234567812345678"
"""The signer's name where none is agreed: GB/T 35276-2017, clause 10."""

_HALF = SIGNATURE_BYTES // 2
_CURVE = b"".join(number.to_bytes(_HALF) for number in (A, B, G_X, G_Y))
_DER_BYTES = 72
_SEQUENCE = 0x30
_INTEGER = 0x02


@dataclass(frozen=True)
class KeyPair:
    """``private``: 32 bytes, big-endian; ``public``: 65 bytes, 0x04, X, Y."""

    private: bytes = field(repr=False)
    public: bytes


def generate(random: Callable[[int], bytes] = secrets.token_bytes) -> KeyPair:
    """Make a key pair from ``random``, which returns that many unpredictable bytes."""
    while True:
        private = random(PRIVATE_BYTES)
        # Drawing again keeps every key equally likely, which taking a remainder would not.
        if 0 < int.from_bytes(private) < N - 1:
            return key_pair(private)


def key_pair(private: bytes) -> KeyPair:
    """Return the pair of a 32-byte private key.

    Raises:
        ValueError: it is not a number from 1 to n-2.
    """
    return KeyPair(private, derive_public(private))


class Signer:
    """Signs under one private key.

    Args:
        private: 32 bytes.
        public: 65 bytes; derived if absent.
        user_id: the name both ends agree on, at most 8191 bytes.

    Raises:
        ValueError: a key or the name is not valid, or the keys are not a pair.
    """

    def __init__(self, private: bytes, public: bytes | None = None, user_id: bytes = DEFAULT_USER_ID) -> None:
        self.public = derive_public(private) if public is None else public
        key = private_key(private, self.public)
        self._identity = _identity(self.public, user_id)
        self._contexts = Contexts(key, LIBCRYPTO.EVP_PKEY_sign_init)

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte signature of ``data``; every call gives another one."""
        digest = hashlib.new("sm3", self._identity + data).digest()
        context = self._contexts.borrow()
        out = FFI_SM2.new("unsigned char[]", _DER_BYTES)
        length = FFI_SM2.new("size_t *", _DER_BYTES)
        if LIBCRYPTO.EVP_PKEY_sign(context, out, length, digest, len(digest)) != 1:
            forget_errors()
            raise RuntimeError("libcrypto cannot sign with SM2")
        self._contexts.give_back(context)
        return signature_from_der(FFI_SM2.buffer(out)[: length[0]])


class Verifier:
    """Checks signatures against one public key.

    Args:
        public: 65 bytes, 0x04, X, Y.
        user_id: the name both ends agree on, at most 8191 bytes.

    Raises:
        ValueError: the key is not a point of the curve, or the name is too long.
    """

    def __init__(self, public: bytes, user_id: bytes = DEFAULT_USER_ID) -> None:
        self.public = public
        self._contexts = Contexts(public_key(public), LIBCRYPTO.EVP_PKEY_verify_init)
        self._identity = _identity(public, user_id)

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Tell whether ``signature`` was made over ``data``; anything that is no signature is just false."""
        try:
            encoded = signature_to_der(signature)
        except ValueError:
            return False
        digest = hashlib.new("sm3", self._identity + data).digest()
        context = self._contexts.borrow()
        good = bool(LIBCRYPTO.EVP_PKEY_verify(context, encoded, len(encoded), digest, len(digest)) == 1)
        if not good:
            forget_errors()
        self._contexts.give_back(context)
        return good


def identity_digest(public: bytes, user_id: bytes = DEFAULT_USER_ID) -> bytes:
    """Return ZA of GB/T 32918.2-2016, 5.5: 32 bytes that bind the signer's name, the curve and the public key.

    Raises:
        ValueError: the key is not a point of the curve, or the name is too long.
    """
    public_key(public)
    return _identity(public, user_id)


def signature_to_der(signature: bytes) -> bytes:
    """Turn r and s (32 bytes each, from 1 to n-1) into a DER SEQUENCE of two INTEGERs.

    Raises:
        ValueError: another length, or a number out of range.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError(f"an SM2 signature has {SIGNATURE_BYTES} bytes")
    body = _integer(signature[:_HALF]) + _integer(signature[_HALF:])
    return bytes((_SEQUENCE, len(body))) + body


def signature_from_der(encoded: bytes) -> bytes:
    """Turn a DER SEQUENCE of two INTEGERs into the 64 bytes of r and s.

    Raises:
        ValueError: not the one DER form of two numbers from 1 to n-1.
    """
    r, s = _first_numbers(encoded)
    signature = r.to_bytes(_HALF) + s.to_bytes(_HALF)
    if signature_to_der(signature) != encoded:
        raise ValueError("an SM2 signature is not in its one DER form")
    return signature


def _first_numbers(encoded: bytes) -> tuple[int, int]:
    # Loose on purpose: writing the numbers again and comparing refuses every other encoding of the same two.
    try:
        middle = 4 + encoded[3]
        r, s = encoded[4:middle], encoded[middle + 2 : middle + 2 + encoded[middle + 1]]
    except IndexError as error:
        raise ValueError("an SM2 signature is cut short") from error
    if max(len(r), len(s)) > _HALF + 1 or max(r[:1] + s[:1], default=0) >= 0x80:
        raise ValueError("an SM2 signature holds a number out of range")
    numbers = int.from_bytes(r), int.from_bytes(s)
    if max(numbers) >= N:
        raise ValueError("an SM2 signature holds a number out of range")
    return numbers


def _integer(number: bytes) -> bytes:
    if not 0 < int.from_bytes(number) < N:
        raise ValueError("an SM2 signature holds a number out of range")
    digits = number.lstrip(b"\0")
    if digits[0] >= 0x80:
        digits = b"\0" + digits
    return bytes((_INTEGER, len(digits))) + digits


def _identity(public: bytes, user_id: bytes) -> bytes:
    bits = len(user_id) * 8
    if bits >= 1 << 16:
        raise ValueError("an SM2 user id has at most 8191 bytes")
    return hashlib.new("sm3", bits.to_bytes(2) + user_id + _CURVE + public[1:]).digest()
