"""One person, one card: whoever asks, however often, through whatever channel, at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from reference_impl.cards import issuance
from reference_impl.cards.holding import card_of_person, find_by_document, find_by_id, require_active
from reference_impl.cards.issuance import CHANNELS_OF, read_application
from reference_impl.cards.life_cycle import Operation, change_state
from reference_impl.cards.newborns import read_newborn
from reference_impl.cards.real_name import Authenticated
from reference_impl.refusals import RefusalError
from reference_impl.storage.schema import CARDS, PERSONS

NOW_MS = 1_800_000_000_000
CLERK = {"apply_type": "3", "clerk_id": "window-7"}


def rows(connection, table):
    return connection.scalar(select(func.count()).select_from(table))


def test_a_card_is_made_and_found(registry, connection):
    issued = registry.issue(connection, fields={"cellphone": "19900000000"})
    held = issued.held
    assert (held.state, held.active_since_ms, issued.change.operation) == ("2", NOW_MS, Operation.ISSUE)
    assert (issued.change.old_state, issued.change.new_state, issued.change.changed) == ("", "2", True)
    assert {name: value for name, value in held.identity.items() if value} == {
        "id_type": "01",
        "id_no": registry.citizen(1),
        "name": "张合成",
        "birthday": "1990-01-01",
        "gender": "1",
        "cellphone": "19900000000",
    }
    assert find_by_id(connection, registry.keys, held.card_id) == held
    assert find_by_document(connection, registry.keys, registry.person().document) == held
    assert registry.citizen(1) not in repr(issued)
    assert "张合成" not in repr(issued)


def test_asking_again_gives_the_same_card(registry, connection):
    first = registry.issue(connection).held
    for id_type, id_no in (("02", registry.citizen(1)), ("01", "439900900101001")):
        again = registry.issue(connection, registry.person(id_no, id_type=id_type), NOW_MS + 1)
        assert (again.held, again.change.changed) == (first, False)
    assert rows(connection, CARDS) == rows(connection, PERSONS) == 1


def test_two_people_have_two_cards(registry, connection):
    one, two = (registry.issue(connection, registry.person(registry.citizen(serial))).held for serial in (1, 2))
    assert len({one.card_id, two.card_id, one.mindex_id, two.mindex_id}) == 4


def test_another_name_for_a_registered_document(registry, connection):
    registry.issue(connection)
    with pytest.raises(RefusalError, match="identity_mismatch"):
        registry.issue(connection, registry.person(name="李合成"))


def test_a_birthday_that_is_not_the_documents(registry, connection):
    registry.issue(connection, fields={"birthday": "1990-01-01"})
    with pytest.raises(RefusalError) as caught:
        registry.issue(connection, registry.person(registry.citizen(2)), fields={"birthday": "1990-01-02"})
    assert caught.value.field == "birthday"
    assert rows(connection, PERSONS) == 1


def test_fields_cannot_replace_what_was_authenticated(registry, connection):
    held = registry.issue(connection, fields={"name": "李合成", "id_no": registry.citizen(9), "id_type": "03"}).held
    assert (held.identity["name"], held.identity["id_no"]) == ("张合成", registry.citizen(1))


@pytest.mark.parametrize(("state", "kept"), [(Operation.REPORT_LOST, "4"), (Operation.FREEZE, "5")])
def test_registering_again_does_not_thaw_or_find(registry, connection, state, kept):
    held = registry.issue(connection).held
    change_state(connection, held, state, "test", NOW_MS)
    issued = registry.issue(connection, **CLERK)
    assert (issued.held.state, issued.static_code) == (kept, "")


def test_registering_again_opens_a_closed_card_and_voids_its_codes(registry, connection):
    held = registry.issue(connection).held
    change_state(connection, held, Operation.CLOSE, "test", NOW_MS)
    again = registry.issue(connection, now_ms=NOW_MS + 5)
    assert (again.held.card_id, again.held.mindex_id) == (held.card_id, held.mindex_id)
    assert (again.held.state, again.held.active_since_ms) == ("2", NOW_MS + 5)
    assert again.change.operation is Operation.REOPEN


def test_a_static_code_is_given_off_line_only(registry, connection):
    on_line = registry.issue(connection)
    assert on_line.static_code == ""
    off_line = registry.issue(connection, **CLERK)
    assert off_line.static_code == f"{on_line.held.card_id}:1"


def test_a_batch_makes_inactive_cards_that_registering_activates(registry, connection):
    batch = registry.issue(connection, apply_type="4", clerk_id="records-office")
    assert (batch.held.state, batch.static_code) == ("1", f"{batch.held.card_id}:1")
    with pytest.raises(RefusalError, match="card_not_active"):
        require_active(batch.held)
    assert registry.issue(connection, apply_type="4", clerk_id="records-office").held.state == "1"
    active = registry.issue(connection, now_ms=NOW_MS + 5)
    assert (active.held.state, active.held.active_since_ms) == ("2", NOW_MS + 5)
    assert active.change.operation is Operation.ACTIVATE


@pytest.mark.parametrize(
    ("fields", "outcome", "field"),
    [
        ({"apply_type": "3"}, "clerk_required", "clerk_id"),
        ({"apply_type": "4"}, "clerk_required", "clerk_id"),
        ({"apply_type": "3", "clerk_id": "a b"}, "bad_field", "clerk_id"),
        ({"apply_type": "3", "clerk_id": "a" * 33}, "bad_field", "clerk_id"),
        ({"apply_type": "3", "clerk_id": "a\n"}, "bad_field", "clerk_id"),
        ({"apply_type": "5"}, "bad_field", "apply_type"),
        ({"apply_type": "1", "channelcode": "0100"}, "bad_field", "channelcode"),
        ({"apply_type": "2", "channelcode": "0401"}, "bad_field", "channelcode"),
    ],
)
def test_applications_that_are_none(fields, outcome, field):
    with pytest.raises(RefusalError) as caught:
        read_application(fields)
    assert (caught.value.outcome.name, caught.value.field) == (outcome, field)


def test_every_channel_of_every_apply_type():
    for apply_type, channels in CHANNELS_OF.items():
        fields = {"apply_type": apply_type, "clerk_id": "王" * 32}
        assert read_application(fields).channel == channels[0]
        assert [read_application(fields | {"channelcode": channel}).channel for channel in channels] == list(channels)
    assert read_application({}).apply_type == "1"


def test_the_channel_is_kept(registry, connection):
    registry.issue(connection, apply_type="1", channelcode="0402")
    assert connection.scalar(select(CARDS.c.channel)) == "0402"


def test_a_child_is_issued_a_card_under_its_mother(registry, connection):
    mother = registry.person(registry.citizen(2), name="王合成")
    child = Authenticated(read_newborn(mother.document, "1", "2027-01-10", NOW_MS), "小宝")
    orphan = registry.issue(connection, child).held
    assert connection.scalar(select(PERSONS.c.guardian_no)) is None
    registered = registry.issue(connection, mother).held
    twin = Authenticated(read_newborn(mother.document, "2", "2027-01-10", NOW_MS), "小贝")
    held = registry.issue(connection, twin, fields={"birthday": "2027-01-10"}).held
    assert (held.identity["id_type"], held.identity["id_no"], held.identity["birthday"]) == ("99", "", "2027-01-10")
    guardian = connection.scalar(select(PERSONS.c.guardian_no).where(PERSONS.c.person_no == held.person_no))
    assert guardian == registered.person_no
    assert len({orphan.card_id, held.card_id, registered.card_id}) == 3


def test_fifty_at_once_get_one_card(busy_registry):
    registry = busy_registry
    start = threading.Barrier(50)

    def ask(number):
        start.wait()
        application = CLERK if number % 2 else {"apply_type": "1", "channelcode": "0401"}
        with registry.engine.begin() as connection:
            return registry.issue(connection, **application)

    with ThreadPoolExecutor(50) as pool:
        issued = list(pool.map(ask, range(50)))
    assert len({one.held.card_id for one in issued}) == 1
    assert sum(one.change.changed for one in issued) == 1
    with registry.engine.begin() as connection:
        assert rows(connection, PERSONS) == rows(connection, CARDS) == 1


def test_the_index_decides_where_the_look_up_came_too_early(registry, connection, monkeypatch):
    winner = registry.issue(connection).held
    # A database that lets two transactions in at once: this one looked before the other had committed.
    monkeypatch.setattr(issuance, "card_of_person", lambda *_: None)
    loser = registry.issue(connection, now_ms=NOW_MS + 5)
    assert (loser.held, loser.change.changed) == (winner, False)
    assert rows(connection, PERSONS) == rows(connection, CARDS) == 1


def test_the_database_holds_no_second_open_card(registry, connection):
    held = registry.issue(connection).held
    second = {
        "card_id": b"2" * 32,
        "person_no": held.person_no,
        "state": "4",
        "active_since_ms": 0,
        "channel": "",
        "changed_ms": 0,
    }
    with pytest.raises(Exception, match="UNIQUE"):
        connection.execute(CARDS.insert(), second)
    connection.execute(CARDS.insert(), second | {"state": "3"})


def test_an_id_written_otherwise_is_unknown(registry, connection):
    held = registry.issue(connection).held
    for card_id in (held.card_id.lower(), f" {held.card_id[1:]}", held.card_id[:-1], "", "G" * 64):
        with pytest.raises(RefusalError, match="unknown_card"):
            find_by_id(connection, registry.keys, card_id)
    assert card_of_person(connection, registry.keys, registry.person(registry.citizen(5)).document) is None


def test_other_keys_give_other_ids(registry, connection):
    held = registry.issue(connection).held
    registry.keys = replace(registry.keys, card_id=b"x" * 32)
    assert issuance.card_id_of(registry.keys, registry.person().document) != held.card_id
