"""However long a platform keeps its callers waiting, there are users for what is due; on a good day they are few."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from loadtests.errands import USED, Outcome
from loadtests.plan import LoadPlan, Stage
from loadtests.reserve import Reserve, at_first, at_most
from loadtests.retrying import Retries, longest_hold_s
from loadtests.schedule import USERS, Schedule, draw

PLAN = LoadPlan("test", "http://127.0.0.1:1", Path("c"), (Stage("hold", 200, 200, 120),), timeout_s=5.0)
LOST = Outcome(0.0, error="timeout", lost=True)


def most_busy(part: Schedule, who: str, hold_s: float) -> int:
    """How many users are busy at once where each is held so long by every request."""
    these = part.user == USERS.index(who)
    begin = np.repeat(part.due[these], 1 + part.twin[these])
    return int((np.arange(begin.size) - np.searchsorted(begin, begin - hold_s)).max()) + 1


@pytest.mark.parametrize("workers", [1, 2, 4, 8])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_platform_that_never_answers_finds_users_enough_however_many_workers_share_them(workers, seed):
    plan = replace(PLAN, workers=workers, seed=seed)
    whole = draw(plan)
    for number in range(workers):
        part = whole.part(number, workers)
        for who in USERS:
            assert most_busy(part, who, plan.timeout_s) <= at_most(plan, who)


@pytest.mark.parametrize("attempts", [2, 4, 6])
def test_whoever_tries_again_is_held_longer_and_is_reckoned_with(attempts):
    plan = replace(PLAN, attempts=attempts, workers=4)
    retries, hold_s = Retries(attempts, replaceable=True), 0.0
    outcomes = ([LOST] * (attempts - 1) + [Outcome(0.0, refusal=USED)]) * (attempts - 1) + [LOST] * attempts
    for outcome in outcomes:
        hold_s += plan.timeout_s
        step = retries.after(outcome)
        hold_s += 0.0 if step is None else retries.pause_s
    assert step is None
    assert hold_s == pytest.approx(longest_hold_s(attempts, plan.timeout_s))
    part = draw(plan).part(0, 4)
    assert all(most_busy(part, who, hold_s) <= at_most(plan, who) for who in USERS)


def test_one_attempt_takes_its_timeout_and_a_load_never_more_users_than_requests():
    assert longest_hold_s(1, 5.0) == 5.0
    short = replace(PLAN, stages=(Stage("hold", 200, 200, 2),), attempts=6, timeout_s=15.0)
    assert sum(at_most(short, who) for who in USERS) < 2 * 200 * 2


def test_a_load_begins_with_the_users_of_a_platform_that_answers():
    plan = replace(PLAN, attempts=4, workers=2)
    assert all(plan.workers < at_first(plan, who) < at_most(plan, who) for who in USERS)
    assert sum(at_first(plan, who) for who in USERS) < 220


def test_so_many_are_called_and_no_more():
    came: list[str] = []
    reserve = Reserve({"terminal": 2, "kiosk": 0}, came.append)
    for who in ("terminal", "kiosk", "terminal", "terminal"):
        reserve.call(who)
    assert came == ["terminal", "terminal"]
