"""SM2 encryption against the standard's published example and an implementation that shares no code with it."""

import gmssl_pyx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.wire.sm2 import generate, key_pair
from reference_impl.wire.sm2_encryption import Decryptor, Encryptor

STANDARD = key_pair(bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"))
C1_X = "04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
C1_Y = "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
C3 = "59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"
C2 = "21886CA989CA9C7D58087307CA93092D651EFA"


def test_the_ciphertext_of_the_standard_opens():
    der = bytes.fromhex(f"307C0220{C1_X}022100{C1_Y}0420{C3}0413{C2}")
    assert Decryptor(STANDARD).decrypt(der) == b"encryption standard"


@given(plain=st.binary(min_size=1, max_size=255))
def test_both_implementations_read_each_other(plain):
    ours = Encryptor(STANDARD.public).encrypt(plain)
    assert gmssl_pyx.sm2_decrypt(STANDARD.private, ours) == plain
    assert Decryptor(STANDARD).decrypt(gmssl_pyx.sm2_encrypt(STANDARD.public[1:], plain)) == plain


def test_a_changed_ciphertext_does_not_open():
    sealed = Encryptor(STANDARD.public).encrypt(b"k" * 32)
    decryptor = Decryptor(STANDARD)
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(ValueError, match="does not open"):
            decryptor.decrypt(bytes(changed))
    assert decryptor.decrypt(sealed) == b"k" * 32


@given(sealed=st.binary(max_size=400))
def test_what_is_no_ciphertext_is_a_value_error(sealed):
    with pytest.raises(ValueError, match="SM2 ciphertext"):
        Decryptor(STANDARD).decrypt(sealed)


def test_another_key_does_not_open():
    sealed = Encryptor(STANDARD.public).encrypt(b"k" * 32)
    with pytest.raises(ValueError, match="does not open"):
        Decryptor(generate()).decrypt(sealed)


@pytest.mark.parametrize("plain", [b"", bytes(256)])
def test_a_length_it_cannot_carry_is_refused(plain):
    with pytest.raises(ValueError, match="1 to 255"):
        Encryptor(STANDARD.public).encrypt(plain)
