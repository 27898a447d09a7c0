"""The model of a card against the platform's own rules, in one process and without a wire."""

from __future__ import annotations

from itertools import islice

from fixtures.card_model import ACTIVE, CHANGES, CLOSED, LOST, CardModel, Code, program
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


def test_a_program_follows_from_seed_and_number_alone():
    assert list(program(1, 2, 50)) == list(program(1, 2, 50))
    assert list(program(1, 2, 50)) != list(program(1, 3, 50))
    assert len(list(islice(program(1, 2, 50), 60))) == 50
