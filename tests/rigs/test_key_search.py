"""Key material is found by what it does, however it is told; what merely looks random is not."""

from __future__ import annotations

from random import Random

import pytest

from reference_impl.wire.sm2 import generate
from reference_impl.wire.terminal_module import Proof, proof_mac
from rigs.key_search import Deeds, key_bytes_in
from rigs.protocols.module_cipher import cipher_key, sealed_under

CHANCE = Random(3)
DEVICE, KEY, MESSAGE = generate(CHANCE.randbytes), CHANCE.randbytes(32), CHANCE.randbytes(16)
SM4_KEY = cipher_key(KEY, "SYN-1", 2)
DEEDS = Deeds(
    DEVICE.public,
    ((Proof("SYN-1", 2, proof_mac(KEY, "SYN-1", 2, MESSAGE)), MESSAGE),),
    (("SYN-1", sealed_under(SM4_KEY, "SYN-1", MESSAGE)),),
)


def noise(size: int) -> bytes:
    return CHANCE.randbytes(size)


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ([noise(9) + KEY + noise(5)], 32),
        ([KEY[::-1]], 32),
        ([KEY.hex().encode()], 32),
        ([noise(3), KEY[:16], KEY[16:], noise(3)], 32),
        ([noise(40) + SM4_KEY], 16),
        ([DEVICE.private + noise(2)], 32),
        ([KEY, DEVICE.private], 64),
        ([noise(200)], 0),
        ([bytes(300), b"\xff" * 300, b"0123456789" * 9], 0),
        ([DEVICE.public], 0),
        ([], 0),
    ],
)
def test_keys_are_counted_by_their_bytes(answers, found):
    assert key_bytes_in(answers, DEEDS) == found
