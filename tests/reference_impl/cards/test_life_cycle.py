"""The life of a card: the table, what it leaves behind, and what no sequence of operations can do."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from reference_impl.cards import replacement
from reference_impl.cards.alteration import ALTERABLE, alter
from reference_impl.cards.holding import ACTIVE, CLOSED, find_by_id, find_by_number
from reference_impl.cards.life_cycle import ENDS, TRANSITIONS, Operation, change_state, next_state, reopen
from reference_impl.cards.newborns import read_newborn
from reference_impl.cards.real_name import Authenticated
from reference_impl.cards.replacement import adopt_document
from reference_impl.refusals import RefusalError
from reference_impl.storage.schema import CARDS
from reference_impl.wire.codetables import CARD_STATES

NOW_MS = 1_800_000_000_000


def refused(outcome, call, *arguments, **named):
    with pytest.raises(RefusalError) as caught:
        call(*arguments, **named)
    assert caught.value.outcome.name == outcome
    return caught.value.field


def put(connection, held, state):
    connection.execute(CARDS.update().where(CARDS.c.card_no == held.card_no).values(state=state))


def test_every_pair_of_state_and_operation_is_decided():
    allowed = {
        "activate": "01",
        "report_lost": "2",
        "find": "4",
        "freeze": "2",
        "unfreeze": "5",
        "close": "01245",
        "reopen": "3",
    }
    ends = {
        "activate": "2",
        "report_lost": "4",
        "find": "2",
        "freeze": "5",
        "unfreeze": "2",
        "close": "3",
        "reopen": "2",
    }
    assert {operation.value for operation, _ in TRANSITIONS} == set(allowed)
    for name, states in allowed.items():
        for state in CARD_STATES:
            operation = Operation(name)
            if state in states:
                assert next_state(state, operation) == ends[name]
            elif state == ends[name]:
                assert next_state(state, operation) == state
            else:
                refused("wrong_state", next_state, state, operation)


@pytest.mark.parametrize("operation", [Operation.ISSUE, Operation.ALTER, Operation.REPLACE])
def test_changes_made_elsewhere_are_no_transition(operation):
    for state in CARD_STATES:
        refused("wrong_state", next_state, state, operation)


class LifeOfACard(RuleBasedStateMachine):
    """Whatever is done in whatever order, a state is one of the table's and no card leaves closed but by reopening."""

    @initialize(state=st.sampled_from(["0", "1", "2"]))
    def begin(self, state):
        self.state = state
        self.trace = [state]

    @rule(operation=st.sampled_from(sorted(ENDS, key=lambda o: o.value)))
    def operate(self, operation):
        before = self.state
        try:
            self.state = next_state(before, operation)
        except RefusalError:
            assert (operation, before) not in TRANSITIONS
            return
        assert self.state == ENDS[operation]
        assert next_state(self.state, operation) == self.state
        if before == CLOSED and self.state != CLOSED:
            assert operation is Operation.REOPEN
        if self.state == ACTIVE and before not in ("2", "0", "1"):
            assert operation is {"3": Operation.REOPEN, "4": Operation.FIND, "5": Operation.UNFREEZE}[before]
        self.trace.append(self.state)

    @precondition(lambda self: self.state != CLOSED)
    @rule()
    def every_open_card_can_be_closed(self):
        assert next_state(self.state, Operation.CLOSE) == CLOSED

    @invariant()
    def nothing_returns_to_the_beginning(self):
        trace = getattr(self, "trace", ["2"])
        assert trace[-1] in CARD_STATES
        assert not {"0", "1"} & set(trace[1:])


TestLifeOfACard = LifeOfACard.TestCase
TestLifeOfACard.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize(("operation", "state"), sorted(TRANSITIONS, key=str))
def test_a_transition_is_stored_and_told(registry, connection, operation, state):
    held = registry.issue(connection).held
    put(connection, held, state)
    if operation is Operation.REOPEN:
        change = reopen(connection, registry.keys, held, registry.person(), "asked", NOW_MS + 9)
    else:
        change = change_state(connection, held, operation, "asked", NOW_MS + 9)
    now = find_by_number(connection, registry.keys, held.card_no)
    assert (change.old_state, change.new_state, change.reason) == (state, now.state, "asked")
    assert (change.card_id, change.at_ms, change.changed) == (held.card_id, NOW_MS + 9, True)
    assert now.state == TRANSITIONS[operation, state]
    assert now.active_since_ms == (NOW_MS + 9 if now.state == ACTIVE else NOW_MS)


