"""Two runs side by side: what is a regression, what nobody can say, and what is none."""

from dataclasses import replace

import numpy as np
import pytest

from certification.catalogue import Level, Text, load_catalogue
from certification.comparison import Comparison, Side
from certification.measure_changes import Standing, measure_changes
from certification.observations import Observation
from certification.row_changes import Change, row_changes
from certification.verdicts import Row, Verdict

LATENCY, STATIC, COLOURS, SEND = "EHC-TRM-015", "EHC-TRM-003", "EHC-TRM-007", "EHC-PRF-005"
SIDE = Side("a", "2026-11-27T10:00:00+08:00", "PASS", "V1", "maker model 1", False, "quick", 10, 3)


def row(verdict, requirement=STATIC):
    said = Text(zh="一", en="one")
    return Row(requirement, Verdict(verdict), Level.SHALL, "T", False, True, said, said, 1)


def compared(rows=(), measures=(), **sides):
    return Comparison(
        old=sides.get("old", SIDE),
        new=sides.get("new", SIDE),
        rows=tuple(rows),
        measures=tuple(measures),
        differences=(),
        remarks=(),
    )


@pytest.mark.parametrize(
    ("before", "now", "change", "code"),
    [
        ("PASS", "FAIL", Change.NEW_FAILURE, 1),
        ("INCONCLUSIVE", "FAIL", Change.NEW_FAILURE, 1),
        ("NOT_ASSESSED", "FAIL", Change.UNKNOWN_FAILURE, 2),
        ("RIG_ERROR", "FAIL", Change.UNKNOWN_FAILURE, 2),
        ("NOT_APPLICABLE", "FAIL", Change.UNKNOWN_FAILURE, 2),
        ("PASS", "NOT_ASSESSED", Change.NEWLY_OPEN, 2),
        ("PASS", "NOT_APPLICABLE", Change.NEWLY_OPEN, 2),
        ("FAIL", "RIG_ERROR", Change.NEWLY_OPEN, 2),
        ("FAIL", "PASS", Change.FIXED, 0),
        ("INCONCLUSIVE", "PASS", Change.NEWLY_MET, 0),
        ("FAIL", "FAIL", None, 0),
        ("PASS", "PASS", None, 0),
        ("NOT_ASSESSED", "INCONCLUSIVE", None, 0),
    ],
)
def test_what_became_of_a_row_decides_the_exit_code(before, now, change, code):
    found = row_changes([row(before)], [row(now)])
    assert [one.change for one in found] == ([] if change is None else [change])
    assert compared(found).exit_code == code


def test_a_row_one_catalogue_lacks_is_told():
    [gone] = row_changes([row("PASS")], [])
    assert (gone.change, gone.now) == (Change.NEWLY_OPEN, None)
    [come] = row_changes([], [row("FAIL")])
    assert (come.change, come.before) == (Change.UNKNOWN_FAILURE, None)


def test_nothing_is_decided_by_a_run_that_does_not_count():
    for word, decided in (("INVALID", 3), ("INTERRUPTED", 3), ("RIG_ERROR", 0)):
        bad = Side("b", SIDE.started, word, "V2", "maker model 1", False, "quick", 10, decided)
        assert compared(row_changes([row("PASS")], [row("FAIL")]), new=bad).exit_code == 2
        assert word in compared(new=bad).why[0].en


def test_no_run_whose_bench_failed_shows_that_nothing_broke():
    failed = replace(SIDE, overall="RIG_ERROR")
    for sides in ({"old": failed}, {"new": failed}, {"old": failed, "new": failed}):
        assert compared(**sides).exit_code == 2
        assert "the bench of run a failed" in compared(**sides).why[0].en
    assert compared(row_changes([row("PASS")], [row("FAIL")]), new=failed).exit_code == 1


def latencies(factor, size=299, uncertainty=1.0, seed=1, **more):
    chance = np.random.default_rng(seed)
    return [
        Observation(LATENCY, "latency", round(float(x) * factor, 3), unit="ms", uncertainty=uncertainty, **more)
        for x in chance.lognormal(5.5, 0.2, size)
    ]


def change_of(old, new, requirement=LATENCY, emulated=False):
    return measure_changes(
        [load_catalogue()[requirement]], {requirement: old}, {requirement: new}, (), emulated=emulated
    )


def p95(old, new, **more):
    [found] = [one for one in change_of(old, new, **more) if one.kind == "p95"]
    return found


