"""The published vectors of SM3 and SM4, and the field's vectors of zero padding."""

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from reference_impl.wire.sm import hmac_sm3, sm3_hex, sm4_decrypt, sm4_encrypt

KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
FIELD_KEY = bytes.fromhex("11223344556677888877665544332211")


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_of_the_standard(text, digest):
    assert sm3_hex(text) == digest


def test_hmac_is_the_construction_of_rfc_2104():
    key, text = b"key", b"text"
    inner = bytes.fromhex(sm3_hex(bytes(b ^ 0x36 for b in key.ljust(64, b"\0")) + text))
    assert hmac_sm3(key, text).hex() == sm3_hex(bytes(b ^ 0x5C for b in key.ljust(64, b"\0")) + inner)


def test_sm4_of_the_standard():
    assert sm4_encrypt(KEY, KEY, "zero").hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_a_million_times():
    # A CBC chain over zeros encrypts its own output again and again; the last thousand rounds are ours.
    chain = Cipher(SM4(KEY), modes.CBC(KEY)).encryptor()
    block = chain.update(bytes(16 * 999_000))[-16:]
    for _ in range(1000):
        block = sm4_encrypt(KEY, block, "zero")
    assert block.hex() == "595298c7c6fd271f0402f804c33d3f66"


@pytest.mark.parametrize(
    ("text", "sealed"),
    [
        (b"0123456789abcdef", "6ab7aee2d145ab96a08ff984ed851a91"),
        (b"hello", "c2b8049afb39f08fc1302f0471b471f2"),
    ],
)
def test_zero_padding_of_the_field(text, sealed):
    assert sm4_encrypt(FIELD_KEY, text, "zero").hex() == sealed
    assert sm4_decrypt(FIELD_KEY, bytes.fromhex(sealed), "zero") == text


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 32])
def test_pkcs7_always_adds_and_is_taken_away(length):
    sealed = sm4_encrypt(KEY, b"x" * length)
    assert len(sealed) == (length // 16 + 1) * 16
    assert sm4_decrypt(KEY, sealed) == b"x" * length


@pytest.mark.parametrize("sealed", [b"short", bytes(16)])
def test_what_is_no_cipher_text_is_refused(sealed):
    with pytest.raises(ValueError, match=r"."):
        sm4_decrypt(KEY, sealed)
