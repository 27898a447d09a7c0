"""Versions of a key against a model: what is accepted, what still opens, and what never again."""

import random as pseudo
from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import create_engine, select, update

from reference_impl.errors import PlatformError
from reference_impl.keys.keyring import open_keyring
from reference_impl.keys.life_cycle import expire_grace, find_key, list_keys, revoke, rotate
from reference_impl.keys.province import create_keys
from reference_impl.keys.purposes import (
    APP_SECRET,
    AUDIT,
    CARD_ID,
    NATIONAL_LINK,
    PERSON_DATA,
    PERSON_LOOKUP,
    PLATFORM_SIGNING,
    PROVINCE,
    TERMINAL_MODULE,
    TOKEN,
    State,
)
from reference_impl.keys.root import FileRoot
from reference_impl.refusals import RefusalError
from reference_impl.storage import epoch
from reference_impl.storage.schema import KEYS, SCHEMA

GRACE_MS = 300_000


def refusal(caught):
    return caught.value.outcome.name


def material(connection, purpose, version):
    return connection.scalar(select(KEYS.c.sealed_key).where(KEYS.c.purpose == purpose, KEYS.c.version == version))


@pytest.mark.parametrize("purpose", [TOKEN, TERMINAL_MODULE, NATIONAL_LINK, PLATFORM_SIGNING])
def test_rotation_accepts_the_old_version_until_its_grace_ends(connection, root, keyring, purpose, random, now_ms):
    fresh = rotate(connection, root, purpose, GRACE_MS, now_ms, random)
    assert (fresh.version, fresh.state, fresh.created_ms) == (2, State.ACTIVE, now_ms)
    old = find_key(connection, purpose, 1, now_ms)
    assert (old.state, old.grace_until_ms) == (State.GRACE, now_ms + GRACE_MS)
    assert find_key(connection, purpose, 1, now_ms + GRACE_MS).state is State.RETIRED
    if purpose == PLATFORM_SIGNING:
        assert set(keyring(now_ms + GRACE_MS - 1).signing_versions) == {1, 2}
        assert set(keyring(now_ms + GRACE_MS).signing_versions) == {2}
        assert keyring().signing_version == 2
    else:
        name = purpose.replace("-", "_")
        passing = getattr(keyring(), name)
        assert passing.active == 2
        assert passing.accepted(1, now_ms + GRACE_MS - 1) is not None
        assert passing.accepted(1, now_ms + GRACE_MS) is None
        assert passing.accepted(2, now_ms + 10 * GRACE_MS) is not None
        assert passing.accepted(3, now_ms) is None
        assert set(getattr(keyring(now_ms + GRACE_MS), name).keys) == {2}


def test_the_token_view_of_the_keyring(connection, root, keyring, random, now_ms):
    first = keyring().tokens[1]
    rotate(connection, root, TOKEN, GRACE_MS, now_ms, random)
    ring = keyring()
    assert set(ring.tokens) == {1, 2}
    assert ring.tokens[1] == first
    assert ring.token_version == 2
    assert ring.token_grace_until == {1: now_ms + GRACE_MS}


@pytest.mark.parametrize("purpose", [PERSON_DATA, APP_SECRET])
def test_values_sealed_before_a_rotation_still_open(connection, root, keyring, purpose, random, now_ms):
    name = purpose.replace("-", "_")
    sealed = getattr(keyring(), name).seal(b"value", "place", random)
    for _ in range(3):
        rotate(connection, root, purpose, 0, now_ms, random)
    keys = getattr(keyring(now_ms + 10 * GRACE_MS), name)
    assert keys.active == 4
    assert keys.unseal(sealed, "place") == b"value"
    assert sealed[0] == 1


def test_the_audit_key_keeps_its_older_versions_for_checking(connection, root, keyring, random, now_ms):
    first = keyring().audit
    rotate(connection, root, AUDIT, 0, now_ms, random)
    assert keyring().audit != first
    assert keyring().audit_versions.keys[1] == first


