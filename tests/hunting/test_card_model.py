"""The model of a card against the platform's own rules, in one process and without a wire."""

from __future__ import annotations

from itertools import islice

from fixtures.card_model import ACTIVE, CHANGES, CLOSED, FAULTS, LOST, CardModel, Code, program
from reference_impl.cards.life_cycle import Operation, next_state
from reference_impl.refusals import RefusalError

OPERATIONS = {
    "lost": Operation.REPORT_LOST,
    "found": Operation.FIND,
    "freeze": Operation.FREEZE,
    "unfreeze": Operation.UNFREEZE,
    "close": Operation.CLOSE,
}


def test_the_model_and_the_platform_allow_the_same_changes():
    for name, operation in OPERATIONS.items():
        for state in "2345":
            model = CardModel(60_000, state)
            try:
                expected = next_state(state, operation)
            except RefusalError:
                expected = state
                assert not model.change(name)
            else:
                assert model.change(name)
            assert model.state == expected
    assert set(OPERATIONS) == set(CHANGES)


def test_a_card_found_again_has_no_codes_of_before():
    model = CardModel(60_000, fresh=[Code("c", 0, 0)])
    assert model.expects(model.fresh[0], 1000, 1000) is True
    assert model.change("lost")
    assert model.state == LOST
    assert model.change("found")
    assert model.expects(model.fresh[0], 1000, 1000) is False


def test_the_end_of_a_code_is_not_known_to_the_moment():
    model, code = CardModel(60_000), Code("c", 0, 0)
    assert model.state == ACTIVE
    assert model.expects(code, 50_000, 50_000) is True
    assert model.expects(code, 60_000, 60_000) is None
    assert model.expects(code, 70_000, 70_000) is False
    model.state = CLOSED
    assert model.expects(code, 1000, 1000) is False


def test_a_closed_card_is_opened_by_registering_again_and_its_codes_stay_worthless():
    model = CardModel(60_000, CLOSED, fresh=[Code("c", 0, 0)])
    assert model.register_again()
    assert (model.state, model.fresh[0].good) == (ACTIVE, False)
    assert model.register_again()
    model.change("lost")
    assert model.register_again()
    assert model.state == LOST


def test_the_card_that_takes_another_s_place_has_its_state_and_none_of_its_codes():
    old = CardModel(60_000, LOST, fresh=[Code("c", 0, 0)], shown=[Code("d", 0, 0)])
    new = old.replace()
    assert new is not None
    assert (old.state, new.state) == (CLOSED, LOST)
    assert old.change("close")
    assert not any((old.register_again(), old.replace(), old.change("found")))
    assert new.change("found")
    assert [new.expects(code, 1000, 1000) for code in (*new.fresh, *new.shown)] == [False, False]
    assert CardModel(60_000, CLOSED).replace() is None


def test_codes_end_with_the_version_of_the_key_they_were_made_with():
    model = CardModel(60_000)
    first, second = Code("c", 0, 0, key=1), Code("d", 0, 0, key=2)
    model.keys.rotate(2, 20_000)
    assert model.expects(first, 10_000, 10_000) is True
    assert model.expects(first, 20_000, 20_000) is None
    assert model.expects(first, 30_000, 30_000) is False
    model.keys.revoke(2, 3)
    assert model.expects(second, 10_000, 10_000) is False
    assert model.expects(Code("e", 0, 0, key=3), 10_000, 10_000) is True


def test_what_a_clock_set_back_leaves_open():
    model = CardModel(60_000, unsure_ms=0)
    code = Code("c", 50_000, 50_000)
    assert model.expects(code, 40_000, 40_000) is False, "it says that it is of the future"
    assert model.expects(code, 50_000, 50_000) is True
    model.change("lost")
    model.change("found", 45_000)
    assert model.expects(code, 50_000, 50_000) is True, "by its own word it was made after the card was found"
    assert model.expects(Code("d", 44_000, 44_000), 50_000, 50_000) is False
    model.keys.rotate(2, 70_000)
    model.keys.latest_ms = 80_000
    assert model.expects(code, 60_000, 60_000) is None, "the grace has ended once, and perhaps for good"


def test_one_program_in_a_hundred_meets_a_fault():
    found = {
        number: [step.operation for step in program(1, number, 50) if step.operation in FAULTS]
        for number in range(1000)
    }
    assert {number for number, faults in found.items() if faults} == set(range(99, 1000, 100))
    assert all(len(faults) == 1 for faults in found.values() if faults)
    assert {fault for faults in found.values() for fault in faults} == set(FAULTS)


def test_a_program_follows_from_seed_and_number_alone():
    assert list(program(1, 2, 50)) == list(program(1, 2, 50))
    assert list(program(1, 2, 50)) != list(program(1, 3, 50))
    assert len(list(islice(program(1, 2, 50), 60))) == 50
