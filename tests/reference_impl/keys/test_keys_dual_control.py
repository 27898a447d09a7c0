"""Two officers, a day's time, once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from reference_impl.errors import PlatformError
from reference_impl.keys.dual_control import (
    LIFE_MS,
    Operation,
    RequestState,
    expire_requests,
    find_request,
    list_requests,
    reject,
)
from reference_impl.keys.guarded_operations import approve, propose_new_root, propose_revocation
from reference_impl.keys.keyring import open_keyring
from reference_impl.keys.life_cycle import find_key, rotate
from reference_impl.keys.province import create_keys
from reference_impl.keys.purposes import CARD_ID, PERSON_DATA, TOKEN, State
from reference_impl.keys.root import FileRoot
from reference_impl.refusals import RefusalError
from reference_impl.storage.schema import KEY_REQUESTS

LI, WANG, ZHAO = "officer-li", "officer-wang", "officer-zhao"


@pytest.fixture
def other(tmp_path, random):
    return FileRoot.create(tmp_path / "other.key", random)


@pytest.fixture
def refused():
    def check(name, change, *arguments, **options):
        with pytest.raises(RefusalError) as caught:
            change(*arguments, **options)
        assert caught.value.outcome.name == name

    return check


def test_two_officers_revoke_a_key_and_both_are_on_record(connection, root, keyring, random, now_ms):
    proposed = propose_revocation(connection, TOKEN, 1, LI, now_ms, random)
    assert find_key(connection, TOKEN, 1, now_ms).state is State.ACTIVE
    done = approve(connection, proposed.request_id, WANG, root, now_ms + 5, random)
    assert (done.operation, dict(done.argument)) == (
        Operation.REVOKE_KEY,
        {"purpose": TOKEN, "version": 1, "owner": ""},
    )
    assert (done.proposed_by, done.proposed_ms, done.approved_by, done.approved_ms, done.state) == (
        LI,
        now_ms,
        WANG,
        now_ms + 5,
        RequestState.DONE,
    )
    assert list_requests(connection) == [done]
    assert set(keyring().tokens) == {2}


def test_two_officers_replace_the_root(connection, root, other, keyring, random, now_ms):
    before = keyring()
    proposed = propose_new_root(connection, other, LI, now_ms, random)
    assert proposed.argument == {"mark": other.mark.hex(), "root": other.describe()}
    approve(connection, proposed.request_id, WANG, root, now_ms, random, new_root=other)
    assert open_keyring(connection, other, now_ms).card_id == before.card_id


def test_the_same_officer_cannot_be_both(connection, root, keyring, refused, random, now_ms):
    proposed = propose_revocation(connection, TOKEN, 1, LI, now_ms, random)
    refused("same_officer", approve, connection, proposed.request_id, LI, root, now_ms, random)
    assert find_request(connection, proposed.request_id).state is RequestState.PROPOSED
    assert set(keyring().tokens) == {1}


@pytest.mark.parametrize("officer", ["", "  "])
def test_an_officer_has_a_name(connection, root, refused, officer, random, now_ms):
    refused("bad_field", propose_revocation, connection, TOKEN, 1, officer, now_ms, random)
    proposed = propose_revocation(connection, TOKEN, 1, LI, now_ms, random)
    refused("bad_field", approve, connection, proposed.request_id, officer, root, now_ms, random)


def test_a_proposal_waits_a_day_and_no_longer(connection, root, refused, random, now_ms):
    late = propose_revocation(connection, TOKEN, 1, LI, now_ms, random)
    last = propose_revocation(connection, TOKEN, 1, LI, now_ms + 1, random)
    refused("key_request_expired", approve, connection, late.request_id, WANG, root, now_ms + LIFE_MS, random)
    refused("key_request_expired", reject, connection, late.request_id, WANG, now_ms + LIFE_MS)
    assert [request.request_id for request in expire_requests(connection, now_ms + LIFE_MS)] == [late.request_id]
    assert find_request(connection, late.request_id).state is RequestState.EXPIRED
    refused("key_request_expired", approve, connection, late.request_id, WANG, root, now_ms, random)
    assert approve(connection, last.request_id, WANG, root, now_ms + LIFE_MS, random).state is RequestState.DONE
    assert expire_requests(connection, now_ms + 2 * LIFE_MS) == []


def test_an_approval_happens_once(connection, root, keyring, refused, random, now_ms):
    proposed = propose_revocation(connection, TOKEN, 1, LI, now_ms, random)
    approve(connection, proposed.request_id, WANG, root, now_ms, random)
    refused("key_request_settled", approve, connection, proposed.request_id, ZHAO, root, now_ms, random)
    refused("key_request_settled", reject, connection, proposed.request_id, ZHAO, now_ms + LIFE_MS)
    assert set(keyring().tokens) == {2}
    assert find_request(connection, proposed.request_id).approved_by == WANG


def test_a_rejected_proposal_stays_rejected(connection, root, keyring, refused, random, now_ms):
    proposed = propose_revocation(connection, TOKEN, 1, LI, now_ms, random)
    assert reject(connection, proposed.request_id, LI, now_ms).state is RequestState.REJECTED
    refused("key_request_settled", approve, connection, proposed.request_id, WANG, root, now_ms, random)
    assert set(keyring().tokens) == {1}


def test_what_cannot_be_done_cannot_be_proposed(connection, root, refused, random, now_ms):
    refused("key_fixed", propose_revocation, connection, CARD_ID, 1, LI, now_ms, random)
    refused("unknown_key", propose_revocation, connection, TOKEN, 9, LI, now_ms, random)
    refused("unknown_key_request", approve, connection, "00" * 16, WANG, root, now_ms, random)


def test_an_approval_that_cannot_be_carried_out_leaves_the_proposal_open(engine, root, refused, random, now_ms):
    with engine.begin() as connection:
        create_keys(connection, root, random, now_ms)
        proposed = propose_revocation(connection, PERSON_DATA, 1, LI, now_ms, random)
    with pytest.raises(RefusalError), engine.begin() as connection:
        approve(connection, proposed.request_id, WANG, root, now_ms, random)
    with engine.begin() as connection:
        assert find_request(connection, proposed.request_id).state is RequestState.PROPOSED
        rotate(connection, root, PERSON_DATA, 0, now_ms, random)
        assert approve(connection, proposed.request_id, WANG, root, now_ms, random).state is RequestState.DONE


def test_the_approval_holds_for_the_proposed_root_only(connection, root, other, keyring, random, now_ms, tmp_path):
    proposed = propose_new_root(connection, other, LI, now_ms, random)
    third = FileRoot.create(tmp_path / "third.key", random)
    for wrong, match in ((third, "not the one that was proposed"), (None, "cannot be read")):
        with pytest.raises(PlatformError, match=match):
            approve(connection, proposed.request_id, WANG, root, now_ms, random, new_root=wrong)
        connection.execute(update(KEY_REQUESTS).values(state=RequestState.PROPOSED))
    root.stage_successor(random)
    with pytest.raises(PlatformError, match=f"not the one with the mark {other.mark.hex()}"):
        approve(connection, proposed.request_id, WANG, root, now_ms, random)
    assert keyring().card_id


def test_the_successor_that_waits_is_taken_without_being_named(connection, root, keyring, random, now_ms, tmp_path):
    before = keyring()
    proposed = propose_new_root(connection, root.stage_successor(random), LI, now_ms, random)
    approve(connection, proposed.request_id, WANG, root, now_ms, random)
    assert keyring().card_id == before.card_id
    assert FileRoot(tmp_path / "root.key").mark.hex() == proposed.argument["mark"]


def test_of_two_who_approve_at_once_one_does(engine, root, random, now_ms):
    with engine.begin() as connection:
        create_keys(connection, root, random, now_ms)
        proposed = propose_revocation(connection, TOKEN, 1, LI, now_ms, random)

    def attempt(officer):
        try:
            with engine.begin() as connection:
                return approve(connection, proposed.request_id, officer, root, now_ms, random).approved_by
        except RefusalError as error:
            return error.outcome.name

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, [f"officer-{serial}" for serial in range(8)]))
    assert answers.count("key_request_settled") == 7
    with engine.begin() as connection:
        assert find_request(connection, proposed.request_id).approved_by in answers
        assert set(open_keyring(connection, root, now_ms).tokens) == {2}