@pytest.mark.parametrize("purpose", [CARD_ID, PERSON_LOOKUP])
def test_what_names_derive_from_stays(connection, root, keyring, purpose, random, now_ms):
    before = keyring()
    for change in (
        lambda: rotate(connection, root, purpose, 0, now_ms, random),
        lambda: revoke(connection, root, purpose, 1, now_ms, random),
    ):
        with pytest.raises(RefusalError) as caught:
            change()
        assert refusal(caught) == "key_fixed"
    assert keyring().card_id == before.card_id
    assert keyring().person_lookup == before.person_lookup


def test_a_revoked_token_key_is_destroyed_and_replaced_at_once(connection, root, keyring, random, now_ms):
    first = keyring().tokens[1]
    gone = revoke(connection, root, TOKEN, 1, now_ms, random)
    assert gone.state is State.REVOKED
    assert material(connection, TOKEN, 1) == b""
    assert set(keyring().tokens) == {2}
    assert first not in keyring().tokens.values()


def test_a_key_of_stored_values_is_revoked_after_its_rotation_only(connection, root, keyring, random, now_ms):
    sealed = keyring().person_data.seal(b"value", "place", random)
    with pytest.raises(RefusalError) as caught:
        revoke(connection, root, PERSON_DATA, 1, now_ms, random)
    assert refusal(caught) == "key_state"
    rotate(connection, root, PERSON_DATA, 0, now_ms, random)
    revoke(connection, root, PERSON_DATA, 1, now_ms, random)
    with pytest.raises(PlatformError, match="key version 1, which no longer opens"):
        keyring().person_data.unseal(sealed, "place")
    assert material(connection, PERSON_DATA, 1)


def test_what_is_revoked_is_not_revoked_again(connection, root, random, now_ms):
    revoke(connection, root, TOKEN, 1, now_ms, random)
    with pytest.raises(RefusalError) as caught:
        revoke(connection, root, TOKEN, 1, now_ms, random)
    assert refusal(caught) == "key_state"


@pytest.mark.parametrize(("purpose", "version"), [("no-such", 1), (TOKEN, 2), (PROVINCE, 1)])
def test_unknown_keys_are_refused(connection, root, random, now_ms, purpose, version):
    with pytest.raises(RefusalError) as caught:
        revoke(connection, root, purpose, version, now_ms, random)
    assert refusal(caught) == "unknown_key"
    if purpose != TOKEN:
        with pytest.raises(RefusalError) as caught:
            rotate(connection, root, purpose, 0, now_ms, random)
        assert refusal(caught) == "unknown_key"


def test_a_negative_grace_is_refused(connection, root, random, now_ms):
    with pytest.raises(RefusalError) as caught:
        rotate(connection, root, TOKEN, -1, now_ms, random)
    assert (refusal(caught), caught.value.field) == ("bad_field", "grace_ms")


def test_the_version_byte_does_not_run_over(connection, root, keyring, random, now_ms):
    connection.execute(
        update(KEYS).where(KEYS.c.purpose == TOKEN).values(version=254, state=State.REVOKED, sealed_key=b"")
    )
    assert rotate(connection, root, TOKEN, 0, now_ms, random).version == 255
    with pytest.raises(RefusalError) as caught:
        rotate(connection, root, TOKEN, 0, now_ms, random)
    assert refusal(caught) == "key_state"
    assert keyring().token_version == 255


def test_another_root_changes_nothing(connection, random, tmp_path, now_ms):
    other = FileRoot.create(tmp_path / "other.key", random)
    with pytest.raises(PlatformError, match="not by this one"):
        rotate(connection, other, TOKEN, 0, now_ms, random)
    assert [record.version for record in list_keys(connection, now_ms) if record.purpose == TOKEN] == [1]


def test_every_change_moves_the_epoch(connection, root, random, now_ms):
    numbers = [epoch.read(connection)]
    rotate(connection, root, TOKEN, 10, now_ms, random)
    numbers.append(epoch.read(connection))
    assert [record.version for record in expire_grace(connection, now_ms + 10)] == [1]
    numbers.append(epoch.read(connection))
    revoke(connection, root, TOKEN, 1, now_ms, random)
    numbers.append(epoch.read(connection))
    assert numbers == sorted(set(numbers))
    assert expire_grace(connection, now_ms + 10) == []
    assert epoch.read(connection) == numbers[-1]


