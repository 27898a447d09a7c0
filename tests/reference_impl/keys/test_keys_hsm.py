"""A root that was made inside an HSM, against SoftHSM."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from pkcs11 import Attribute, KeyType, MechanismFlag

from reference_impl.errors import PlatformError
from reference_impl.keys.guarded_operations import approve, propose_new_root
from reference_impl.keys.hsm_root import HsmRoot, _session
from reference_impl.keys.keyring import open_keyring
from reference_impl.keys.province import create_keys, replace_root


@pytest.fixture
def hsm_root(hsm_place, random):
    return HsmRoot.create(hsm_place, random)


def test_a_key_wrapped_for_a_place_opens_there_only(hsm_root, random):
    wrapped = hsm_root.wrap(b"k" * 32, "keys/province//1", random)
    assert b"k" * 32 not in wrapped
    assert hsm_root.unwrap(wrapped, "keys/province//1") == b"k" * 32
    with pytest.raises(PlatformError, match="the HSM refuses"):
        hsm_root.unwrap(wrapped, "keys/province//2")
    with pytest.raises(PlatformError, match="the HSM refuses"):
        hsm_root.unwrap(wrapped[:-1] + bytes([wrapped[-1] ^ 1]), "keys/province//1")


def test_the_same_key_is_found_again_and_not_made_twice(hsm_place, hsm_root, random):
    wrapped = hsm_root.wrap(b"k" * 32, "place", random)
    assert HsmRoot.create(hsm_place, random).unwrap(wrapped, "place") == b"k" * 32
    assert HsmRoot(hsm_place).mark == hsm_root.mark


def test_the_key_cannot_leave_the_token(hsm_place, hsm_root):
    with _session(hsm_place, rw=True) as session:
        key = session.get_key(label=hsm_place.key)
        assert key[Attribute.SENSITIVE]
        assert not key[Attribute.EXTRACTABLE]
    with pytest.raises(PlatformError, match="AttributeSensitive"), _session(hsm_place, rw=False) as session:
        session.get_key(label=hsm_place.key)[Attribute.VALUE]


def plant_extractable(place, mark):
    with _session(place, rw=True) as session:
        session.generate_key(
            KeyType.AES,
            256,
            label=place.key,
            id=mark,
            store=True,
            capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
            template={Attribute.EXTRACTABLE: True},
        )


def test_a_key_that_could_leave_is_no_root(hsm_place, random):
    place = replace(hsm_place, key="extractable")
    plant_extractable(place, bytes(8))
    with pytest.raises(PlatformError, match="could leave it"):
        HsmRoot.create(place, random)


def test_a_key_that_could_leave_is_not_followed(hsm_place, random):
    place = replace(hsm_place, key="planted")
    root = HsmRoot.create(place, random)
    plant_extractable(place, b"planted!")
    with pytest.raises(PlatformError, match="could leave it"):
        root.unwrap(b"planted!" + bytes(60), "place")


def test_a_key_of_another_maker_without_an_id_is_no_root(hsm_place, random):
    place = replace(hsm_place, key="foreign")
    with _session(place, rw=True) as session:
        session.generate_key(KeyType.AES, 256, label=place.key, store=True, template={Attribute.EXTRACTABLE: False})
    with pytest.raises(PlatformError, match="no id of 8 bytes"):
        HsmRoot(place)


def test_a_key_that_was_destroyed_is_missed(hsm_place, random):
    place = replace(hsm_place, key="destroyed")
    root = HsmRoot.create(place, random)
    wrapped = root.wrap(b"k" * 32, "place", random)
    with _session(place, rw=True) as session:
        session.get_key(label=place.key).destroy()
    for use in (lambda: root.unwrap(wrapped, "place"), lambda: root.wrap(b"k" * 32, "place", random)):
        with pytest.raises(PlatformError, match=f"holds no key destroyed with the mark {root.mark.hex()}"):
            use()


def test_a_running_platform_outlives_its_hsm(hsm_place, random, pin_file):
    place = replace(hsm_place, pin_file=pin_file("739125"))
    root = HsmRoot.create(place, random)
    wrapped, other = root.wrap(b"k" * 32, "place", random), root.wrap(b"o" * 32, "place", random)
    assert root.unwrap(wrapped, "place") == b"k" * 32
    place.pin_file.unlink()
    assert root.unwrap(wrapped, "place") == b"k" * 32
    for asked in ((other, "place"), (wrapped, "elsewhere")):
        with pytest.raises(PlatformError, match="cannot be read"):
            root.unwrap(*asked)


def test_a_wrong_pin_is_told_by_its_file(hsm_place, hsm_root, pin_file):
    place = replace(hsm_place, pin_file=pin_file("000000"))
    with pytest.raises(PlatformError, match="refuses the PIN") as caught:
        HsmRoot(place)
    assert "pin-000000" in caught.value.where
    assert "739125" not in str(caught.value)
    assert HsmRoot(hsm_place).mark == hsm_root.mark


@pytest.mark.parametrize(
    ("mode", "text", "match"), [(0o644, "1234", "mode 0644"), (0o600, "\n", "empty"), (None, "", "cannot be read")]
)
def test_a_pin_file_that_cannot_be_used(hsm_place, tmp_path, mode, text, match):
    path = tmp_path / "pin"
    if mode is not None:
        path.write_text(text)
        path.chmod(mode)
    with pytest.raises(PlatformError, match=match):
        HsmRoot(replace(hsm_place, pin_file=path))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"token": "no-such-token"}, "no token of that label"),
        ({"key": "no-such-key"}, "holds no key no-such-key"),
        ({"module": Path("/no/such/module.so")}, "the HSM refuses"),
    ],
)
def test_what_is_missing_is_named(hsm_place, hsm_root, change, match):
    with pytest.raises(PlatformError, match=match):
        HsmRoot(replace(hsm_place, **change))


def test_a_description_names_token_key_and_mark(hsm_place, hsm_root):
    assert hsm_root.describe() == f"HSM token {hsm_place.token}, key {hsm_place.key} ({hsm_root.mark.hex()})"


def test_threads_share_one_login(hsm_place, hsm_root, random):
    wrapped = hsm_root.wrap(b"k" * 32, "place", random)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: HsmRoot(hsm_place).unwrap(wrapped, "place"), range(40))) == {b"k" * 32}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_worker_forked_from_the_platform_reaches_the_hsm(hsm_root, random):
    wrapped = hsm_root.wrap(b"k" * 32, "place", random)
    child = os.fork()
    if child == 0:
        opened = None
        try:
            opened = hsm_root.unwrap(wrapped, "place")
        finally:
            os._exit(0 if opened == b"k" * 32 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert hsm_root.unwrap(wrapped, "place") == b"k" * 32


def test_a_root_is_replaced_inside_the_token_and_workers_follow(engine, hsm_place, random, now_ms):
    place = replace(hsm_place, key="replaced")
    root = HsmRoot.create(place, random)
    with engine.begin() as connection:
        create_keys(connection, root, random, now_ms)
        before = open_keyring(connection, root, now_ms)
        orphan, asked = (propose_new_root(connection, root.stage_successor(random), "li", now_ms, random) for _ in "12")
    of_another_worker = HsmRoot(place)
    with engine.begin() as connection:
        approve(connection, asked.request_id, "wang", root, now_ms, random)
    for follower in (root, of_another_worker, HsmRoot(place)):
        with engine.begin() as connection:
            assert open_keyring(connection, follower, now_ms).card_id == before.card_id
        assert follower.mark.hex() == asked.argument["mark"] != orphan.argument["mark"]
    with pytest.raises(PlatformError, match="holds no key replaced with the mark 0000000000000000"):
        root.staged_successor(bytes(8))


def test_keys_made_under_the_hsm_open_with_it_alone(engine, root, hsm_root, random, now_ms):
    with engine.begin() as connection:
        create_keys(connection, hsm_root, random, now_ms)
        assert open_keyring(connection, hsm_root, now_ms).tokens
        with pytest.raises(PlatformError, match=f"wrapped by the root {hsm_root.mark.hex()}"):
            open_keyring(connection, root, now_ms)


def test_from_a_file_into_the_hsm_and_out_of_it_to_another_key(connection, root, keyring, hsm_place, random, now_ms):
    before = keyring()
    sealed = before.person_data.seal(b"identity", "persons/1", random)
    first = HsmRoot.create(replace(hsm_place, key="first"), random)
    second = HsmRoot.create(replace(hsm_place, key="second"), random)
    replace_root(connection, root, first, random, now_ms)
    replace_root(connection, first, second, random, now_ms)
    for gone in (root, first):
        with pytest.raises(PlatformError, match=f"wrapped by the root {second.mark.hex()}"):
            open_keyring(connection, gone, now_ms)
    after = open_keyring(connection, second, now_ms)
    assert after.card_id == before.card_id
    assert after.tokens == before.tokens
    assert after.person_data.unseal(sealed, "persons/1") == b"identity"
