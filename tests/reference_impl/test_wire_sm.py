"""The published vectors of SM3 and SM4, and the field's vectors of zero padding."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from reference_impl.wire.blockcipher import Ecb
from reference_impl.wire.sm import (
    hmac_sm3,
    sm3_hex,
    sm4_gcm_decrypt,
    sm4_gcm_encrypt,
)

KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
FIELD_KEY = bytes.fromhex("11223344556677888877665544332211")
ZERO = Ecb(SM4(KEY), "zero")
PKCS7 = Ecb(SM4(KEY), "pkcs7")
FIELD = Ecb(SM4(FIELD_KEY), "zero")


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
    assert ZERO.encrypt(KEY).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_a_million_times():
    # A CBC chain over zeros encrypts its own output again and again; the last thousand rounds are ours.
    chain = Cipher(SM4(KEY), modes.CBC(KEY)).encryptor()
    block = chain.update(bytes(16 * 999_000))[-16:]
    for _ in range(1000):
        block = ZERO.encrypt(block)
    assert block.hex() == "595298c7c6fd271f0402f804c33d3f66"


@pytest.mark.parametrize(
    ("text", "sealed"),
    [
        (b"0123456789abcdef", "6ab7aee2d145ab96a08ff984ed851a91"),
        (b"hello", "c2b8049afb39f08fc1302f0471b471f2"),
    ],
)
def test_zero_padding_of_the_field(text, sealed):
    assert FIELD.encrypt(text).hex() == sealed
    assert FIELD.decrypt(bytes.fromhex(sealed)) == text


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 32])
def test_pkcs7_always_adds_and_is_taken_away(length):
    sealed = PKCS7.encrypt(b"x" * length)
    assert len(sealed) == (length // 16 + 1) * 16
    assert PKCS7.decrypt(sealed) == b"x" * length


@pytest.mark.parametrize("sealed", [b"short", bytes(16), b""])
def test_what_is_no_cipher_text_is_refused(sealed):
    with pytest.raises(ValueError, match=r"."):
        PKCS7.decrypt(sealed)


@pytest.mark.parametrize("tail", [b"\x00", b"\x11", b"\x01\x02", b"\x03\x02\x03", b"\x0f" * 14, b"\xff"])
def test_a_tail_that_is_no_pkcs7_padding_is_refused(tail):
    block = b"x" * (16 - len(tail)) + tail
    with pytest.raises(ValueError, match="PKCS"):
        PKCS7.decrypt(ZERO.encrypt(block))


def test_zero_padding_adds_no_block_to_an_aligned_text_and_gives_at_most_15_nuls_back():
    assert len(ZERO.encrypt(b"x" * 16)) == 16
    assert len(ZERO.encrypt(b"x" * 17)) == 32
    assert ZERO.encrypt(b"") == b""
    assert ZERO.decrypt(ZERO.encrypt(b"x" + bytes(15))) == b"x"
    assert ZERO.decrypt(ZERO.encrypt(b"x" * 16 + bytes(16))) == b"x" * 16 + b"\0"


@pytest.mark.parametrize("text", [b"x\0", b"x" * 15 + b"\0", bytes(16)])
def test_pkcs7_keeps_trailing_nuls(text):
    assert PKCS7.decrypt(PKCS7.encrypt(text)) == text


def test_one_key_serves_several_threads_at_a_time():
    ecb = Ecb(SM4(KEY), "pkcs7")
    texts = [bytes([number]) * (100_000 + number) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            assert list(pool.map(lambda text: ecb.decrypt(ecb.encrypt(text)), texts)) == texts


def test_a_broken_text_leaves_nothing_behind_for_the_next():
    ecb = Ecb(SM4(KEY), "pkcs7")
    sealed = ecb.encrypt(b"text")
    for broken in (sealed[:-1], sealed + b"x", b"x"):
        with pytest.raises(ValueError, match="whole number of blocks"):
            ecb.decrypt(broken)
    assert ecb.decrypt(sealed) == b"text"


# RFC 8998, appendix A.1
GCM_KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
GCM_NONCE = bytes.fromhex("00001234567800000000abcd")
GCM_BOUND = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
GCM_TEXT = bytes.fromhex("a" * 16 + "b" * 16 + "c" * 16 + "d" * 16 + "e" * 16 + "f" * 16 + "e" * 16 + "a" * 16)
GCM_SEALED = bytes.fromhex(
    "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
    "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    "83de3541e4c2b58177e065a9bf7b62ec"
)


def test_sm4_gcm_of_rfc_8998():
    assert sm4_gcm_encrypt(GCM_KEY, GCM_NONCE, GCM_TEXT, GCM_BOUND) == GCM_SEALED
    assert sm4_gcm_decrypt(GCM_KEY, GCM_NONCE, GCM_SEALED, GCM_BOUND) == GCM_TEXT


@pytest.mark.parametrize("place", [0, 40, 64, 79])
def test_sm4_gcm_finds_a_flipped_bit(place):
    flipped = GCM_SEALED[:place] + bytes([GCM_SEALED[place] ^ 1]) + GCM_SEALED[place + 1 :]
    for sealed, bound in ((flipped, GCM_BOUND), (GCM_SEALED, b""), (GCM_SEALED[:15], GCM_BOUND)):
        with pytest.raises(ValueError, match=r"tag"):
            sm4_gcm_decrypt(GCM_KEY, GCM_NONCE, sealed, bound)
