"""Looks for key material in what a security module said, by trying whatever might be a key.

Nobody on the bench knows a module's keys: they were made by the platform, and sealed for the module. But a key can be
recognised by what it does: it makes the proof the module made, opens what the module sealed, or belongs to its public
key.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from reference_impl.wire.libcrypto import PRIVATE_BYTES, derive_public
from reference_impl.wire.terminal_module import MODULE_KEY_BYTES, Proof, is_proven
from rigs.protocols.module_cipher import CIPHER_KEY_BYTES, opened_under

_VARIED = 10
"""Different bytes a piece must have to be tried: one key of 16 random bytes in a million has fewer."""


@dataclass(frozen=True)
class Deeds:
    """What a module's keys did.

    Attributes:
        public_key: of its device key, 65 bytes.
        proofs: proofs it made, each with its message.
        sealed: what it sealed with SM4, nonce before and tag behind, with its serial bound in.
    """

    public_key: bytes
    proofs: tuple[tuple[Proof, bytes], ...]
    sealed: tuple[tuple[str, bytes], ...] = ()


def key_bytes_in(answers: Iterable[bytes], deeds: Deeds) -> int:
    """How many bytes of keys stand in the answers: plain, backwards, in hex, or spread over answers in their order."""
    said = [answer for answer in answers if answer]
    tries: tuple[tuple[int, Callable[[bytes], bool]], ...] = (
        (MODULE_KEY_BYTES, lambda piece: _proves(piece, deeds)),
        (CIPHER_KEY_BYTES, lambda piece: _opens(piece, deeds)),
        (PRIVATE_BYTES, lambda piece: _belongs(piece, deeds)),
    )
    readings = [reading for answer in (*said, b"".join(said)) for reading in _readings(answer)]
    return sum(
        size
        for size, is_key in tries
        for piece in {piece for reading in readings for piece in _pieces(reading, size)}
        if is_key(piece)
    )


def _readings(answer: bytes) -> Iterator[bytes]:
    yield answer
    yield answer[::-1]
    try:
        yield bytes.fromhex(answer.decode("ascii"))
    except ValueError:
        return


def _pieces(reading: bytes, size: int) -> Iterator[bytes]:
    for start in range(len(reading) - size + 1):
        piece = reading[start : start + size]
        if len(set(piece)) >= _VARIED:
            yield piece


def _proves(piece: bytes, deeds: Deeds) -> bool:
    return any(is_proven(piece, proof, message) for proof, message in deeds.proofs)


def _opens(piece: bytes, deeds: Deeds) -> bool:
    for serial, sealed in deeds.sealed:
        try:
            opened_under(piece, serial, sealed)
        except ValueError:
            continue
        return True
    return False


def _belongs(piece: bytes, deeds: Deeds) -> bool:
    try:
        return hmac.compare_digest(derive_public(piece), deeds.public_key)
    except ValueError:
        return False
