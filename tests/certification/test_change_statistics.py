"""Intervals and tests of a change: against published figures, another library, and samples of which all is known."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from certification.change_statistics import holm, ratio_bounds, sample_of, share_change


def test_the_interval_of_a_difference_is_newcombes():
    """56/70 and 48/80: 0.2, interval 0.0524 to 0.3339 (Newcombe 1998, table II, example a, method 10)."""
    change = share_change((48, 56), (80, 70))
    assert change.shares[1] - change.shares[0] == pytest.approx(0.2)
    assert (change.low, change.high) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))


@pytest.mark.parametrize(
    ("failures", "trials"),
    [((2, 11), (75, 80)), ((11, 2), (80, 75)), ((0, 0), (299, 299)), ((0, 5), (5, 5)), ((40, 61), (900, 1000))],
)
def test_the_probabilities_are_those_of_fishers_test(failures, trials):
    change = share_change(failures, trials)
    table = [[failures[1], trials[1] - failures[1]], [failures[0], trials[0] - failures[0]]]
    assert change.worse == pytest.approx(fisher_exact(table, alternative="greater").pvalue)
    assert change.better == pytest.approx(fisher_exact(table, alternative="less").pvalue)


def test_millions_of_trials_are_counted_like_few():
    assert share_change((200, 300), (10_000_000, 10_000_000)).worse < 1e-4
    assert share_change((200, 205), (10_000_000, 10_000_000)).worse > 0.3


def test_many_tests_together_show_less_than_each_alone():
    assert holm([0.01, 0.04, 0.03]) == [True, False, False]
    assert holm([0.01, 0.024, 0.04]) == [True, True, True]
    assert holm([0.04]) == [True]
    assert holm([0.04] * 2) == [False, False]
    assert holm([]) == []


def test_values_told_together_count_as_often_as_they_were_found():
    chance = np.random.default_rng(3)
    once = [(float(round(x, 1)), 1) for x in chance.lognormal(3, 0.4, 200)]
    told = sample_of(once)
    assert len(told.values) < 200 == told.size
    assert told.percentile(0.95) == sorted(value for value, _ in once)[189]
    assert ratio_bounds(told, sample_of(once), 0.95) == ratio_bounds(sample_of(once), told, 0.95)
    assert sample_of([(7.0, 5)]).percentile(0.95) == 7.0
    assert ratio_bounds(sample_of([(7.0, 5)]), sample_of([(14.0, 9)]), 0.95) == (2.0, 2.0)


@pytest.mark.parametrize("size", [60, 299])
def test_a_lower_bound_errs_no_oftener_than_it_says(size):
    """Of samples whose percentile is exactly 10 % higher, at most about one in twenty is told to be higher by more."""
    chance = np.random.default_rng(size)

    def sample(factor):
        return sample_of([(float(x) * factor, 1) for x in chance.lognormal(4.7, 0.22, size)])

    alarms = sum(ratio_bounds(sample(1.0), sample(1.1), 0.95)[0] > 1.1 for _ in range(300))
    assert alarms <= 300 * 0.05 + 3 * (300 * 0.05 * 0.95) ** 0.5
    found = sum(ratio_bounds(sample(1.0), sample(1.6), 0.95)[0] > 1.1 for _ in range(30))
    assert found >= 28
