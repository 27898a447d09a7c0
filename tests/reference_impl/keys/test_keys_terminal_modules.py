"""A terminal's security module from enrolment to wiping, the platform and the module speaking to each other."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, insert, select, update

from reference_impl.errors import PlatformError
from reference_impl.keys.institution_keys import ensure_institution_key, rotate_institution_key
from reference_impl.keys.life_cycle import revoke, rotate
from reference_impl.keys.purposes import PLATFORM_SIGNING, TERMINAL_MODULE
from reference_impl.keys.terminal_modules import (
    CHALLENGE_LIFE_MS,
    ModuleState,
    check_proof,
    enrol,
    find_module,
    inject,
    list_modules,
    make_challenge,
    repeat_injection,
    succeed,
    wipe,
)
from reference_impl.refusals import RefusalError
from reference_impl.storage.schema import APPS, INSTITUTIONS, TERMINAL_MODULES, TERMINALS
from reference_impl.wire.sm2 import generate
from reference_impl.wire.terminal_module import ModuleError, Proof, SoftwareModule, proof_mac

ORG, APP, TERM, SERIAL = "439900000001", "app-1", "439900T01", "PSAM-0001"


def fill(table, **known):
    """Return a row of ``table`` with a filler in every needed column that the test does not care for."""
    return {
        column.name: known.get(column.name, b"" if "BLOB" in str(column.type) else "x")
        for column in table.columns
        if not column.nullable
    } | known


@pytest.fixture
def province(connection, keyring, random, now_ms):
    """An institution with one application and one terminal."""
    connection.execute(insert(INSTITUTIONS), fill(INSTITUTIONS, org_code=ORG))
    connection.execute(insert(APPS), fill(APPS, app_id=APP, org_code=ORG))
    connection.execute(insert(TERMINALS), fill(TERMINALS, app_id=APP, term_id=TERM))
    ensure_institution_key(connection, keyring(), ORG, random, now_ms)


@pytest.fixture
def module(keyring):
    return SoftwareModule(SERIAL, TERM, generate(), keyring().signing.public)


@pytest.fixture
def enrolled(connection, province, keyring, module, now_ms):
    answer = module.enrol(make_challenge(keyring(), SERIAL, TERM, now_ms))
    return enrol(connection, keyring(), APP, answer, now_ms + 10)


@pytest.fixture
def keyed(connection, enrolled, keyring, module, random, now_ms):
    module.take_key(inject(connection, keyring(), SERIAL, random, now_ms + 20))
    return module


@pytest.fixture
def refused():
    def check(name, change, *arguments):
        with pytest.raises(RefusalError) as caught:
            change(*arguments)
        assert caught.value.outcome.name == name

    return check


def test_a_module_that_answers_is_enrolled(connection, enrolled, now_ms):
    assert (enrolled.serial, enrolled.app_id, enrolled.term_id, enrolled.org_code) == (SERIAL, APP, TERM, ORG)
    assert (enrolled.key_version, enrolled.state, enrolled.enrolled_ms) == (0, ModuleState.ENROLLED, now_ms + 10)
    assert list_modules(connection, ORG) == [enrolled] == [find_module(connection, SERIAL)]
    assert list_modules(connection, "439900000002") == []


def test_a_keyed_module_proves_what_passes_through_it(connection, keyed, keyring, refused):
    proof = keyed.prove(b"message")
    assert check_proof(connection, keyring(), proof, b"message").state is ModuleState.KEYED
    refused("bad_proof", check_proof, connection, keyring(), proof, b"another")
    refused("bad_proof", check_proof, connection, keyring(), replace(proof, mac=bytes(32)), b"message")
    mislabelled = Proof(SERIAL, 9, proof_mac(keyed._key, SERIAL, 9, b"message"))
    refused("bad_proof", check_proof, connection, keyring(), mislabelled, b"message")
    refused("unknown_module", check_proof, connection, keyring(), replace(proof, serial="PSAM-9"), b"message")


def test_the_module_key_stands_sealed_under_its_institution_only(connection, keyed, keyring):
    stored = connection.execute(select(TERMINAL_MODULES)).one()
    assert keyed._key not in stored.sealed_key
    with pytest.raises(PlatformError, match=r"does not open|no longer opens"):
        keyring().app_secret.unseal(stored.sealed_key, f"terminal_modules/{SERIAL}/1")


def test_a_newer_key_ends_the_older(connection, keyed, keyring, refused, random, now_ms):
    old = keyed.prove(b"message")
    newer = inject(connection, keyring(), SERIAL, random, now_ms + 30)
    assert find_module(connection, SERIAL).key_version == newer.version == 2
    refused("bad_proof", check_proof, connection, keyring(), old, b"message")
    keyed.take_key(newer)
    assert check_proof(connection, keyring(), keyed.prove(b"message"), b"message").updated_ms == now_ms + 30


def test_a_key_that_got_lost_is_sent_again(connection, enrolled, module, keyring, refused, random, now_ms):
    refused("bad_proof", repeat_injection, connection, keyring(), SERIAL)
    inject(connection, keyring(), SERIAL, random, now_ms)
    again = repeat_injection(connection, keyring(), SERIAL)
    assert again.version == 1
    module.take_key(again)
    assert check_proof(connection, keyring(), module.prove(b"m"), b"m").key_version == 1


def test_a_wiped_module_is_refused_for_good(connection, keyed, keyring, refused, random, now_ms):
    proof = keyed.prove(b"message")
    answer = keyed.enrol(make_challenge(keyring(), SERIAL, TERM, now_ms))
    keyed.wipe(wipe(connection, keyring(), SERIAL, now_ms + 40))
    record = find_module(connection, SERIAL)
    assert (record.state, record.updated_ms) == (ModuleState.WIPED, now_ms + 40)
    assert connection.scalar(select(TERMINAL_MODULES.c.sealed_key)) == b""
    refused("module_wiped", check_proof, connection, keyring(), proof, b"message")
    refused("module_wiped", inject, connection, keyring(), SERIAL, random, now_ms)
    refused("module_wiped", repeat_injection, connection, keyring(), SERIAL)
    refused("module_wiped", wipe, connection, keyring(), SERIAL, now_ms)
    refused("module_wiped", enrol, connection, keyring(), APP, answer, now_ms)
    with pytest.raises(ModuleError, match="wiped"):
        keyed.prove(b"message")


def test_a_module_is_enrolled_once(connection, enrolled, module, keyring, refused, now_ms):
    thief = SoftwareModule(SERIAL, TERM, generate(), keyring().signing.public)
    for module_ in (module, thief):
        answer = module_.enrol(make_challenge(keyring(), SERIAL, TERM, now_ms))
        refused("module_enrolled", enrol, connection, keyring(), APP, answer, now_ms)
    assert connection.scalar(select(TERMINAL_MODULES.c.public_key)) == module.public_key


@pytest.mark.parametrize("passed", [-1, CHALLENGE_LIFE_MS])
def test_a_challenge_is_fresh(connection, province, module, keyring, refused, now_ms, passed):
    answer = module.enrol(make_challenge(keyring(), SERIAL, TERM, now_ms))
    refused("stale_timestamp", enrol, connection, keyring(), APP, answer, now_ms + passed)
    enrol(connection, keyring(), APP, answer, now_ms + CHALLENGE_LIFE_MS - 1)


def test_a_challenge_is_the_platforms_and_for_one_module(connection, province, module, keyring, refused, now_ms):
    other = make_challenge(keyring(), "PSAM-0002", TERM, now_ms)
    moved = make_challenge(keyring(), SERIAL, "439900T02", now_ms)
    forged = now_ms.to_bytes(6) + bytes(10)
    redated = (now_ms + 1).to_bytes(6) + make_challenge(keyring(), SERIAL, TERM, now_ms)[6:]
    for challenge in (other, moved, forged, redated):
        refused("bad_proof", enrol, connection, keyring(), APP, module.enrol(challenge), now_ms + 1)
    assert len({other, moved, make_challenge(keyring(), SERIAL, TERM, now_ms)}) == 3


def test_an_answer_is_signed_by_the_key_it_brings(connection, province, module, keyring, refused, now_ms):
    answer = module.enrol(make_challenge(keyring(), SERIAL, TERM, now_ms))
    another = replace(answer, public_key=generate().public)
    refused("bad_proof", enrol, connection, keyring(), APP, another, now_ms)
    for wrong in (replace(answer, public_key=b"\x04" + bytes(64)), replace(answer, serial="a|b")):
        refused("bad_field", enrol, connection, keyring(), APP, wrong, now_ms)
    refused("bad_proof", enrol, connection, keyring(), APP, replace(answer, challenge=b"short"), now_ms)


def test_a_module_stands_in_a_terminal_of_the_application(connection, province, module, keyring, refused, now_ms):
    answer = module.enrol(make_challenge(keyring(), SERIAL, TERM, now_ms))
    refused("terminal_refused", enrol, connection, keyring(), "app-2", answer, now_ms)
    connection.execute(delete(TERMINALS))
    refused("terminal_refused", enrol, connection, keyring(), APP, answer, now_ms)


def test_a_challenge_of_an_older_key_is_not_taken(connection, root, province, module, keyring, refused, random, now_ms):
    answer = module.enrol(make_challenge(keyring(), SERIAL, TERM, now_ms))
    rotate(connection, root, TERMINAL_MODULE, 0, now_ms, random)
    refused("bad_proof", enrol, connection, keyring(), APP, answer, now_ms)


def test_module_keys_outlive_the_rotation_of_their_institution(connection, keyed, keyring, random, now_ms):
    rotate_institution_key(connection, keyring(), ORG, random, now_ms)
    assert check_proof(connection, keyring(), keyed.prove(b"m"), b"m")


def test_modules_follow_the_platforms_signing_key(connection, root, keyed, keyring, refused, random, now_ms):
    rotate(connection, root, PLATFORM_SIGNING, 1000, now_ms, random)
    newer = inject(connection, keyring(), SERIAL, random, now_ms)
    with pytest.raises(ModuleError, match="does not come from the platform"):
        keyed.take_key(newer)
    keyed.trust(succeed(keyring(), 1))
    keyed.take_key(newer)
    assert check_proof(connection, keyring(), keyed.prove(b"m"), b"m")
    revoke(connection, root, PLATFORM_SIGNING, 1, now_ms, random)
    refused("unknown_key", succeed, keyring(), 1)


def test_a_sealed_key_moved_to_another_module_does_not_open(connection, keyed, keyring, now_ms):
    connection.execute(update(TERMINAL_MODULES).values(serial="PSAM-0002"))
    with pytest.raises(PlatformError, match="does not open"):
        check_proof(connection, keyring(), replace(keyed.prove(b"m"), serial="PSAM-0002"), b"m")
