"""Plots of a load: thinned without losing a peak, telling the numbers they should, and small however long the load."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from certification.observations import Observation
from reports.load_distributions import delay_plot, growth_plot, kinds_plot, spectrum_plot
from reports.load_plots import Limit, latency_plot, machine_plot, rate_plot
from reports.load_series import COLUMNS, Course, ServerCourse, Span, spans, spectrum, telling, thinned, worst_seconds

LONG = 28_800
LIMITS = [Limit(95, 200.0), Limit(99, 500.0)]


def course(seconds: int, **changes) -> Course:
    times = np.arange(seconds, dtype=float)
    wave = 200 + 10 * np.sin(times)
    even = Course(
        times=times,
        stages=[Span("hold", 0.0, float(seconds))],
        offered=wave,
        ok=wave,
        refused=np.zeros(seconds),
        errors=np.zeros(seconds),
        p50=np.full(seconds, 9.0),
        p95=np.full(seconds, 16.0),
        p99=np.full(seconds, 20.0),
        generator=np.full(seconds, 0.4),
    )
    return replace(even, **changes)


def spike(seconds: int, at: int, value: float, rest: float = 0.0) -> np.ndarray:
    series = np.full(seconds, rest)
    series[at] = value
    return series


@pytest.mark.parametrize("at", [0, 1, 84, 14_999, LONG - 1])
def test_thinning_keeps_the_least_and_the_greatest_and_their_moments(at):
    times = np.arange(LONG, dtype=float)
    values = np.random.default_rng(1).uniform(10, 20, LONG)
    values[at], values[at - 300] = 2100.0, 0.5
    shown_at, shown = thinned(times, values)
    assert len(shown) <= 2 * COLUMNS
    assert shown_at[shown.argmax()] == at
    assert shown_at[shown.argmin()] == times[at - 300]
    assert set(zip(shown_at, shown, strict=True)) <= set(zip(times, values, strict=True)), "a value was made up"


def test_a_short_series_is_left_as_it_is_and_a_long_gap_stays_one():
    times = np.arange(LONG, dtype=float)
    assert thinned(times[:600], times[:600])[1] is not None
    assert len(thinned(times[:600], times[:600])[1]) == 600
    silent = np.where((times > 10_000) & (times < 11_000), np.nan, 9.0)
    at, shown = thinned(times, silent)
    assert np.isnan(shown[(at > 10_100) & (at < 10_900)]).all()
    assert ((at > 10_100) & (at < 10_900)).any()
    assert not np.isnan(shown[(at < 9_900) | (at > 11_100)]).any()


def test_stacked_series_are_drawn_at_the_same_seconds_so_that_their_sum_holds():
    times = np.arange(LONG, dtype=float)
    ok, refused = np.full(LONG, 200.0), spike(LONG, 7_777, 90.0)
    errors = spike(LONG, 20_001, 40.0)
    kept = telling(times, (ok, refused, errors))
    assert {7_777, 20_001} <= set(kept)
    assert len(kept) <= 6 * COLUMNS
    assert list(worst_seconds(times, errors, 60)) == [20_001]
    assert list(worst_seconds(times, np.zeros(LONG), 60)) == []


def test_stages_that_come_again_are_spans_of_their_own():
    assert spans([0, 1, 2, 3], ["steady", "burst", "burst", "steady"]) == [
        Span("steady", 0, 1),
        Span("burst", 1, 3),
        Span("steady", 3, 4),
    ]


def test_a_spectrum_gives_the_percentiles_of_the_values_and_stops_where_the_sample_does():
    values = np.sort(np.random.default_rng(2).lognormal(2, 0.5, 20_000).round(2))
    found = spectrum([(float(value), int(n)) for value, n in zip(*np.unique(values, return_counts=True), strict=True)])
    assert found is not None
    for percentile in (50, 95, 99, 99.9):
        assert found.at(percentile) == values[round(percentile * len(values) / 100) - 1]
    few = spectrum([(float(n), 1) for n in range(50)])
    assert few is not None
    assert few.odds[-1] <= 50
    assert spectrum([(1.0, 5)]) is None


def test_arrivals_tell_their_totals_and_mark_errors_only_where_there_are_any():
    clean, spoilt = rate_plot("a", course(60)), rate_plot("b", course(60, errors=spike(60, 30, 7)))
    assert "errors (0 in all)" in clean.caption.en
    assert "错误（共 7，✕ 标出所在）" in spoilt.caption.zh
    assert len(re.findall("#b3261e", spoilt.svg)) > len(re.findall("#b3261e", clean.svg))


def test_stages_are_named_over_the_plot_and_in_its_caption():
    staged = [Span("base", 0, 20), Span("hold", 20, 59), Span("after", 59, 60)]
    plot = rate_plot("a", course(60, stages=staged))
    assert ">基线<" in plot.svg
    assert ">hold<" in plot.svg
    assert ">after<" not in plot.svg, "a name that does not fit its stage is drawn over its neighbour"
    assert "(base, hold, after)" in plot.caption.en


def test_latency_is_drawn_with_the_limits_and_tells_the_worst_second():
    plot = latency_plot("a", course(60, p99=spike(60, 30, 2100.0, 20.0)), LIMITS)
    assert plot is not None
    assert "2 100" in plot.caption.en.replace("\u202f", " ")
    for limit in ("p95 200", "p99 500"):
        assert f"limit {limit}" in plot.svg
    assert "limit" not in latency_plot("b", course(60), []).svg
    nothing = np.full(60, np.nan)
    assert latency_plot("c", course(60, p50=nothing, p95=nothing, p99=nothing), LIMITS) is None


def test_a_soak_of_eight_hours_stays_a_small_drawing_that_shows_its_one_stall():
    chance = np.random.default_rng(3)
    noisy = course(
        LONG,
        offered=chance.poisson(200, LONG).astype(float),
        errors=spike(LONG, 15_000, 7.0),
        p95=chance.lognormal(2.8, 0.2, LONG),
        p99=np.maximum(spike(LONG, 15_000, 2100.0), chance.lognormal(3, 0.2, LONG)),
    )
    rates, latency = rate_plot("a", noisy), latency_plot("b", noisy, LIMITS)
    assert len(rates.svg) < 160_000
    assert len(latency.svg) < 80_000
    assert "✕" in rates.caption.zh
    assert ">1 000<" in latency.svg, "the axis does not reach the stall"


def test_both_ends_are_drawn_and_a_platform_that_tells_nothing_is_said_to():
    times = np.arange(60, dtype=float)
    told = machine_plot("a", course(60), ServerCourse(times, np.full(60, 0.8), np.full(60, 90 * 2**20)))
    untold = machine_plot("b", course(60), None)
    for label in ("平台 CPU / %", "平台内存 / MiB", "发生器最忙进程 CPU / %"):
        assert label in told.svg
    assert "平台 CPU / %" not in untold.svg
    assert "no CPU and memory of the platform" in untold.caption.en
    assert "at most 40 %" in untold.caption.en
    assert "#b3261e" in untold.svg, "the line of 90 % is missing"
    assert machine_plot("c", course(60, generator=np.full(60, np.nan)), None) is None


def test_kinds_tell_how_often_and_what_share_and_none_is_no_plot():
    plot = kinds_plot("a", {"http-503": 950, "code-112": 50}, {"timeout": 2, "never heard of": 1}, 100_000)
    for text in ("950 (0.95", "50 (0.05", "2 (0.002", "HTTP 503 unavailable", "超时无应答", "never heard of"):
        assert text in plot.svg.replace("\u202f", " ")
    assert "1 000 in all" in plot.caption.en.replace("\u202f", " ")
    assert kinds_plot("b", {}, {}, 10) is None
    assert "&lt; 0.001" in str(kinds_plot("c", {}, {"timeout": 1}, 10**7).svg)


def test_send_delay_tells_its_tail_and_how_many_were_late():
    plot = delay_plot("a", [(0.4, 9_000), (2.0, 990), (80.0, 10)], 10, [Limit(99.9, 50.0)])
    assert "p50 0.4" in plot.caption.en
    assert "10 (0.1" in plot.caption.en
    assert "later than 50 ms" in plot.caption.en
    assert "#b3261e" in plot.svg
    assert delay_plot("b", [], 0, []) is None


def test_the_spectrum_names_every_kind_with_a_sample_and_the_percentiles_of_verification():
    many = [(float(ms), 100) for ms in range(1, 101)]
    plot = spectrum_plot("a", "hold", {"verification": many, "query": many, "usage": [(1.0, 3)]}, LIMITS)
    assert "p50 50" in plot.caption.en
    assert "p99 99" in plot.caption.en
    assert "query" in plot.svg
    assert "usage report" not in plot.svg, "three values make no spectrum"
    assert "p95 200 ms" in plot.svg


def test_growth_is_drawn_over_the_card_base_and_one_size_shows_none():
    sizes = [
        Observation("EHC-PRF-004", "verification_p95", ms, unit="ms", cell={"cards": cards})
        for cards, ms in ((10**7, 13.2), (10**5, 12.0))
    ]
    plot = growth_plot("a", sizes)
    assert "grows by 10 %" in plot.caption.en
    assert "10 000 000" in plot.svg
    assert growth_plot("b", sizes[:1]) is None
