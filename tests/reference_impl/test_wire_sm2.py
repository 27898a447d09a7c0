"""SM2 against the standard's published example and against an implementation that shares no code with it."""

import hashlib
import random
from concurrent.futures import ThreadPoolExecutor

import gmssl_pyx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.wire.libcrypto import N, open_libcrypto
from reference_impl.wire.sm2 import (
    DEFAULT_USER_ID,
    Signer,
    Verifier,
    generate,
    identity_digest,
    key_pair,
    signature_from_der,
    signature_to_der,
)

PRIVATE = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
PUBLIC = bytes.fromhex(
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
MESSAGE = b"message digest"
SIGNATURE = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)


def test_the_identity_digest_of_the_standard():
    identity = identity_digest(PUBLIC)
    assert identity.hex() == "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3"
    assert (
        hashlib.new("sm3", identity + MESSAGE).hexdigest()
        == "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"
    )


def test_the_signature_of_the_standard():
    assert key_pair(PRIVATE).public == PUBLIC
    verifier = Verifier(PUBLIC)
    assert verifier.verify(MESSAGE, SIGNATURE)
    assert not verifier.verify(MESSAGE + b".", SIGNATURE)
    assert not Verifier(PUBLIC, b"another signer").verify(MESSAGE, SIGNATURE)
    assert not Verifier(generate().public).verify(MESSAGE, SIGNATURE)


def test_two_hundred_messages_across_two_implementations():
    draw = random.Random(20190401)
    for serial in range(200):
        if serial % 20 == 0:
            pair = generate(draw.randbytes)
            signer, verifier = Signer(pair.private), Verifier(pair.public)
        message, name = draw.randbytes(draw.randrange(300)), pair.public[1:]
        ours, theirs = signer.sign(message), gmssl_pyx.sm2_sign(pair.private, name, message, DEFAULT_USER_ID)
        assert gmssl_pyx.sm2_verify(name, message, signature_to_der(ours), DEFAULT_USER_ID)
        assert verifier.verify(message, signature_from_der(theirs))
        flipped = bytearray(ours)
        flipped[draw.randrange(64)] ^= 1 << draw.randrange(8)
        assert not verifier.verify(message, bytes(flipped))


def test_another_agreed_name_is_the_same_name_elsewhere():
    pair = generate()
    signature = Signer(pair.private, pair.public, b"hn-s").sign(MESSAGE)
    assert gmssl_pyx.sm2_verify(pair.public[1:], MESSAGE, signature_to_der(signature), b"hn-s")
    assert not Verifier(pair.public).verify(MESSAGE, signature)


def test_every_signature_is_another_one():
    signer = Signer(PRIVATE)
    assert signer.sign(MESSAGE) != signer.sign(MESSAGE)


@given(signature=st.binary(max_size=80))
def test_what_is_no_signature_is_false_and_nothing_worse(signature):
    assert not Verifier(PUBLIC).verify(MESSAGE, signature)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        SIGNATURE[:-1],
        SIGNATURE + b"\0",
        bytes(32) + SIGNATURE[32:],
        SIGNATURE[:32] + bytes(32),
        SIGNATURE[:32] + N.to_bytes(32),
        SIGNATURE[:32] + (int.from_bytes(SIGNATURE[32:]) + N & ((1 << 256) - 1)).to_bytes(32),
        signature_to_der(SIGNATURE),
    ],
)
def test_a_signature_of_another_form_is_false(signature):
    assert not Verifier(PUBLIC).verify(MESSAGE, signature)


@pytest.mark.parametrize(
    "public",
    [b"", PUBLIC[1:], b"\x02" + PUBLIC[1:33], b"\x06" + PUBLIC[1:], PUBLIC[:-1] + b"\x14", b"\x04" + bytes(64)],
)
def test_a_public_key_off_the_curve_is_refused(public):
    with pytest.raises(ValueError, match="SM2 public key"):
        Verifier(public)
    with pytest.raises(ValueError, match="SM2 public key"):
        identity_digest(public)


@pytest.mark.parametrize("private", [b"", bytes(32), PRIVATE[1:], (N - 1).to_bytes(32), N.to_bytes(32), b"\xff" * 32])
def test_a_private_key_out_of_range_is_refused(private):
    with pytest.raises(ValueError, match="SM2 private key"):
        Signer(private)


def test_the_ends_of_the_private_range_are_keys():
    for private in (1, N - 2):
        pair = key_pair(private.to_bytes(32))
        assert Verifier(pair.public).verify(MESSAGE, Signer(pair.private, pair.public).sign(MESSAGE))


def test_keys_that_are_no_pair_are_refused():
    with pytest.raises(ValueError, match="does not belong"):
        Signer(PRIVATE, generate().public)


def test_a_name_too_long_is_refused():
    Verifier(PUBLIC, b"x" * 8191)
    with pytest.raises(ValueError, match="8191"):
        Verifier(PUBLIC, b"x" * 8192)


def test_a_private_key_is_drawn_again_until_it_is_in_range():
    draws = iter([b"\xff" * 32, bytes(32), PRIVATE])
    assert generate(lambda _size: next(draws)).private == PRIVATE


def test_a_private_key_is_not_shown():
    assert PRIVATE.hex() not in repr(key_pair(PRIVATE)).lower()
    assert repr(PRIVATE) not in repr(key_pair(PRIVATE))


@given(r=st.integers(1, N - 1), s=st.integers(1, N - 1))
def test_der_and_back(r, s):
    signature = r.to_bytes(32) + s.to_bytes(32)
    assert signature_from_der(signature_to_der(signature)) == signature


@given(encoded=st.binary(max_size=80))
def test_what_is_not_der_is_a_value_error(encoded):
    with pytest.raises(ValueError, match="SM2 signature"):
        signature_from_der(encoded)


@pytest.mark.parametrize(
    "encoded",
    [
        "300602010102010100",  # a byte behind
        "30070201010202000 1",  # a needless leading zero
        "3006020101020181",  # negative
        "3006020100020101",  # zero
        "308106020101020101",  # the long form of a short length
        "3106020101020101",  # a SET
        "3006040101020101",  # an OCTET STRING
        "3005020101020101",  # another length
        "30060201010202",
    ],
)
def test_only_one_der_form_is_taken(encoded):
    with pytest.raises(ValueError, match="SM2 signature"):
        signature_from_der(bytes.fromhex(encoded.replace(" ", "")))
    assert signature_from_der(bytes.fromhex("3006020101020101"))[-1] == 1


def test_one_signer_and_one_verifier_serve_many_threads():
    pair = generate()
    signer, verifier = Signer(pair.private), Verifier(pair.public)

    def work(serial):
        message = serial.to_bytes(4)
        signature = signer.sign(message)
        return verifier.verify(message, signature) and not verifier.verify(b"other", signature)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(400)))


def test_a_missing_library_names_the_package():
    with pytest.raises(ImportError, match=r"libcrypto-absent\.so.*apt-get install libssl3"):
        open_libcrypto("libcrypto-absent.so")
