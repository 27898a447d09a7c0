"""The window rule: met by a run of positions, lost as soon as no run can be wide enough any more, else open."""

from __future__ import annotations

import pytest

from certification.clauses import WindowClause
from certification.decision import Outcome, judge_criterion
from certification.observations import Observation

CLAUSE = WindowClause(
    kind="window",
    measure="read",
    unit="mm",
    success=("exact",),
    along="distance",
    width=80,
    first=30,
    last=200,
    step=10,
    trials=20,
    failures=1,
)


def at(distance: int, exact: int, failed: int = 0) -> list[Observation]:
    cell = {"distance": distance}
    found = [Observation("EHC-TRM-009", "read", "exact", cell=cell, times=exact)] if exact else []
    return found + ([Observation("EHC-TRM-009", "read", "no_read", cell=cell, times=failed)] if failed else [])


def judged(observations):
    (result,) = judge_criterion((CLAUSE,), observations, frozenset())
    return result


def test_nine_positions_in_a_row_are_eighty_millimetres():
    result = judged([o for distance in range(50, 131, 10) for o in at(distance, 19, 1)])
    assert (result.outcome, result.value) == (Outcome.HOLDS, 80)


def test_eight_positions_are_not_enough_and_leave_it_open():
    result = judged([o for distance in range(50, 121, 10) for o in at(distance, 20)])
    assert (result.outcome, result.value) == (Outcome.OPEN, 70)


def test_a_position_that_failed_twice_is_lost_before_its_sample_is_full():
    lost = [o for distance in (100, 180) for o in at(distance, 0, 2)]
    assert judged(lost).outcome is Outcome.BROKEN


@pytest.mark.parametrize("distance", [110, 120])
def test_it_stays_open_while_a_window_wide_enough_may_still_come(distance):
    below = [o for position in range(30, distance, 10) for o in at(position, 0, 2)]
    assert judged(below).outcome is Outcome.OPEN


def test_one_failure_more_than_a_window_can_bear_breaks_it():
    below = [o for position in range(30, 131, 10) for o in at(position, 0, 2)]
    assert judged(below).outcome is Outcome.BROKEN


def around(*gaps: int) -> list[Observation]:
    return [
        o for distance in range(30, 201, 10) for o in (at(distance, 18, 2) if distance in gaps else at(distance, 20))
    ]


def test_a_gap_parts_the_window():
    whole, one_gap, two_gaps = judged(around()), judged(around(110)), judged(around(100, 120))
    assert (whole.outcome, whole.value) == (Outcome.HOLDS, 170)
    assert (one_gap.outcome, one_gap.value) == (Outcome.HOLDS, 80)
    assert (two_gaps.outcome, two_gaps.value) == (Outcome.BROKEN, 70)
