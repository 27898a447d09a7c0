"""Samples and files that look sufficient and are not: none of them may decide a row of the shipped catalogue.

A test that is expected to fail names the gap it proves; it fails the suite as soon as the gap is closed.
"""

from __future__ import annotations

from math import inf, nan
from pathlib import Path

import pytest
from observing import clause_of, judged, observed, outcome, reads

import fixtures
from certification.catalogue import load_catalogue
from certification.clauses import LimitClause
from certification.decision import Outcome
from certification.errors import PlanError
from certification.observations import Observation
from certification.plan import make_plan
from certification.subject import load_subject
from certification.verdicts import Verdict, judge

HOLDS, BROKEN = Outcome.HOLDS, Outcome.BROKEN


def gap(reason: str) -> pytest.MarkDecorator:
    return pytest.mark.xfail(strict=True, reason=reason)


def said(requirement: str, sample: list[Observation]) -> Verdict:
    return judge(load_catalogue()[requirement], sample, None, planned=True, emulated=True).verdict


def altered(folder: Path, right: str, wrong: str) -> Path:
    """A shipped subject file with one thing replaced."""
    text = (Path(fixtures.__file__).parent / "subjects" / "emulated-gm65.toml").read_text(encoding="utf-8")
    assert right in text
    path = folder / "subject.toml"
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize("value", [inf, 1e9])
def test_a_latency_beyond_all_bounds_is_outside(value):
    assert outcome(clause_of("EHC-TRM-015", 1), observed("latency", [100.0] * 298 + [value])) is BROKEN


def test_no_row_passes_on_observations_of_another_measure():
    sample = observed("nothing demanded", ["conforms"] * 1000)
    assert [row for row in load_catalogue() if said(row, sample) is Verdict.PASS] == []


@gap("nan is neither above nor below a limit, so it counts as inside")
@pytest.mark.parametrize(
    ("requirement", "number", "measure"),
    [("EHC-TRM-015", 0, "latency"), ("EHC-TRM-019", 1, "removal_status_time")],
)
def test_values_that_are_no_numbers_show_nothing(requirement, number, measure):
    assert outcome(clause_of(requirement, number), observed(measure, [nan] * 299)) is not HOLDS


@gap("drift is a ratio, its limit is in per cent")
def test_a_drift_is_judged_in_the_unit_of_its_limit():
    hourly = observed("latency_p95", [100.0] * 71 + [600.0])
    assert outcome(clause_of("EHC-TRM-033", 3), hourly) is BROKEN


@gap("only groups that were sampled are judged")
def test_a_colour_never_shown_leaves_the_colours_open():
    assert said("EHC-TRM-007", reads(75, surface="screen", colour="#000000")) is Verdict.INCONCLUSIVE


@gap("items are counted, not told apart")
def test_one_item_seen_five_times_is_not_five_items():
    assert outcome(clause_of("EHC-TRM-001"), observed("identity", ["conforms"] * 5, field="vendor")) is not HOLDS


@gap("positions are contiguous when nothing was sampled between them")
def test_two_distances_do_not_make_a_window():
    ends = [*reads(20, distance=30.0), *reads(20, distance=200.0)]
    assert outcome(clause_of("EHC-TRM-009"), ends) is not HOLDS


@gap("a window is complete as soon as the positions sampled so far are")
def test_the_first_distance_does_not_break_a_window():
    assert outcome(clause_of("EHC-TRM-009"), reads(20, distance=30.0)) is not BROKEN


@gap("a mean is judged before its trials are complete")
def test_a_mean_that_later_minutes_can_mend_is_not_broken():
    clause, minutes = clause_of("EHC-PRF-001", 2), [0.02] + [0.0] * 29
    before, after = (outcome(clause, observed("error_share", minutes[:n])) for n in (1, 30))
    assert (before, after) != (BROKEN, HOLDS)


@gap("the values allowed outside grow with the sample")
def test_a_percentile_that_more_values_can_mend_is_not_broken():
    clause, times = clause_of("EHC-PRF-001", 1), [600.0] + [100.0] * 472
    before, after = (outcome(clause, observed("verification_time", times[:n])) for n in (299, 473))
    assert (before, after) != (BROKEN, HOLDS)


@gap("every value is judged by the largest uncertainty of the sample")
def test_a_proved_breach_is_not_mended_by_a_blurred_value():
    clause = clause_of("EHC-TRM-023", 1)
    breach = observed("power_recovery_time", [40.0], uncertainty=0.1)
    assert outcome(clause, breach) is BROKEN
    assert outcome(clause, breach + observed("power_recovery_time", [1.0], uncertainty=20.0)) is BROKEN


@gap("a total is taken to be as certain as one of its parts")
def test_a_total_is_less_certain_than_its_parts():
    clause = LimitClause(kind="limit", measure="lost", statistic="total", at_most=7, trials=60)
    assert outcome(clause, observed("lost", [0.1] * 60)) is HOLDS
    assert outcome(clause, observed("lost", [0.1] * 60, uncertainty=0.5)) is not HOLDS


@gap("the bound shown adds the uncertainty whichever side the limit is on")
def test_a_lower_limit_is_shown_with_the_lower_bound():
    quiet_zone = clause_of("EHC-KSK-004", 1)
    assert quiet_zone.at_least == 4
    assert judged(quiet_zone, observed("quiet_zone", [4.5] * 60, uncertainty=0.25)).bound == 4.25


@gap("`declared` is a key of the subject file")
def test_a_file_cannot_declare_itself_undeclared(tmp_path):
    with pytest.raises(PlanError, match="declared"):
        load_subject(altered(tmp_path, 'kind = "terminal"', 'kind = "terminal"\ndeclared = false'))


@gap("every kind of subject answers the options of a terminal, so its own are never answered yes")
def test_a_kiosk_cannot_be_excused_by_the_options_of_a_terminal(tmp_path):
    path = altered(tmp_path, 'kind = "terminal"', 'kind = "kiosk"')
    with pytest.raises(PlanError):
        make_plan(load_catalogue(), load_subject(path), name="full", only=(), scenarios={"EHC-KSK-019"})


@gap("a mapping's get() expects a KeyError")
def test_a_row_that_does_not_exist_can_be_asked_for():
    assert load_catalogue().get("EHC-TRM-999") is None
