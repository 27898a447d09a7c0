"""The exact bound against published numbers, against an independent computation, and against itself."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product
from math import comb, fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from certification.statistics import allowed_failures, failures_of_share, lower_bound, plan_confidence, two_sided_bounds

REGISTERED = {
    "0.95": (59, 93, 124, 153),
    "0.98": (149, 236, 313, 386),
    "0.99": (299, 473, 628, 773),
    "0.995": (598, 947, 1258, 1549),
    "0.999": (2995, 4742, 6294, 7752),
}
TABLE = [(share, failures, n) for share, row in REGISTERED.items() for failures, n in enumerate(row)]

samples = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
confidences = st.sampled_from((0.8, 0.9, 0.95, 0.99))
shares = st.sampled_from((0.5, 0.9, 0.95, 0.98, 0.99, 0.995))


def chance_of_at_most(failures: int, trials: int, share: Fraction) -> Fraction:
    """Chance that a device which succeeds exactly ``share`` of the time has no more failures than these."""
    miss = 1 - share
    return sum((comb(trials, k) * miss**k * share ** (trials - k) for k in range(failures + 1)), Fraction(0))


@pytest.mark.parametrize(("share", "failures", "n"), TABLE)
def test_a_registered_sample_is_the_smallest_that_shows_the_share(share, failures, n):
    assert lower_bound(n - failures, n, 0.95) >= float(share)
    assert lower_bound(n - 1 - failures, n - 1, 0.95) < float(share)


@pytest.mark.parametrize(("share", "failures", "n"), TABLE)
def test_a_device_at_the_limit_passes_a_registered_sample_at_most_once_in_twenty(share, failures, n):
    at_limit = Fraction(share)
    assert chance_of_at_most(failures, n, at_limit) <= Fraction(1, 20)
    assert chance_of_at_most(failures, n - 1, at_limit) > Fraction(1, 20)


@pytest.mark.parametrize(("share", "failures", "n"), TABLE)
def test_the_failures_allowed_are_those_of_the_table(share, failures, n):
    assert allowed_failures(n, float(share), 0.95) == failures
    assert allowed_failures(n - 1, float(share), 0.95) == failures - 1


def test_a_second_stage_costs_a_plan_confidence():
    share, miss = Fraction("0.99"), Fraction("0.01")
    passed = share**299 + 299 * miss * share**298 * share ** (473 - 299)
    assert plan_confidence(((299, 0), (473, 1)), 0.99) == pytest.approx(float(1 - passed), abs=1e-12)
    assert round(float(1 - passed), 4) == 0.9244


@pytest.mark.parametrize(("share", "failures", "n"), TABLE)
def test_a_plan_of_one_stage_has_the_confidence_of_its_bound(share, failures, n):
    confidence = plan_confidence(((n, failures),), float(share))
    assert confidence == pytest.approx(1 - float(chance_of_at_most(failures, n, Fraction(share))), abs=1e-9)
    assert confidence >= 0.95


def passes(stages: tuple[tuple[int, int], ...], missed: tuple[bool, ...]) -> bool:
    return any(sum(missed[:trials]) <= allowed for trials, allowed in stages)


plans = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 2)), min_size=1, max_size=3).map(
    lambda steps: tuple(
        (sum(more for more, _ in steps[:k]), sum(further for _, further in steps[:k])) for k in range(1, len(steps) + 1)
    )
)


@settings(max_examples=50, deadline=None)
@given(plans, st.sampled_from(("0.5", "0.75", "0.9", "0.99")))
def test_a_plan_is_as_sure_as_all_the_courses_it_can_take(stages, share):
    chance = {False: Fraction(share), True: 1 - Fraction(share)}
    n = stages[-1][0]
    passed = Fraction(0)
    for missed in product((False, True), repeat=n):
        if passes(stages, missed):
            passed += chance[True] ** sum(missed) * chance[False] ** (n - sum(missed))
    assert plan_confidence(stages, float(share)) == pytest.approx(float(1 - passed), abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(plans, shares)
def test_a_further_stage_never_makes_a_plan_surer(stages, share):
    whole = [plan_confidence(stages[:k], share) for k in range(1, len(stages) + 1)]
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(whole))


@pytest.mark.parametrize(
    ("successes", "trials", "confidence", "published"),
    [
        (10, 10, 0.95, 0.7411),
        (8, 10, 0.95, 0.4931),
        (9, 10, 0.975, 0.5550),
        (22, 22, 0.90, 0.9006),
    ],
)
def test_published_one_sided_bounds(successes, trials, confidence, published):
    assert lower_bound(successes, trials, confidence) == pytest.approx(published, abs=5e-5)


@settings(max_examples=50, deadline=None)
@given(samples, confidences)
def test_the_bound_is_that_of_an_exact_binomial_test(sample, confidence):
    successes, trials = sample
    test = binomtest(successes, trials, alternative="greater")
    expected = test.proportion_ci(confidence_level=confidence, method="exact").low
    assert lower_bound(successes, trials, confidence) == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)
@given(st.integers(1, 150).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))), confidences)
def test_at_the_bound_so_many_successes_have_just_the_chance_left_over(sample, confidence):
    successes, trials = sample
    p = lower_bound(successes, trials, confidence)
    tail = fsum(comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(successes, trials + 1))
    assert tail == pytest.approx(1 - confidence, rel=1e-6)


@settings(deadline=None)
@given(samples, confidences)
def test_the_bound_is_a_share_below_the_share_seen(sample, confidence):
    successes, trials = sample
    assert 0 <= lower_bound(successes, trials, confidence) <= successes / trials


@settings(max_examples=50, deadline=None)
@given(samples.filter(lambda sample: sample[0] < sample[1]), confidences)
def test_one_more_success_raises_the_bound(sample, confidence):
    successes, trials = sample
    assert lower_bound(successes + 1, trials, confidence) > lower_bound(successes, trials, confidence)


@settings(deadline=None)
@given(samples)
def test_more_confidence_lowers_the_bound(sample):
    successes, trials = sample
    ascending = [lower_bound(successes, trials, confidence) for confidence in (0.99, 0.95, 0.9)]
    assert ascending == sorted(ascending)


@pytest.mark.parametrize("trials", [0, 1, 299])
def test_no_success_shows_nothing(trials):
    assert lower_bound(0, trials, 0.95) == 0


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1500), shares, confidences)
def test_the_failures_allowed_are_the_most_the_bound_bears(trials, share, confidence):
    allowed = allowed_failures(trials, share, confidence)
    assert -1 <= allowed < max(trials, 1)
    if allowed >= 0:
        assert lower_bound(trials - allowed, trials, confidence) >= share
    if trials:
        assert lower_bound(trials - allowed - 1, trials, confidence) < share


@pytest.mark.parametrize("share", [0.95, 0.99, 0.999])
@pytest.mark.parametrize("trials", [306_000, 5_000_000])
def test_the_failures_allowed_in_millions_are_the_quantile_of_the_binomial(share, trials):
    allowed = allowed_failures(trials, share, 0.95)
    assert binom.cdf(allowed, trials, 1 - share) <= 0.05 < binom.cdf(allowed + 1, trials, 1 - share)


@pytest.mark.parametrize(
    ("trials", "share", "failures"),
    [(1000, 0.999, 1), (3000, 0.999, 3), (299, 0.95, 14), (300, 0.95, 15), (300, 0.99, 3), (0, 0.95, 0)],
)
def test_what_a_share_leaves_over_is_counted_and_not_rounded(trials, share, failures):
    assert failures_of_share(trials, share) == failures


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1500), shares)
def test_a_larger_sample_allows_as_many_failures_and_never_two_more(trials, share):
    more = allowed_failures(trials + 1, share, 0.95) - allowed_failures(trials, share, 0.95)
    assert more in (0, 1)


@settings(max_examples=50, deadline=None)
@given(samples.filter(lambda sample: 0 < sample[0] < sample[1]), confidences)
def test_the_interval_shown_is_wilsons(sample, confidence):
    successes, trials = sample
    expected = binomtest(successes, trials).proportion_ci(confidence_level=confidence, method="wilson")
    assert two_sided_bounds(successes, trials, confidence) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize("trials", [0, 1, 299])
def test_the_interval_shown_stays_within_shares(trials):
    for successes in (0, trials):
        low, high = two_sided_bounds(successes, trials)
        assert 0 <= low < high <= 1
