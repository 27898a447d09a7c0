"""Each kind of clause at its exact boundaries, and what must be true of all of them."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from observing import EXACT, NO_READ, judged, observed, outcome, reads

from certification.clauses import (
    Clause,
    CountClause,
    InspectionClause,
    LimitClause,
    PercentileClause,
    ProportionClause,
    WindowClause,
)
from certification.decision import Outcome, judge_clause, judge_criterion, overall
from certification.observations import Observation

HOLDS, BROKEN, OPEN = Outcome.HOLDS, Outcome.BROKEN, Outcome.OPEN

SHARE = ProportionClause(
    kind="proportion", measure="read", success=(EXACT,), at_least=0.99, stages=((299, 0), (473, 1))
)
COUNT = CountClause(kind="count", measure="read", success=(EXACT,), trials=75, failures=1)
P95 = PercentileClause(kind="percentile", measure="latency", unit="ms", percentile=95, at_most=500, trials=299)
P99 = PercentileClause(kind="percentile", measure="latency", unit="ms", percentile=99, at_most=1000, trials=299)
EACH = LimitClause(kind="limit", measure="delay", unit="s", at_most=30, trials=3)
WINDOW = WindowClause(
    kind="window",
    measure="read",
    unit="mm",
    success=(EXACT,),
    along="distance",
    width=80,
    first=30,
    last=200,
    step=10,
    trials=20,
    failures=1,
)
IDENTITY = InspectionClause(kind="inspection", measure="identity", items=5)


def latencies(fast: int, *slow: float, uncertainty: float = 0.0) -> list[Observation]:
    return observed("latency", [100.0] * fast + list(slow), uncertainty=uncertainty)


def delays(*values: float, uncertainty: float = 0.0) -> list[Observation]:
    return observed("delay", values, uncertainty=uncertainty)


def limit(**settings_: object) -> LimitClause:
    return LimitClause(kind="limit", measure="delay", unit="s", **settings_)


@pytest.mark.parametrize(
    ("trials", "failures", "said"),
    [
        (298, 0, OPEN),
        (299, 0, HOLDS),
        (299, 1, OPEN),
        (472, 1, OPEN),
        (473, 1, HOLDS),
        (473, 2, BROKEN),
        (628, 2, BROKEN),
        (2, 2, BROKEN),
        (400, 0, HOLDS),
    ],
)
def test_a_share_is_decided_at_its_registered_stages_only(trials, failures, said):
    assert outcome(SHARE, reads(trials, failures)) is said


def test_a_stage_too_small_for_its_share_never_holds():
    small = SHARE.model_copy(update={"stages": ((298, 0),)})
    assert outcome(small, reads(298)) is OPEN
    assert outcome(small, reads(299)) is HOLDS


def test_a_stage_stricter_than_its_share_is_kept_to():
    strict = SHARE.model_copy(update={"stages": ((400, 0), (600, 1))})
    assert [outcome(strict, reads(n, 1)) for n in (599, 600)] == [OPEN, HOLDS]


def test_a_share_is_shown_with_its_bound_and_its_rule():
    result = judged(SHARE, reads(473, 1))
    assert (result.trials, result.failures, result.limit) == (473, 1, 0.99)
    assert result.value == pytest.approx(472 / 473)
    assert 0.99 <= result.bound < result.value
    assert result.interval[0] < result.value < result.interval[1]
    assert "0/299, 1/473" in result.rule
    assert "95%" in result.rule
    assert "92.4% over all of them" in result.rule


@pytest.mark.parametrize(
    ("trials", "failures", "said"),
    [(74, 0, OPEN), (75, 0, HOLDS), (75, 1, HOLDS), (75, 2, BROKEN), (74, 1, OPEN), (2, 2, BROKEN)],
)
def test_a_count_is_decided_by_its_acceptance_number(trials, failures, said):
    assert outcome(COUNT, reads(trials, failures)) is said


def test_what_is_no_named_success_is_a_failure():
    assert outcome(COUNT, [*reads(75), *observed("read", ["wrong", "stale"])]) is BROKEN


def test_what_is_no_named_failure_is_a_success():
    stale = CountClause(kind="count", measure="read", failure=("stale",), trials=3)
    assert outcome(stale, observed("read", [EXACT, NO_READ, "wrong"])) is HOLDS
    assert outcome(stale, observed("read", [EXACT, NO_READ, "stale"])) is BROKEN


@pytest.mark.parametrize(
    ("slow", "said"), [(975.0, HOLDS), (975.5, OPEN), (1000.0, OPEN), (1025.0, OPEN), (1025.5, BROKEN)]
)
def test_one_value_decides_a_p99_only_outside_the_guard_band(slow, said):
    assert outcome(P99, latencies(298, slow, uncertainty=25.0)) is said


def test_298_values_never_show_a_p99():
    assert outcome(P99, latencies(298)) is OPEN
    assert outcome(P99, latencies(299)) is HOLDS


@pytest.mark.parametrize(("slow", "said"), [(8, HOLDS), (9, BROKEN)])
def test_299_values_allow_a_p95_eight_outside(slow, said):
    assert outcome(P95, latencies(299 - slow, *[900.0] * slow)) is said


@pytest.mark.parametrize(("trials", "slow", "said"), [(59, 0, HOLDS), (59, 1, BROKEN), (93, 1, HOLDS), (93, 2, BROKEN)])
def test_a_p95_needs_59_values_inside_or_93_with_one_outside(trials, slow, said):
    small = P95.model_copy(update={"trials": trials})
    assert outcome(small, latencies(trials - slow, *[900.0] * slow)) is said


def many(fast: int, slow: int, slow_ms: float = 900.0, uncertainty: float = 0.0) -> list[Observation]:
    return [
        replace(one, times=times)
        for one, times in zip(latencies(1, slow_ms, uncertainty=uncertainty), (fast, slow), strict=True)
    ]


@pytest.mark.parametrize(
    ("slow", "said"),
    [(9, HOLDS), (3060, HOLDS), (15_100, HOLDS), (15_200, OPEN), (15_300, OPEN), (15_301, BROKEN), (18_360, BROKEN)],
)
def test_every_value_of_a_larger_sample_counts(slow, said):
    assert outcome(P95, many(306_000 - slow, slow)) is said


def test_one_slow_value_of_thousands_breaks_no_p99_and_one_in_a_hundred_shows_none():
    assert outcome(P99, many(305_999, 1, 1100.0)) is HOLDS
    assert outcome(P99, many(302_940, 3060, 1100.0)) is OPEN
    assert outcome(P99, many(302_939, 3061, 1100.0)) is BROKEN


def test_values_in_the_guard_band_break_no_larger_sample():
    assert outcome(P95, many(94_000, 6_000, 500.0, uncertainty=25.0)) is OPEN


def test_a_larger_sample_is_told_by_its_own_rule():
    result = judged(P95, many(306_000 - 9, 9))
    assert (result.value, result.failures, result.trials) == (100.0, 9, 306_000)
    assert "of 306000 values" in result.rule
    assert "failed by more than 15300" in result.rule


def test_values_in_the_guard_band_neither_pass_nor_fail_a_p95():
    assert outcome(P95, latencies(290, *[500.0] * 9, uncertainty=25.0)) is OPEN
    assert outcome(P95, latencies(291, *[500.0] * 8, uncertainty=25.0)) is HOLDS


def test_a_value_is_judged_by_its_own_uncertainty():
    sharp = observed("latency", [990.0], uncertainty=5.0)
    blurred = observed("latency", [100.0] * 298, uncertainty=50.0)
    assert outcome(P99, sharp + blurred) is HOLDS


def test_a_no_read_counts_at_the_time_limit():
    assert outcome(P99, latencies(298, 2000.0, uncertainty=25.0)) is BROKEN
    assert outcome(P99, latencies(298, uncertainty=25.0)) is OPEN


def test_a_percentile_is_shown_with_its_upper_bound():
    result = judged(P95, latencies(290, *[450.0] * 9, uncertainty=25.0))
    assert (result.value, result.bound, result.limit, result.failures) == (100.0, 475.0, 500.0, 0)
    assert "at most 8 of 299" in result.rule


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((1.0, 2.0), OPEN),
        ((1.0, 2.0, 29.0), HOLDS),
        ((1.0, 2.0, 29.5), OPEN),
        ((1.0, 2.0, 31.0), OPEN),
        ((1.0, 2.0, 31.5), BROKEN),
        ((31.5,), BROKEN),
    ],
)
def test_every_value_must_keep_a_limit_less_the_uncertainty(values, said):
    assert outcome(EACH, delays(*values, uncertainty=1.0)) is said


@pytest.mark.parametrize(
    ("value", "said"),
    [(18.5, BROKEN), (19.0, OPEN), (20.5, OPEN), (21.0, HOLDS), (29.0, HOLDS), (31.0, OPEN), (31.5, BROKEN)],
)
def test_a_limit_of_two_sides_has_a_guard_band_on_either(value, said):
    assert outcome(limit(at_least=20, at_most=30), delays(value, uncertainty=1.0)) is said


@pytest.mark.parametrize(
    ("statistic", "inside", "outside"),
    [
        ("each", (9.0, 10.0, 1.0), (9.0, 10.5, 1.0)),
        ("median", (1.0, 10.0, 99.0), (1.0, 10.5, 99.0)),
        ("mean", (2.0, 10.0, 18.0), (2.0, 10.0, 18.5)),
        ("total", (2.0, 3.0, 5.0), (2.0, 3.0, 5.5)),
    ],
)
def test_a_limit_judges_the_statistic_it_names(statistic, inside, outside):
    clause = limit(statistic=statistic, at_most=10, trials=3)
    assert outcome(clause, delays(*inside)) is HOLDS
    assert outcome(clause, delays(*outside)) is BROKEN
    assert outcome(clause, delays(*inside[:2])) is OPEN


def test_drift_compares_the_last_value_with_the_first():
    clause = limit(statistic="drift", at_most=0.125, trials=3).model_copy(update={"unit": "1"})
    assert outcome(clause, delays(8.0, 80.0, 9.0)) is HOLDS
    assert outcome(clause, delays(8.0, 8.0, 9.5)) is BROKEN
    assert outcome(clause, delays(9.0, 80.0, 8.0)) is HOLDS


@pytest.mark.parametrize(("unit", "value"), [("1", 0.125), ("%", 12.5)])
def test_drift_is_shown_in_the_unit_of_its_clause(unit, value):
    clause = limit(statistic="drift", at_most=value, trials=2).model_copy(update={"unit": unit})
    assert judged(clause, delays(8.0, 9.0)).value == value
    assert outcome(clause, delays(8.0, 9.0)) is HOLDS
    assert outcome(clause, delays(8.0, 9.5)) is BROKEN


def test_drift_is_as_uncertain_as_both_its_values():
    clause = limit(statistic="drift", at_most=0.25, trials=2)
    assert judged(clause, delays(8.0, 9.0, uncertainty=0.5)).bound == 0.25
    assert outcome(clause, delays(8.0, 9.0, uncertainty=0.5)) is HOLDS
    assert outcome(clause, delays(8.0, 9.0, uncertainty=0.625)) is OPEN


def test_drift_from_nothing_is_beyond_all_bounds():
    assert outcome(limit(statistic="drift", at_most=0.25, trials=2), delays(0.0, 0.0)) is BROKEN


@pytest.mark.parametrize("statistic", ["median", "mean", "total", "drift"])
def test_a_statistic_is_broken_only_once_its_sample_is_complete(statistic):
    clause = limit(statistic=statistic, at_most=1, trials=3)
    assert [outcome(clause, delays(2.0, 30.0, 50.0)[:n]) for n in (1, 2, 3)] == [OPEN, OPEN, BROKEN]


@pytest.mark.parametrize("statistic", ["each", "median", "mean", "total", "drift"])
def test_a_statistic_of_what_is_no_number_shows_nothing(statistic):
    assert outcome(limit(statistic=statistic, at_most=10, trials=3), delays(nan, nan, nan)) is OPEN


def test_a_total_is_as_uncertain_as_all_its_parts():
    clause = limit(statistic="total", at_most=10, trials=3)
    result = judged(clause, delays(2.0, 3.0, 4.0, uncertainty=0.25))
    assert (result.value, result.bound, result.outcome) == (9.0, 9.75, HOLDS)
    assert outcome(clause, delays(2.0, 3.0, 4.0, uncertainty=0.5)) is OPEN
    assert outcome(clause, delays(2.0, 3.0, 6.0, uncertainty=0.25)) is BROKEN


def test_the_worst_value_is_the_one_shown():
    result = judged(EACH, delays(1.0, 29.0, 2.0, uncertainty=1.0))
    assert (result.value, result.bound, result.limit) == (29.0, 30.0, 30.0)


def ladder(*steps: tuple[float, int, int]) -> list[Observation]:
    """Readings at distances: (mm, trials, no-reads)."""
    return [o for distance, trials, failures in steps for o in reads(trials, failures, distance=distance)]


@pytest.mark.parametrize(("farthest", "said"), [(120, HOLDS), (110, BROKEN)])
def test_a_window_is_as_wide_as_its_contiguous_steps(farthest, said):
    steps = [(mm, 20, 1 if 40 <= mm <= farthest else 2) for mm in range(30, 201, 10)]
    assert outcome(WINDOW, ladder(*steps)) is said


def test_a_window_wide_enough_holds_before_every_position_was_sampled():
    assert outcome(WINDOW, ladder(*[(mm, 20, 1) for mm in range(40, 121, 10)])) is HOLDS
    assert outcome(WINDOW, ladder(*[(mm, 20, 1) for mm in range(40, 111, 10)])) is OPEN


def test_positions_that_are_not_registered_widen_no_window():
    assert outcome(WINDOW, ladder(*[(mm, 20, 0) for mm in range(35, 206, 10)])) is OPEN
    assert outcome(WINDOW, ladder(*[(mm, 20, 0) for mm in range(200, 301, 10)])) is OPEN
    between = [*[(mm, 20, 0) for mm in range(40, 121, 10)], (75, 20, 20)]
    assert judged(WINDOW, ladder(*between)).value == 80


def test_a_position_not_sampled_parts_a_window():
    steps = [(mm, 20, 0) for mm in range(30, 181, 10) if mm != 100]
    assert judged(WINDOW, ladder(*steps)).value == 70
    assert outcome(WINDOW, ladder(*steps)) is OPEN


def test_a_step_that_fails_parts_a_window():
    steps = [(mm, 20, 2 if mm == 100 else 0) for mm in range(30, 201, 10)]
    assert outcome(WINDOW, ladder(*steps)) is HOLDS
    assert judged(WINDOW, ladder(*steps)).value == 90


def test_a_window_parted_into_narrow_ranges_is_broken():
    steps = [(mm, 20, 2 if mm in (100, 150) else 0) for mm in range(30, 201, 10)]
    assert outcome(WINDOW, ladder(*steps)) is BROKEN


def test_a_step_with_too_few_trials_leaves_a_window_open():
    steps = [(mm, 19 if mm == 80 else 20, 0) for mm in range(40, 121, 10)]
    assert outcome(WINDOW, ladder(*steps)) is OPEN


def test_the_order_of_the_steps_does_not_matter_to_a_window():
    steps = [(float(mm), 20, 0) for mm in range(120, 39, -10)]
    assert outcome(WINDOW, ladder(*steps)) is HOLDS


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["conforms"] * 4, OPEN),
        (["conforms"] * 5, HOLDS),
        (["conforms"] * 4 + ["differs"], BROKEN),
        (["missing"], BROKEN),
    ],
)
def test_every_item_inspected_must_conform(values, said):
    items = [Observation("", "identity", value, cell={"field": str(n)}) for n, value in enumerate(values)]
    assert outcome(IDENTITY, items) is said


def test_an_item_is_known_by_its_whole_cell():
    items = [
        Observation("", "identity", "conforms", cell={"field": str(n), "side": side}) for n in (1, 2) for side in "ab"
    ]
    assert judged(IDENTITY, items + items).trials == 4
    assert outcome(IDENTITY, items + items) is OPEN


def test_only_the_measure_named_is_judged():
    assert outcome(COUNT, observed("keystroke", [EXACT] * 75)) is OPEN


def test_cells_outside_the_condition_are_not_judged():
    screen = COUNT.model_copy(update={"where": {"surface": "screen"}})
    sample = [*reads(75, surface="screen"), *reads(9, 9, surface="paper"), *reads(9, 9)]
    assert judged(screen, sample).trials == 75
    assert outcome(screen, sample) is HOLDS
    assert outcome(screen, reads(75, surface="paper")) is OPEN


def test_groups_are_judged_each_by_itself():
    by_colour = COUNT.model_copy(update={"per": ("colour",)})
    sample = [*reads(75, colour="black"), *reads(75, 2, colour="orange"), *reads(74, colour="red")]
    results = {result.group["colour"]: result for result in judge_clause(by_colour, sample)}
    assert {colour: r.outcome for colour, r in results.items()} == {"black": HOLDS, "orange": BROKEN, "red": OPEN}
    assert {colour: r.trials for colour, r in results.items()} == {"black": 75, "orange": 75, "red": 74}


def test_groups_are_split_by_every_key_at_once():
    by_cell = COUNT.model_copy(update={"per": ("version", "level"), "trials": 1})
    sample = [reads(1, version=v, level=level)[0] for v in (1, 2) for level in "LM"]
    assert len(judge_clause(by_cell, sample)) == 4


def test_a_reading_without_the_key_of_the_groups_lends_no_group_a_trial():
    by_colour = COUNT.model_copy(update={"per": ("colour",)})
    results = judge_clause(by_colour, [*reads(74, colour="black"), *reads(1)])
    assert {result.outcome for result in results} == {OPEN}


FOUR_COLOURS = COUNT.model_copy(update={"per": ("colour",), "groups": 4})


def colours(*names: str, failures: int = 0) -> list[Observation]:
    return [o for name in names for o in reads(75, failures, colour=name)]


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        ([], OPEN),
        (colours("black"), OPEN),
        (colours("black", "orange", "red"), OPEN),
        (colours("black", "orange", "red", "blue"), HOLDS),
        (colours("black", "orange", "red", "blue", "green"), HOLDS),
        (colours("black", failures=2), BROKEN),
        (colours("black", "orange", "red") + reads(74, colour="blue"), OPEN),
        (colours("black", "orange", "red", "blue") + reads(75, 2, colour="green"), BROKEN),
        (colours("black", "orange", "red") + reads(75), OPEN),
    ],
)
def test_a_clause_stays_open_until_all_its_groups_were_seen(sample, said):
    assert overall(judge_clause(FOUR_COLOURS, sample)) is said


def test_what_the_missing_groups_lack_is_shown_as_a_result_of_its_own():
    seen, missing = judge_clause(FOUR_COLOURS, colours("black"))
    assert (seen.group, seen.outcome) == ({"colour": "black"}, HOLDS)
    assert (missing.group, missing.trials, missing.outcome) == ({}, 0, OPEN)
    assert [r.group for r in judge_clause(FOUR_COLOURS, colours(*"abcd"))] == [{"colour": c} for c in "abcd"]


def test_groups_count_only_where_the_condition_is_met():
    on_screen = FOUR_COLOURS.model_copy(update={"where": {"surface": "screen"}, "groups": 2})
    sample = [*reads(75, colour="black", surface="screen"), *reads(75, colour="red", surface="paper")]
    assert overall(judge_clause(on_screen, sample)) is OPEN
    assert overall(judge_clause(on_screen, sample + reads(75, colour="red", surface="screen"))) is HOLDS


DELIVERED = (EXACT, "wrong", "stale")
AMONG = [
    SHARE.model_copy(update={"among": DELIVERED}),
    CountClause(kind="count", measure="read", failure=("wrong", "stale"), among=DELIVERED, trials=299, failures=1),
]


@pytest.mark.parametrize("clause", AMONG, ids=lambda clause: clause.kind)
@pytest.mark.parametrize(
    ("sample", "trials", "failures", "said"),
    [
        (reads(299 + 50, 50), 299, 0, HOLDS),
        (reads(298 + 50, 50), 298, 0, OPEN),
        ([*reads(299 + 50, 50), *observed("read", ["wrong", "stale"])], 301, 2, BROKEN),
        (reads(50, 50), 0, 0, OPEN),
    ],
)
def test_only_the_values_named_are_trials(clause, sample, trials, failures, said):
    result = judged(clause, sample)
    assert (result.trials, result.failures, result.outcome) == (trials, failures, said)


def test_only_the_values_named_are_trials_at_a_step_of_a_window():
    window = WINDOW.model_copy(update={"success": (), "failure": ("wrong",), "among": DELIVERED})
    steps = [(mm, 20 + 5, 5) for mm in range(40, 121, 10)]
    assert outcome(window, ladder(*steps)) is HOLDS
    assert outcome(window, ladder(*steps[:-1], (120, 20, 5))) is OPEN


def test_a_criterion_is_broken_by_one_result_and_open_by_one():
    def of(*said: Outcome) -> Outcome:
        return overall(judged(COUNT, reads(*{HOLDS: (75, 0), BROKEN: (75, 2), OPEN: (74, 0)}[s])) for s in said)

    assert of(HOLDS, HOLDS) is HOLDS
    assert of(HOLDS, OPEN) is OPEN
    assert of(OPEN, BROKEN, HOLDS) is BROKEN
    assert of() is OPEN


CHORDS = COUNT.model_copy(update={"measure": "keystroke", "only_if": "keyboard_link"})


@pytest.mark.parametrize(
    ("options", "said"),
    [(None, OPEN), (frozenset({"keyboard_link"}), OPEN), (frozenset({"serial_link"}), HOLDS), (frozenset(), HOLDS)],
)
def test_a_clause_is_judged_only_if_the_statement_has_its_option(options, said):
    assert overall(judge_criterion([COUNT, CHORDS], reads(75), options)) is said


def test_a_criterion_without_a_clause_left_standing_is_open():
    assert overall(judge_criterion([CHORDS], reads(75), frozenset())) is OPEN


outcomes_seen = st.tuples(st.integers(0, 60), st.integers(0, 4)).map(
    lambda seen: [EXACT] * seen[0] + [NO_READ] * seen[1]
)
times_seen = st.tuples(st.lists(st.floats(0, 16), max_size=60), st.lists(st.floats(14, 40), max_size=3)).map(
    lambda seen: seen[0] + seen[1]
)
trial_clauses = st.one_of(
    st.builds(
        lambda at_least, n, more: ProportionClause(
            kind="proportion", measure="m", success=(EXACT,), at_least=at_least, stages=((n, 0), (n + more, 1))
        ),
        st.sampled_from((0.5, 0.8, 0.9)),
        st.integers(1, 30),
        st.integers(1, 30),
    ),
    st.builds(
        lambda n, failures: CountClause(kind="count", measure="m", success=(EXACT,), trials=n, failures=failures),
        st.integers(1, 40),
        st.integers(0, 3),
    ),
)
number_clauses = st.one_of(
    st.builds(
        lambda n, p: PercentileClause(kind="percentile", measure="m", percentile=p, at_most=20, trials=n),
        st.integers(14, 50),
        st.sampled_from((50, 80)),
    ),
    st.builds(lambda n: LimitClause(kind="limit", measure="m", at_most=20, trials=n), st.integers(1, 40)),
)
judgeable = st.one_of(
    st.tuples(trial_clauses, outcomes_seen.map(lambda values: observed("m", values))),
    st.tuples(
        number_clauses,
        st.tuples(times_seen, st.floats(0, 5)).map(lambda seen: observed("m", seen[0], uncertainty=seen[1])),
    ),
)


def registered(clause: Clause, failures: int) -> int:
    match clause:
        case ProportionClause():
            return min(n for n, allowed in clause.stages if failures <= allowed)
        case _:
            return clause.trials


def failed(clause: Clause, times: int) -> list[Observation]:
    return observed("m", [99.0 if isinstance(clause, PercentileClause | LimitClause) else NO_READ] * times)


@settings(deadline=None)
@given(judgeable, st.integers(1, 30))
def test_more_failures_never_mend_a_broken_clause(judgement, more):
    clause, sample = judgement
    if isinstance(clause, PercentileClause) and len(sample) <= clause.trials < len(sample) + more:
        return  # a sample that has outgrown its registered size is judged as a whole, by other numbers
    if outcome(clause, sample) is BROKEN:
        assert outcome(clause, sample + failed(clause, more)) is BROKEN


@settings(deadline=None)
@given(judgeable, st.integers(1, 30))
def test_a_trial_that_failed_instead_never_helps(judgement, worse):
    clause, sample = judgement
    better = [BROKEN, OPEN, HOLDS].index(outcome(clause, sample))
    spoilt = failed(clause, min(worse, len(sample))) + sample[worse:]
    assert [BROKEN, OPEN, HOLDS].index(outcome(clause, spoilt)) <= better


@settings(deadline=None)
@given(judgeable)
def test_a_clause_never_holds_with_fewer_trials_than_registered(judgement):
    clause, sample = judgement
    result = judged(clause, sample)
    if result.outcome is HOLDS:
        assert result.trials >= registered(clause, result.failures)


@settings(deadline=None)
@given(judgeable, st.randoms(use_true_random=False))
def test_the_order_of_the_sample_does_not_matter(judgement, chance):
    clause, sample = judgement
    shuffled = chance.sample(sample, len(sample))
    assert judged(clause, shuffled) == judged(clause, sample)


@settings(deadline=None)
@given(number_clauses, times_seen, st.floats(0, 5), st.floats(0, 5))
def test_more_uncertainty_never_decides_more(clause, values, uncertainty, more):
    sharp = outcome(clause, observed("m", values, uncertainty=uncertainty))
    blurred = outcome(clause, observed("m", values, uncertainty=uncertainty + more))
    assert blurred in (sharp, OPEN)