@dataclass
class Version:
    state: State
    until: int | None
    sealed: bytes


class Life(RuleBasedStateMachine):
    """One passing and one storing purpose, turned at random, beside a model that says what must hold."""

    @initialize()
    def start(self):
        self.engine = create_engine("sqlite://")
        self.connection = self.engine.connect()
        SCHEMA.create_all(self.connection)
        epoch.begin(self.connection)
        self.random = pseudo.Random(7).randbytes
        self.root = MemoryRoot()
        self.now = 1000
        create_keys(self.connection, self.root, self.random, self.now)
        self.model = {purpose: {1: Version(State.ACTIVE, None, self.seal())} for purpose in (TOKEN, PERSON_DATA)}

    def teardown(self):
        self.connection.close()
        self.engine.dispose()

    def ring(self):
        return open_keyring(self.connection, self.root, self.now)

    def seal(self):
        return self.ring().person_data.seal(b"value", "place", self.random)

    def add(self, purpose):
        self.model[purpose][max(self.model[purpose]) + 1] = Version(State.ACTIVE, None, self.seal())

    @rule(purpose=st.sampled_from([TOKEN, PERSON_DATA]), grace_ms=st.sampled_from([0, 1, 50, 500]))
    def rotates(self, purpose, grace_ms):
        rotate(self.connection, self.root, purpose, grace_ms, self.now, self.random)
        old = next(version for version in self.model[purpose].values() if version.state is State.ACTIVE)
        old.state, old.until = (State.GRACE, self.now + grace_ms) if grace_ms else (State.RETIRED, None)
        self.add(purpose)

    @rule(purpose=st.sampled_from([TOKEN, PERSON_DATA]), data=st.data())
    def revokes(self, purpose, data):
        number = data.draw(st.sampled_from(sorted(self.model[purpose])))
        version = self.model[purpose][number]
        active = version.state is State.ACTIVE
        if version.state is State.REVOKED or (active and purpose == PERSON_DATA):
            with pytest.raises(RefusalError):
                revoke(self.connection, self.root, purpose, number, self.now, self.random)
            return
        revoke(self.connection, self.root, purpose, number, self.now, self.random)
        version.state, version.until = State.REVOKED, None
        if active:
            self.add(purpose)

    @rule(ms=st.sampled_from([1, 49, 50, 500]))
    def time_passes(self, ms):
        self.now += ms
        for versions in self.model.values():
            for version in versions.values():
                if version.until is not None and self.now >= version.until:
                    version.state, version.until = State.RETIRED, None

    @rule()
    def grace_is_swept(self):
        expire_grace(self.connection, self.now)

    @invariant()
    @precondition(lambda self: hasattr(self, "model"))
    def records_and_keys_are_those_of_the_model(self):
        ring = self.ring()
        for purpose, versions in self.model.items():
            records = [record for record in list_keys(self.connection, self.now) if record.purpose == purpose]
            stood = {record.version: (record.state, record.grace_until_ms) for record in records}
            assert stood == {number: (version.state, version.until) for number, version in versions.items()}
            assert [record.state for record in records].count(State.ACTIVE) == 1
        tokens = self.model[TOKEN]
        accepted = {n for n, version in tokens.items() if version.state in (State.ACTIVE, State.GRACE)}
        assert {n for n in tokens if ring.token.accepted(n, self.now)} == accepted == set(ring.tokens)
        assert tokens[ring.token_version].state is State.ACTIVE
        assert ring.token_grace_until == {n: v.until for n, v in tokens.items() if v.state is State.GRACE}
        for version in self.model[PERSON_DATA].values():
            if version.state is State.REVOKED:
                with pytest.raises(PlatformError):
                    ring.person_data.unseal(version.sealed, "place")
            else:
                assert ring.person_data.unseal(version.sealed, "place") == b"value"


class MemoryRoot:
    """A root that wraps nothing: the model is about versions."""

    mark = bytes(8)

    def wrap(self, key, context, random):
        return self.mark + key

    def unwrap(self, wrapped, context):
        return wrapped[8:]

    def describe(self):
        return "memory"


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