@pytest.mark.parametrize(
    ("factor", "standing", "code"),
    [
        (1.0, Standing.SAME, 0),
        (1.08, Standing.SAME, 0),
        (1.12, Standing.UNDECIDED, 2),
        (1.5, Standing.WORSE, 1),
        (0.6, Standing.BETTER, 0),
    ],
)
def test_a_95th_percentile_is_worse_beyond_ten_per_cent_and_its_confidence(factor, standing, code):
    found = p95(latencies(1.0), latencies(factor))
    assert found.increase == pytest.approx(factor - 1, abs=1e-3)
    assert found.low < found.increase < found.high
    assert found.standing is standing
    assert compared(measures=[found]).exit_code == code


def test_what_is_within_the_uncertainty_is_not_told_to_be_worse():
    assert p95(latencies(1.0, uncertainty=150.0), latencies(1.5, uncertainty=150.0)).standing is Standing.UNDECIDED


def test_a_small_sample_decides_less_than_a_large_one():
    assert p95(latencies(1.0), latencies(1.3, seed=2)).standing is Standing.WORSE
    few = p95(latencies(1.0, size=58), latencies(2.0, size=58))
    assert (few.low, few.standing) == (None, Standing.UNDECIDED)


def test_an_emulated_device_is_not_blamed_for_its_host_but_for_what_goes_beyond():
    old, new = latencies(0.02, uncertainty=0.1), latencies(0.2, uncertainty=0.1)
    assert p95(old, new).standing is Standing.WORSE
    assert p95(old, new, emulated=True).standing is Standing.HOST
    assert compared(measures=[p95(old, new, emulated=True)]).exit_code == 0
    assert p95(new, old, emulated=True).standing is Standing.SAME
    assert p95(old, latencies(1.0, uncertainty=0.1), emulated=True).standing is Standing.WORSE


def test_no_bounds_are_given_for_outcomes_that_were_told_together():
    found = p95(latencies(1.0, times=40), latencies(2.0, times=40))
    assert (found.low, found.high, found.standing) == (None, None, Standing.UNDECIDED)
    assert found.trials == (299 * 40, 299 * 40)


def test_outcomes_of_a_load_come_in_droves_and_show_nothing_by_themselves():
    load = "EHC-PRF-001"
    old = [Observation(load, "verification_time", 20.0 + n / 100, unit="ms") for n in range(400)]
    new = [Observation(load, "verification_time", 80.0 + n / 100, unit="ms") for n in range(400)]
    [found] = [one for one in change_of(old, new, load) if one.kind == "p95"]
    assert (found.low, found.standing) == (None, Standing.UNDECIDED)


def test_what_judges_the_generator_says_nothing_of_the_subject():
    sends = [Observation(SEND, "send_delay", 0.4, unit="ms", times=5000)]
    late = [Observation(SEND, "send_delay", 40.0, unit="ms", times=5000)]
    assert change_of(sends, late, SEND) == []


def reads(failures, size=75, requirement=COLOURS, colour="#F39119", surface="screen"):
    cell = {"colour": colour, "surface": surface}
    return [
        Observation(requirement, "read", "no_read" if number < failures else "exact", cell=cell)
        for number in range(size)
    ]


def test_a_share_of_failures_is_worse_only_where_chance_does_not_explain_it():
    [same] = change_of(reads(0), reads(1), COLOURS)
    assert same.standing is Standing.SAME
    assert same.low < same.now - same.before < same.high
    [worse] = change_of(reads(0), reads(20), COLOURS)
    assert worse.standing is Standing.WORSE
    assert compared(measures=[worse]).exit_code == 1
    [better] = change_of(reads(20), reads(0), COLOURS)
    assert (better.standing, compared(measures=[better]).exit_code) == (Standing.BETTER, 0)


def test_many_groups_together_raise_no_alarm_that_one_of_them_would():
    """6 failures of 75 after none are shown by themselves (p = 0.014), and not as one of twenty comparisons."""
    [alone] = change_of(reads(0), reads(6), COLOURS)
    assert alone.standing is Standing.WORSE
    colours = [f"#0000{number:02d}" for number in range(20)]
    old = [one for colour in colours for one in reads(0, colour=colour)]
    new = [one for colour in colours for one in reads(6 if colour == colours[3] else 0, colour=colour)]
    assert {one.standing for one in change_of(old, new, COLOURS)} == {Standing.SAME}


def test_two_limits_to_one_sample_are_one_comparison():
    assert len([one for one in change_of(latencies(1.0), latencies(1.0)) if one.measure == "latency"]) == 1