def test_asking_twice_changes_nothing(registry, connection):
    held = registry.issue(connection).held
    assert not change_state(connection, held, Operation.ACTIVATE, "asked", NOW_MS + 9).changed
    assert find_by_id(connection, registry.keys, held.card_id).active_since_ms == NOW_MS
    change_state(connection, held, Operation.CLOSE, "asked", NOW_MS)
    assert not change_state(connection, held, Operation.CLOSE, "asked", NOW_MS).changed


def test_a_clock_set_back_brings_no_codes_into_force(registry, connection):
    held = registry.issue(connection).held
    change_state(connection, held, Operation.FREEZE, "asked", NOW_MS)
    change_state(connection, held, Operation.UNFREEZE, "asked", NOW_MS - 60_000)
    assert find_by_id(connection, registry.keys, held.card_id).active_since_ms == NOW_MS


def test_of_two_operations_at_once_the_first_decides(busy_registry):
    registry = busy_registry
    with registry.engine.begin() as connection:
        held = registry.issue(connection).held

    def ask(number):
        operation = (Operation.REPORT_LOST, Operation.FREEZE)[number % 2]
        with registry.engine.begin() as connection:
            try:
                return change_state(connection, held, operation, "asked", NOW_MS)
            except RefusalError as refusal:
                return refusal.outcome.name

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(ask, range(12)))
    changes = [answer for answer in answers if answer != "wrong_state"]
    assert len({change.operation for change in changes}) == 1
    assert (len(changes), sum(change.changed for change in changes)) == (6, 1)


def test_reopening_asks_for_the_same_person_again(registry, connection):
    held = registry.issue(connection).held
    change_state(connection, held, Operation.CLOSE, "asked", NOW_MS)
    refused("wrong_state", change_state, connection, held, Operation.REOPEN, "asked", NOW_MS)
    for other in (registry.person(registry.citizen(2)), registry.person(name="李合成")):
        refused("identity_mismatch", reopen, connection, registry.keys, held, other, "asked", NOW_MS)
    assert reopen(connection, registry.keys, held, registry.person(), "asked", NOW_MS).new_state == ACTIVE


@pytest.mark.parametrize("reason", ["", "x" * 65, "a\nb"])
def test_a_change_has_a_reason(registry, connection, reason):
    held = registry.issue(connection).held
    assert refused("bad_field", change_state, connection, held, Operation.CLOSE, reason, NOW_MS) == "reason"
    assert find_by_id(connection, registry.keys, held.card_id).state == ACTIVE


def altered(registry, connection, held, changes, renamed=None):
    return alter(connection, registry.keys, held, changes, "moved", registry.random, NOW_MS, renamed)


def test_contact_fields_are_altered_and_the_others_stay(registry, connection):
    stale = held = registry.issue(connection, fields={"cellphone": "1", "address": "a"}).held
    change = altered(registry, connection, held, {"cellphone": "2", "address": "a"})
    assert (change.fields, change.changed) == (("cellphone",), True)
    altered(registry, connection, stale, {"workcode": "w"})
    held = find_by_id(connection, registry.keys, held.card_id)
    assert held.identity == stale.identity | {"cellphone": "2", "workcode": "w"}
    assert not altered(registry, connection, held, {"cellphone": "2"}).changed


@pytest.mark.parametrize("field", ["id_type", "id_no", "birthday", "name", "mindex_id"])
def test_other_fields_are_not_altered(registry, connection, field):
    held = registry.issue(connection).held
    assert field not in ALTERABLE
    assert refused("bad_field", altered, registry, connection, held, {field: "x"}) == field


def test_a_name_is_altered_after_the_register_confirmed_it(registry, connection):
    held = registry.issue(connection).held
    change = altered(registry, connection, held, {}, registry.person(name="李合成"))
    assert change.fields == ("name",)
    assert registry.issue(connection, registry.person(name="李合成")).held.card_id == held.card_id
    refused("identity_mismatch", registry.issue, connection)
    other = registry.person(registry.citizen(2), "王合成")
    refused("identity_mismatch", altered, registry, connection, held, {}, other)


def test_a_reissued_permit_is_altered_and_the_card_stays(registry, connection):
    first, second = (registry.person(f"439900H123456780{count}", id_type="06") for count in "12")
    held = registry.issue(connection, first).held
    assert registry.issue(connection, second).held.card_id == held.card_id
    assert altered(registry, connection, held, {}, second).fields == ("id_no",)
    assert find_by_id(connection, registry.keys, held.card_id).identity["id_no"].endswith("02")


def test_a_sex_is_a_code(registry, connection):
    held = registry.issue(connection).held
    altered(registry, connection, held, {"gender": "9"})
    assert refused("bad_field", altered, registry, connection, held, {"gender": "3"}) == "gender"


