"""The one-time token of a dynamic code: 16 bytes that prove themselves, without a look-up.

Reconstructed; the province's token is not public. Layout, big-endian, written as 32 upper-case hex characters::

    key version 1 | milliseconds since 2020-01-01T00:00Z 5 | nonce 2 | HMAC-SM3 over those 8 bytes and the card id 8

A forger has one chance in 2**64 per try and cannot try without asking the platform. The nonce tells apart codes of one
card made in the same millisecond.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from reference_impl.entropy import RandomBytes
from reference_impl.refusals import EXPIRED_CODE, FORGED_CODE, FUTURE_CODE, RefusalError
from reference_impl.wire.sm import hmac_sm3

EPOCH_MS = 1_577_836_800_000

_TIME = slice(1, 6)
_SIGNED = slice(0, 8)
_MAC_BYTES = 8
_NONCES = 1 << 16


def issue(keys: Mapping[int, bytes], card_id: str, now_ms: int, random: RandomBytes, count: int = 1) -> list[str]:
    """Make ``count`` (1..65536) different tokens for one card under the newest key."""
    version = max(keys)
    head = version.to_bytes(1) + (now_ms - EPOCH_MS).to_bytes(5)
    # Counting on from a random start keeps the nonces of one call apart, which drawing each anew would not.
    start = int.from_bytes(random(2))
    signed = (head + ((start + step) % _NONCES).to_bytes(2) for step in range(count))
    return [(part + _mac(keys[version], part, card_id)).hex().upper() for part in signed]


def check(keys: Mapping[int, bytes], token: str, card_id: str, now_ms: int, ttl_ms: int) -> int:
    """Prove a token (32 hex characters) genuine for ``card_id`` and in time; return when it was issued, Unix ms.

    Raises:
        RefusalError: forged_code, future_code or expired_code.
    """
    raw = bytes.fromhex(token)
    signed = raw[_SIGNED]
    key = keys.get(raw[0])
    if key is None or not hmac.compare_digest(_mac(key, signed, card_id), raw[_SIGNED.stop :]):
        raise RefusalError(FORGED_CODE)
    issued_ms = EPOCH_MS + int.from_bytes(raw[_TIME])
    if issued_ms > now_ms:
        raise RefusalError(FUTURE_CODE)
    if now_ms - issued_ms > ttl_ms:
        raise RefusalError(EXPIRED_CODE)
    return issued_ms


def _mac(key: bytes, signed: bytes, card_id: str) -> bytes:
    return hmac_sm3(key, signed + card_id.encode())[:_MAC_BYTES]
