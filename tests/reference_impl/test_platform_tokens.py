"""The one-time token: 16 bytes that prove themselves."""

import re
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.codes.tokens import EPOCH_MS, TokenKeys, check, issue, issued_at
from reference_impl.refusals import RefusalError

CARD = "A" * 64
NOW = 1_800_000_000_000
TTL = 60_000
KEYS = TokenKeys({1: b"k" * 32}, 1, {})


def refusal(token, card_id=CARD, now=NOW, keys=KEYS):
    with pytest.raises(RefusalError) as caught:
        check(keys, token, card_id, now, TTL)
    return caught.value.outcome.name


def one(now=NOW, keys=KEYS):
    return issue(keys, CARD, now, secrets.token_bytes)[0]


def test_a_token_is_32_upper_case_hex_characters_that_carry_version_and_time():
    token = one()
    assert re.fullmatch(r"[0-9A-F]{32}", token)
    assert token.startswith("01" + (NOW - EPOCH_MS).to_bytes(5).hex().upper())
    assert check(KEYS, token, CARD, NOW, TTL) == issued_at(bytes.fromhex(token)) == NOW


def test_a_token_lives_exactly_as_long_as_it_may():
    assert check(KEYS, one(), CARD, NOW + TTL, TTL) == NOW
    assert refusal(one(), now=NOW + TTL + 1) == "expired_code"
    assert refusal(one(), now=NOW - 1) == "future_code"


@given(st.integers(0, 127))
def test_every_flipped_bit_is_a_forgery(bit):
    forged = int(one(), 16) ^ (1 << bit)
    assert refusal(f"{forged:032X}") == "forged_code"


def test_a_token_belongs_to_one_card_and_one_key():
    assert refusal(one(), card_id="B" * 64) == "forged_code"
    assert refusal(one(), keys=TokenKeys({1: b"x" * 32}, 1, {})) == "forged_code"
    assert refusal(one(), keys=TokenKeys({2: KEYS.keys[1]}, 2, {})) == "forged_code"


def test_a_new_key_signs_and_the_old_one_still_proves_until_its_grace_is_over():
    old = one()
    keys = TokenKeys({**KEYS.keys, 2: b"n" * 32}, 2, {1: NOW + 1000})
    assert one(keys=keys).startswith("02")
    assert check(keys, old, CARD, NOW + 1000, TTL) == NOW
    assert refusal(old, now=NOW + 1001, keys=keys) == "expired_code"
    assert check(keys, one(keys=keys), CARD, NOW + TTL, TTL) == NOW


def test_keys_are_not_told():
    assert repr(KEYS.keys[1])[2:-1] not in repr(KEYS)


@pytest.mark.parametrize("start", [b"\0\0", b"\xff\xff"])
def test_tokens_of_one_call_differ(start):
    assert len(set(issue(KEYS, CARD, NOW, lambda _: start, 500))) == 500
