"""Sealed values carry the version of their key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.entropy import system_entropy
from reference_impl.errors import PlatformError
from reference_impl.keys.sealing import SealingKeys, seal, unseal

OLD, NEW = bytes(32), bytes([1]) * 32
BEFORE = SealingKeys(1, {1: OLD})
AFTER = SealingKeys(2, {1: OLD, 2: NEW})


@given(plain=st.binary(max_size=200), context=st.text(max_size=20))
def test_what_an_older_version_sealed_still_opens(plain, context):
    sealed = seal(BEFORE, plain, context, system_entropy)
    assert sealed[0] == 1
    assert unseal(AFTER, sealed, context) == plain


@given(plain=st.binary(max_size=200), context=st.text(max_size=20))
def test_new_values_take_the_active_version(plain, context):
    sealed = seal(AFTER, plain, context, system_entropy)
    assert sealed[0] == 2
    assert unseal(AFTER, sealed, context) == plain


@pytest.mark.parametrize("keys", [AFTER, NEW])
def test_moved_or_changed_values_do_not_open(keys):
    sealed = seal(keys, b"value", "persons/1", system_entropy)
    with pytest.raises(PlatformError, match="does not open"):
        unseal(keys, sealed, "persons/2")
    for at in range(1, len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(PlatformError, match="does not open"):
            unseal(keys, bytes(changed), "persons/1")
    assert unseal(keys, sealed, "persons/1") == b"value"


def test_a_version_cannot_be_passed_off_as_another():
    sealed = seal(AFTER, b"value", "persons/1", system_entropy)
    with pytest.raises(PlatformError, match="does not open"):
        unseal(AFTER, b"\x01" + sealed[1:], "persons/1")


@pytest.mark.parametrize("sealed", [b"", b"\x03" + bytes(40)])
def test_a_version_that_is_gone_is_named(sealed):
    with pytest.raises(PlatformError, match=r"key version (none|3), which no longer opens"):
        unseal(AFTER, sealed, "persons/1")


@given(sealed=st.binary(max_size=60))
def test_no_bytes_make_it_fail_otherwise(sealed):
    with pytest.raises(PlatformError):
        unseal(AFTER, sealed, "persons/1")


def test_no_key_is_shown():
    assert repr(AFTER) == "SealingKeys(active=2, versions=[1, 2])"
