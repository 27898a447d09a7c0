"""The schedule is the plan: its mean, its spread, its shares, and the same again for the same seed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from loadtests.plan import KINDS, MORNING, LoadPlan, Stage
from loadtests.schedule import USERS, Schedule, draw, most_at_once


def plan(*stages: Stage, **changed) -> LoadPlan:
    return LoadPlan("test", "http://127.0.0.1:1", Path("c.json"), stages, **changed)


def same(one: Schedule, other: Schedule) -> bool:
    return all(np.array_equal(array, getattr(other, name)) for name, array in vars(one).items())


MORNING_PLAN = plan(Stage("base", 50, 50, 20), Stage("ramp", 50, 300, 20), Stage("hold", 300, 300, 20))


def test_the_same_seed_draws_the_same_and_another_does_not():
    assert same(draw(MORNING_PLAN), draw(MORNING_PLAN))
    assert not same(draw(MORNING_PLAN), draw(replace(MORNING_PLAN, seed=2)))


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_workers_together_send_exactly_the_plan(workers):
    whole = draw(MORNING_PLAN)
    parts = [whole.part(worker, workers) for worker in range(workers)]
    together = np.sort(np.concatenate([part.number for part in parts]))
    assert np.array_equal(together, whole.number)
    assert sum(part.requests for part in parts) == whole.requests
    assert max(part.due.size for part in parts) - min(part.due.size for part in parts) <= 1
    for part in parts:
        assert np.array_equal(part.due, whole.due[part.number])
        assert np.array_equal(part.kind, whole.kind[part.number])


def test_arrivals_are_in_order_and_in_their_stages():
    whole = draw(MORNING_PLAN)
    assert np.all(np.diff(whole.due) >= 0)
    assert np.array_equal(whole.stage, np.minimum(whole.due // 20, 2))
    assert whole.per_stage(3).sum() == whole.requests == whole.per_second(60).sum()
    assert whole.until(20.0).per_stage(3)[1:].sum() == 0


def test_poisson_counts_have_the_mean_and_the_spread_of_poisson():
    counts = draw(plan(Stage("hold", 40, 40, 4000), reuse_share=0.0)).per_second(4000)
    assert counts.mean() == pytest.approx(40, abs=5 * (40 / 4000) ** 0.5)
    assert counts.var() / counts.mean() == pytest.approx(1, abs=5 * (2 / 4000) ** 0.5)
    neighbours = np.corrcoef(counts[:-1], counts[1:])[0, 1]
    assert abs(neighbours) < 5 / 4000**0.5


def test_even_arrivals_have_one_distance():
    whole = draw(plan(Stage("step", 50, 50, 10, "even"), reuse_share=0.0))
    assert whole.requests == 500
    assert np.allclose(np.diff(whole.due), 0.02)
    counts = whole.per_second(10)
    assert counts.var() < counts.mean() / 100


@pytest.mark.parametrize("arrivals", ["poisson", "even"])
@pytest.mark.parametrize(("first", "last"), [(0, 400), (400, 0), (100, 500)])
def test_a_ramp_follows_its_straight_line(arrivals, first, last):
    whole = draw(plan(Stage("ramp", first, last, 100, arrivals), reuse_share=0.0))
    counts = whole.per_second(100).reshape(10, 10).sum(axis=1)
    middle = np.arange(10) * 10 + 5
    expected = 10 * (first + (last - first) * middle / 100)
    assert np.all(np.abs(counts - expected) <= 5 * np.sqrt(expected) + 2)


def test_kinds_and_users_come_in_their_shares():
    whole = draw(plan(Stage("hold", 1000, 1000, 60)))
    total = whole.due.size
    for index, name in enumerate(KINDS):
        share = np.count_nonzero(whole.kind == index) / total
        assert share == pytest.approx(MORNING[name], abs=5 * (MORNING[name] / total) ** 0.5)
    by_user = {who: set(whole.kind[whole.user == index]) for index, who in enumerate(USERS)}
    assert by_user["terminal"] == {KINDS.index("verification")}
    assert by_user["kiosk"] == {KINDS.index(kind) for kind in ("generation", "query", "registration")}
    assert by_user["window"] == {KINDS.index(kind) for kind in ("verification", "registration", "usage")}
    assert set(whole.kind[whole.twin]) == {KINDS.index("verification")}
    assert np.count_nonzero(whole.twin) / np.count_nonzero(whole.kind == 0) == pytest.approx(0.005, abs=0.002)
    assert sum(most_at_once(MORNING_PLAN, who) for who in USERS) == pytest.approx(300)
