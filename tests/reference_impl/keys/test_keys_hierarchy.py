"""Root, province and purpose keys: made once, opened with the right root only, put under another root whole."""

import pytest
from sqlalchemy import select, update

from reference_impl.errors import PlatformError
from reference_impl.keys.keyring import open_keyring
from reference_impl.keys.life_cycle import list_keys, revoke, rotate
from reference_impl.keys.province import create_keys, open_province, replace_root
from reference_impl.keys.purposes import (
    CARD_ID,
    PERSON_DATA,
    PERSON_LOOKUP,
    PROVINCE,
    PURPOSES,
    TOKEN,
    State,
)
from reference_impl.keys.root import FileRoot
from reference_impl.storage import epoch
from reference_impl.storage.schema import KEYS
from reference_impl.wire.sm2 import Signer, Verifier


@pytest.fixture
def other(tmp_path, random):
    return FileRoot.create(tmp_path / "other.key", random)


def dump(connection):
    return b"".join(connection.scalars(select(KEYS.c.sealed_key).order_by(KEYS.c.purpose, KEYS.c.version)))


def test_every_purpose_has_one_active_key_and_no_two_are_equal(connection, keyring, now_ms):
    records = list_keys(connection, now_ms)
    assert sorted(record.purpose for record in records) == sorted((PROVINCE, *PURPOSES))
    assert {(record.version, record.state, record.created_ms) for record in records} == {(1, State.ACTIVE, now_ms)}
    ring = keyring()
    keys = [ring.card_id, ring.person_lookup, ring.audit, ring.signing.private]
    keys += [passing.keys[1] for passing in (ring.token, ring.terminal_module, ring.national_link)]
    assert {len(key) for key in keys} == {32}
    assert len(set(keys)) == len(keys)
    sealed = ring.person_data.seal(b"x", "c", bytes)
    with pytest.raises(PlatformError):
        ring.app_secret.unseal(sealed, "c")


def test_the_platform_signs_with_a_pair(keyring):
    ring = keyring()
    signature = Signer(ring.signing.private, ring.signing.public).sign(b"text")
    assert Verifier(ring.signing_versions[ring.signing_version].public).verify(b"text", signature)


def test_no_key_is_shown_and_none_stands_in_clear(connection, keyring):
    ring = keyring()
    shown, stored = repr(ring), dump(connection)
    for key in (ring.card_id, ring.person_lookup, ring.audit, ring.tokens[1], ring.signing.private):
        assert repr(key) not in shown
        assert key not in stored


def test_the_same_keys_come_back(connection, root, keyring, now_ms):
    again = open_keyring(connection, root, now_ms)
    assert again.card_id == keyring().card_id
    assert again.tokens == keyring().tokens


def test_another_root_opens_nothing(connection, other, now_ms):
    with pytest.raises(PlatformError, match="not by this one"):
        open_keyring(connection, other, now_ms)
    with pytest.raises(PlatformError, match="not by this one"):
        replace_root(connection, other, other, other.wrap, now_ms)


def test_an_empty_database_says_how_to_make_keys(engine, root, now_ms):
    with engine.begin() as connection, pytest.raises(PlatformError, match="holds no keys"):
        open_keyring(connection, root, now_ms)


def test_sealed_keys_of_two_purposes_cannot_change_places(connection, root, now_ms):
    sealed = dict(connection.execute(select(KEYS.c.purpose, KEYS.c.sealed_key)).tuples().all())
    for purpose, taken in ((CARD_ID, PERSON_LOOKUP), (PERSON_LOOKUP, CARD_ID)):
        connection.execute(update(KEYS).where(KEYS.c.purpose == purpose).values(sealed_key=sealed[taken]))
    with pytest.raises(PlatformError, match="does not open"):
        open_keyring(connection, root, now_ms)


def test_a_new_root_carries_everything_over(connection, root, other, keyring, random, now_ms):
    rotate(connection, root, TOKEN, 1000, now_ms, random)
    rotate(connection, root, PERSON_DATA, 0, now_ms, random)
    revoke(connection, root, PERSON_DATA, 1, now_ms, random)
    before, rows = keyring(), list_keys(connection, now_ms)
    stored = dict(connection.execute(select(KEYS.c.purpose, KEYS.c.sealed_key)).tuples().all())
    number = epoch.read(connection)
    record = replace_root(connection, root, other, random, now_ms + 5)
    assert (record.purpose, record.version) == (PROVINCE, 2)
    assert epoch.read(connection) > number
    after = open_keyring(connection, other, now_ms)
    for name in ("card_id", "person_lookup", "audit", "token", "terminal_module", "national_link", "signing"):
        assert getattr(after, name) == getattr(before, name)
    sealed = before.person_data.seal(b"identity", "persons/1", random)
    assert after.person_data.unseal(sealed, "persons/1") == b"identity"
    kept = [row for row in list_keys(connection, now_ms) if row.purpose != PROVINCE]
    assert kept == [row for row in rows if row.purpose != PROVINCE]
    left = dump(connection)
    assert not any(value in left for value in stored.values())


def test_the_old_root_opens_nothing_after(connection, root, other, random, now_ms):
    before = open_province(connection, root)
    replace_root(connection, root, other, random, now_ms)
    assert open_province(connection, other) != before
    with pytest.raises(PlatformError, match=f"wrapped by the root {other.mark.hex()}"):
        open_keyring(connection, root, now_ms)
    old = next(row for row in list_keys(connection, now_ms) if row.purpose == PROVINCE and row.version == 1)
    assert old.state is State.REVOKED
    assert connection.scalar(select(KEYS.c.sealed_key).where(KEYS.c.purpose == PROVINCE, KEYS.c.version == 1)) == b""


def test_a_replacement_that_fails_leaves_the_old_root_whole(engine, root, random, now_ms, tmp_path):
    class Broken(FileRoot):
        def wrap(self, key, context, random):
            raise PlatformError("gone", where="HSM", remedy="none")

    with engine.begin() as connection:
        create_keys(connection, root, random, now_ms)
        before = open_keyring(connection, root, now_ms)
    with pytest.raises(PlatformError, match="gone"), engine.begin() as connection:
        replace_root(connection, root, Broken(tmp_path / "root.key"), random, now_ms)
    with engine.begin() as connection:
        assert open_keyring(connection, root, now_ms).card_id == before.card_id
