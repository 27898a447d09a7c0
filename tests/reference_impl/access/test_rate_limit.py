"""Quotas: exact under a turned clock, fair between callers, bounded in memory."""

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.access.rate_limit import BURST_S, Limit, Quotas, RateLimits, Wait
from reference_impl.refusals import RATE_LIMITED


class Turned:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Turned()


def offer(clock, seconds, per_second, ask):
    """Ask evenly for some seconds; return how many were let in."""
    begun, let_in = clock.now, 0
    for n in range(round(seconds * per_second)):
        clock.now = begun + n / per_second
        let_in += ask() is None
    clock.now = begun + seconds
    return let_in


@pytest.mark.parametrize("quota", [0.5, 1, 7, 50, 400, 2000])
@pytest.mark.parametrize("times", [1.5, 10])
def test_ten_times_the_quota_gets_the_quota(clock, quota, times):
    limits = RateLimits(Quotas(app=0, terminal=0, address=quota), clock)
    seconds = max(10, 40 / quota)
    let_in = offer(clock, seconds, quota * times, lambda: limits.admit_address("10.0.0.1"))
    assert let_in == pytest.approx(quota * seconds, rel=0.1)


@pytest.mark.parametrize("quota", [0.5, 1, 7, 50, 400, 2000])
def test_nobody_below_the_quota_is_refused(clock, quota):
    limits = RateLimits(Quotas(app=0, terminal=quota, address=0), clock)
    count = round(max(10, 40 / quota) * quota)
    assert offer(clock, count / quota, quota, lambda: limits.admit("app", "T01")) == count


def test_zero_sets_no_limit(clock):
    limits = RateLimits(Quotas(app=0, terminal=0, address=0), clock)
    assert all(limits.admit_address("a") is None and limits.admit("app", "T01") is None for _ in range(10_000))


@pytest.mark.parametrize("quota", [-1, math.nan, math.inf])
def test_a_quota_is_a_number(quota):
    with pytest.raises(ValueError, match="quota"):
        Quotas(app=quota)


def test_a_quarter_of_a_second_may_come_at_once(clock):
    limits = RateLimits(Quotas(app=100, terminal=0, address=0), clock)
    let_in = sum(limits.admit("app", "T01") is None for _ in range(1000))
    assert let_in == 100 * BURST_S


def test_two_may_come_at_once_however_low_the_quota(clock):
    limits = RateLimits(Quotas(app=0.1, terminal=0, address=0), clock)
    assert [limits.admit("app", "T01") is None for _ in range(4)] == [True, True, False, False]


def test_who_waits_as_told_is_let_in(clock):
    limits = RateLimits(Quotas(app=0, terminal=0, address=3), clock)
    waited = 0
    for _ in range(200):
        wait = limits.admit_address("a")
        if wait is not None:
            assert wait.outcome is RATE_LIMITED
            waited += 1
            clock.now += wait.seconds + 1e-9
            assert limits.admit_address("a") is None
    assert waited >= 190


@pytest.mark.parametrize(("seconds", "text"), [(0.001, "1"), (1.0, "1"), (1.2, "2"), (59.01, "60")])
def test_retry_after_is_whole_seconds(seconds, text):
    assert Wait(RATE_LIMITED, seconds).retry_after == text


def test_a_terminal_that_asks_too_much_takes_nothing_from_another(clock):
    limits = RateLimits(Quotas(app=100, terminal=20, address=0), clock)
    other = {"app": 0, "elsewhere": 0}

    def greedy():
        for app in other:
            # One polite request to every 25 of the greedy terminal: 8 a second under a quota of 20.
            if round(clock.now * 200) % 25 == 0:
                other[app] += limits.admit(app, "polite") is None
        return limits.admit("app", "greedy")

    assert offer(clock, 30, 200, greedy) == pytest.approx(20 * 30, rel=0.1)
    assert other == {"app": 240, "elsewhere": 240}


def test_terminals_of_one_name_are_two(clock):
    limits = RateLimits(Quotas(app=0, terminal=8, address=0), clock)
    assert [limits.admit(app, "T01") is None for app in ("a", "a", "a", "b", "b", "b")] == [True, True, False] * 2


def test_an_application_that_asks_too_much_takes_nothing_from_its_terminals_nor_from_others(clock):
    limits = RateLimits(Quotas(app=50, terminal=40, address=0), clock)
    terminals, let_in = [f"T{n}" for n in range(10)], 0
    for n in range(20 * 500):
        clock.now = 1000 + n / 500
        let_in += limits.admit("app", terminals[n % 10]) is None
        if n % 25 == 0:
            assert limits.admit("other", "T0") is None
    assert let_in == pytest.approx(50 * 20, rel=0.1)
    # What the application's limit refused was not taken from the terminals: each has its whole burst.
    clock.now += 1
    assert sum(limits.admit("app", "T0") is None for _ in range(100)) == 40 * BURST_S


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), quota=st.sampled_from([5, 50, 500]))
def test_no_span_of_time_holds_more_than_quota_and_burst(seed, quota):
    random, clock = Random(seed), Turned()
    limits = RateLimits(Quotas(app=0, terminal=0, address=quota), clock)
    times = []
    for _ in range(2000):
        clock.now += random.expovariate(quota * 3)
        if limits.admit_address("a") is None:
            times.append(clock.now)
    most = max(2, quota * BURST_S)
    for first in range(0, len(times), 37):
        for last in range(first, len(times), 41):
            assert last - first + 1 <= (times[last] - times[first]) * quota + most + 1e-3


def test_memory_is_bounded_and_forgets_only_who_is_idle(clock):
    limit = Limit(10, max_buckets=1000)
    for n in range(50_000):
        clock.now += 1e-6
        limit.count(f"10.{n}", limit.asked_until(f"10.{n}", clock.now), clock.now)
        assert limit.remembered <= 2000
    # Nobody who is still ahead of time was among the idle, as long as there are not too many of them.
    limit = Limit(10, max_buckets=1000)
    for _ in range(10):
        limit.count("busy", limit.asked_until("busy", clock.now), clock.now)
    for n in range(900):
        limit.count(f"idle-{n}", clock.now, clock.now)
    assert limit.asked_until("busy", clock.now) == pytest.approx(clock.now + 1)


def test_an_idle_caller_is_forgotten(clock):
    limit = Limit(10)
    for n in range(5000):
        clock.now += 0.01
        limit.count(f"c{n}", clock.now, clock.now)
    assert limit.remembered < 5000 * 0.1


def test_a_caller_is_not_forgotten_before_its_time(clock):
    """The generations lose nothing: beside a thousand others a caller gets as much as it would alone."""
    alone, crowd = Limit(4), Limit(4)
    random = Random(3)
    for n in range(4000):
        clock.now += random.expovariate(20)
        answers = []
        for limit in (alone, crowd):
            until = limit.asked_until("me", clock.now)
            answers.append(until - clock.now <= limit.ahead)
            if answers[-1]:
                limit.count("me", until, clock.now)
        crowd.count(f"c{n}", clock.now, clock.now)
        assert answers[0] == answers[1]


def test_a_long_name_of_a_terminal_is_not_kept(clock):
    limits = RateLimits(Quotas(app=0, terminal=4, address=0), clock)
    assert limits.admit("app", "x" * 100_000) is None
    assert limits.admit("app", "x" * 70) is None
    assert limits.admit("app", "x" * 64) is not None