def test_of_a_closed_card_only_the_name_changes(registry, connection):
    held = registry.issue(connection).held
    change_state(connection, held, Operation.CLOSE, "asked", NOW_MS)
    refused("wrong_state", altered, registry, connection, held, {"cellphone": "2"})
    altered(registry, connection, held, {}, registry.person(name="李合成"))
    assert registry.issue(connection, registry.person(name="李合成")).held.state == ACTIVE


def adopted(registry, connection, held, person, now_ms=NOW_MS + 9):
    return adopt_document(connection, registry.keys, held, person, "own number", registry.random, now_ms)


@pytest.fixture
def child(registry):
    mother = registry.person(registry.citizen(2), name="王合成")
    return Authenticated(read_newborn(mother.document, "1", "2027-01-10", NOW_MS), "小宝")


def test_a_child_goes_over_to_its_own_number(registry, connection, child):
    old = registry.issue(connection, child, fields={"cellphone": "1"}).held
    number = registry.citizen(8, "20270110")
    replaced = adopted(registry, connection, old, registry.person(number, "张小宝"))
    new = replaced.held
    assert new.card_id != old.card_id
    assert (new.mindex_id, new.person_no) == (old.mindex_id, old.person_no)
    assert (new.identity["id_no"], new.identity["name"], new.identity["gender"]) == (number, "张小宝", "2")
    assert new.identity["cellphone"] == "1"
    assert (new.state, new.active_since_ms) == (ACTIVE, NOW_MS + 9)
    gone = find_by_id(connection, registry.keys, old.card_id)
    assert (gone.state, gone.replaced, new.replaced) == (CLOSED, True, False)
    assert (replaced.closed.new_state, replaced.issued.card_id) == (CLOSED, new.card_id)
    assert registry.issue(connection, registry.person(number, "张小宝")).held.card_id == new.card_id


def test_a_replaced_card_stays_closed(registry, connection, child):
    old = registry.issue(connection, child).held
    adopted(registry, connection, old, registry.person(registry.citizen(8, "20270110"), "张小宝"))
    old = find_by_id(connection, registry.keys, old.card_id)
    same = Authenticated(child.document, old.identity["name"])
    refused("replaced_card", reopen, connection, registry.keys, old, same, "asked", NOW_MS)
    refused("replaced_card", registry.issue, connection, child)
    refused("replaced_card", altered, registry, connection, old, {"cellphone": "2"})
    refused("replaced_card", adopted, registry, connection, old, registry.person(registry.citizen(9)))


def test_a_document_of_another_person_is_not_adopted(registry, connection, child):
    old = registry.issue(connection, child).held
    registry.issue(connection)
    refused("document_taken", adopted, registry, connection, old, registry.person(name="小宝"))
    refused("document_taken", adopted, registry, connection, old, child)


def test_a_document_taken_between_look_up_and_change(registry, connection, child, monkeypatch):
    old = registry.issue(connection, child).held
    own = registry.person(registry.citizen(8, "20270110"), "小宝")
    registry.issue(connection, own)
    monkeypatch.setattr(replacement, "_TAKEN", select(CARDS.c.card_no).where(CARDS.c.card_no < 0))
    refused("document_taken", adopted, registry, connection, old, own)


def test_a_document_of_somebody_born_another_day_is_not_adopted(registry, connection, child):
    old = registry.issue(connection, child, fields={"birthday": "2027-01-10"}).held
    other = registry.person(registry.citizen(8, "20270111"), "小宝")
    assert refused("bad_field", adopted, registry, connection, old, other) == "birthday"


def test_a_later_child_of_one_mother_is_another_person(registry, connection, child):
    first = registry.issue(connection, child).held
    adopted(registry, connection, first, registry.person(registry.citizen(8, "20270110"), "张小宝"))
    mother = registry.person(registry.citizen(2), name="王合成")
    later = Authenticated(read_newborn(mother.document, "1", "2027-01-14", NOW_MS), "小贝")
    second = registry.issue(connection, later).held
    assert second.person_no != first.person_no


@pytest.mark.parametrize("state", "01245")
def test_adopting_neither_thaws_nor_finds(registry, connection, state):
    held = registry.issue(connection).held
    put(connection, held, state)
    new = adopted(registry, connection, held, registry.person(registry.citizen(2))).held
    assert new.state == state
    assert new.active_since_ms == (NOW_MS + 9 if state == ACTIVE else NOW_MS)


def test_a_closed_card_adopts_nothing(registry, connection):
    held = registry.issue(connection).held
    change_state(connection, held, Operation.CLOSE, "asked", NOW_MS)
    refused("wrong_state", adopted, registry, connection, held, registry.person(registry.citizen(2)))
