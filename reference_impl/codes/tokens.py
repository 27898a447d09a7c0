"""The one-time token of a dynamic code: 16 bytes that prove themselves, without a look-up.

Reconstructed; the province's token is not public. Layout, big-endian, written as 32 upper-case hex characters::

    key version 1 | milliseconds since 2020-01-01T00:00Z 5 | nonce 2 | HMAC-SM3 over those 8 bytes and the card id 8

A forger has one chance in 2**64 per try and cannot try without asking the platform. The nonce tells apart codes of one
card made in the same millisecond.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from reference_impl.entropy import RandomBytes
from reference_impl.refusals import EXPIRED_CODE, FORGED_CODE, FUTURE_CODE, RefusalError

EPOCH_MS = 1_577_836_800_000

_TIME = slice(1, 6)
_SIGNED = slice(0, 8)
_MAC_BYTES = 8
_NONCES = 1 << 16


@dataclass(frozen=True)
class TokenKeys:
    """The keys tokens are made and proved with.

    Attributes:
        keys: key version (0..255) to key, of every version that may still be accepted.
        newest: version new tokens are made with.
        grace_until_ms: when a version that is no longer made stops being accepted, Unix ms.
    """

    keys: Mapping[int, bytes] = field(repr=False)
    newest: int
    grace_until_ms: Mapping[int, int]

    @cached_property
    def macs(self) -> Mapping[int, hmac.HMAC]:
        """Key version to the state of an HMAC-SM3 under it: copying one takes a third of the time of making it."""
        return {version: hmac.new(key, digestmod="sm3") for version, key in self.keys.items()}


def issue(keys: TokenKeys, card_id: str, now_ms: int, random: RandomBytes, count: int = 1) -> list[str]:
    """Make ``count`` (1..65536) different tokens for one card (64 hex characters) under the newest key."""
    head = keys.newest.to_bytes(1) + (now_ms - EPOCH_MS).to_bytes(5)
    mac = keys.macs[keys.newest]
    # Counting on from a random start keeps the nonces of one call apart, which drawing each anew would not.
    start = int.from_bytes(random(2))
    signed = (head + ((start + step) % _NONCES).to_bytes(2) for step in range(count))
    return [(part + _mac(mac, part, card_id)).hex().upper() for part in signed]


def check(keys: TokenKeys, token: str, card_id: str, now_ms: int, ttl_ms: int) -> int:
    """Prove a token (32 hex characters) genuine for ``card_id`` and in time; return when it was issued, Unix ms.

    Raises:
        RefusalError: forged_code, future_code or expired_code.
    """
    raw = bytes.fromhex(token)
    signed = raw[_SIGNED]
    version = raw[0]
    mac = keys.macs.get(version)
    if mac is None or not hmac.compare_digest(_mac(mac, signed, card_id), raw[_SIGNED.stop :]):
        raise RefusalError(FORGED_CODE)
    issued_ms = issued_at(raw)
    if issued_ms > now_ms:
        raise RefusalError(FUTURE_CODE)
    if now_ms - issued_ms > ttl_ms or now_ms > keys.grace_until_ms.get(version, now_ms):
        raise RefusalError(EXPIRED_CODE)
    return issued_ms


def issued_at(raw: bytes) -> int:
    """Return when a token (16 bytes) says it was issued, Unix ms; only ``check`` proves it."""
    return EPOCH_MS + int.from_bytes(raw[_TIME])


def _mac(state: hmac.HMAC, signed: bytes, card_id: str) -> bytes:
    mac = state.copy()
    mac.update(signed + card_id.encode())
    return mac.digest()[:_MAC_BYTES]
