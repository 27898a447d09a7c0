"""What a caller does after a lost answer, and what of it is laid to the platform."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from loadtests.errands import TOO_OLD, USED, Outcome, rightly_refused
from loadtests.retrying import Retries, Step

LOST, SERVED = Outcome(0.0, error="reset", lost=True), Outcome(0.0)
USED_UP, REFUSED = Outcome(0.0, refusal=USED), Outcome(0.0, refusal="http-503")


def steps(retries: Retries, *outcomes: Outcome) -> list[Step | None]:
    return [retries.after(outcome) for outcome in outcomes]


def test_a_lost_answer_is_asked_for_again_so_often_and_with_longer_pauses() -> None:
    retries = Retries(4, replaceable=True)
    pauses = []
    for _ in range(3):
        assert retries.after(LOST) is Step.SAME
        pauses.append(retries.pause_s)
    assert retries.after(LOST) is None
    assert pauses == [pauses[0], 2 * pauses[0], 4 * pauses[0]]
    assert Retries(1, replaceable=True).after(LOST) is None


@pytest.mark.parametrize("outcome", [SERVED, REFUSED, USED_UP, Outcome(0.0, error="malformed")])
def test_an_answer_is_taken_as_it_is_where_none_was_lost(outcome: Outcome) -> None:
    assert Retries(4, replaceable=True).after(outcome) is None


@pytest.mark.parametrize("refusal", [USED, TOO_OLD])
def test_after_a_lost_answer_a_spent_code_is_replaced_and_tried_as_often(refusal: str) -> None:
    spent = Outcome(0.0, refusal=refusal)
    retries = Retries(3, replaceable=True)
    assert steps(retries, LOST, LOST, spent) == [Step.SAME, Step.SAME, Step.FRESH_CODE]
    assert not retries.unsure
    assert steps(retries, LOST, LOST, spent, spent) == [Step.SAME, Step.SAME, Step.FRESH_CODE, None]


def test_a_platform_that_takes_every_code_for_used_is_not_shown_codes_without_end() -> None:
    retries = Retries(3, replaceable=True)
    assert steps(retries, LOST, USED_UP, LOST, USED_UP, LOST, USED_UP).count(Step.FRESH_CODE) == 2
    assert steps(Retries(3, replaceable=True), LOST, USED_UP, USED_UP)[-1] is None


def test_a_code_shown_by_two_is_not_replaced() -> None:
    retries = Retries(4, replaceable=False)
    assert steps(retries, LOST, USED_UP) == [Step.SAME, None]
    assert retries.unsure


def test_of_two_that_show_one_code_a_lost_answer_may_have_been_the_accepted_one() -> None:
    unsure = replace(USED_UP, unsure=True)
    assert rightly_refused(unsure, USED_UP)
    assert rightly_refused(USED_UP, unsure)
    assert rightly_refused(USED_UP, SERVED)
    assert rightly_refused(USED_UP, replace(LOST, unsure=True))
    assert not rightly_refused(USED_UP, USED_UP)
    assert not rightly_refused(USED_UP, REFUSED)
    assert not rightly_refused(REFUSED, SERVED)


def test_on_a_bad_way_a_sound_platform_serves_all_but_a_few_in_a_hundred_thousand() -> None:
    chance, failed = Random(1), 0
    for _ in range(100_000):
        retries, spent = Retries(4, replaceable=True), False
        while True:
            outcome = USED_UP if spent else SERVED
            if chance.random() < 0.05:
                spent = spent or chance.random() < 0.5
                outcome = LOST
            step = retries.after(outcome)
            spent = spent and step is not Step.FRESH_CODE
            if step is None:
                failed += not outcome.accepted
                break
    assert failed <= 10
