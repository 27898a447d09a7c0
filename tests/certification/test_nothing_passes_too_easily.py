"""Samples that look sufficient and are not: none of them may decide a row of the shipped catalogue."""

from __future__ import annotations

from math import inf, nan

import pytest
from observing import clause_of, judged, observed, outcome, reads

from certification.catalogue import load_catalogue
from certification.decision import Outcome
from certification.observations import Observation
from certification.verdicts import Verdict, judge

HOLDS, BROKEN = Outcome.HOLDS, Outcome.BROKEN


def said(requirement: str, sample: list[Observation]) -> Verdict:
    return judge(load_catalogue()[requirement], sample, None, planned=True, emulated=True).verdict


@pytest.mark.parametrize("value", [inf, 1e9])
def test_a_latency_beyond_all_bounds_is_outside(value):
    assert outcome(clause_of("EHC-TRM-015", 1), observed("latency", [100.0] * 298 + [value])) is BROKEN


def test_latencies_that_are_no_numbers_show_nothing():
    assert outcome(clause_of("EHC-TRM-015"), observed("latency", [nan] * 299)) is not HOLDS
    assert outcome(clause_of("EHC-TRM-019", 1), observed("removal_status_time", [nan] * 50)) is not HOLDS


def test_a_drift_is_judged_in_the_unit_of_its_limit():
    hourly = [100.0] * 71 + [600.0]
    assert outcome(clause_of("EHC-TRM-033", 3), observed("latency_p95", hourly)) is BROKEN


def test_a_colour_never_shown_leaves_the_colours_open():
    black = reads(75, surface="screen", colour="#000000")
    assert said("EHC-TRM-007", black) is Verdict.INCONCLUSIVE


def test_one_item_seen_five_times_is_not_five_items():
    assert outcome(clause_of("EHC-TRM-001"), observed("identity", ["conforms"] * 5, field="vendor")) is not HOLDS


def test_two_distances_do_not_make_a_window():
    ends = [*reads(20, distance=30.0), *reads(20, distance=200.0)]
    assert outcome(clause_of("EHC-TRM-009"), ends) is not HOLDS


def test_the_first_distance_does_not_break_a_window():
    assert outcome(clause_of("EHC-TRM-009"), reads(20, distance=30.0)) is not BROKEN


def test_a_mean_that_later_minutes_can_mend_is_not_broken():
    minutes = [0.02] + [0.0] * 29
    clause = clause_of("EHC-PRF-001", 2)
    assert outcome(clause, observed("error_share", minutes)) is HOLDS
    assert outcome(clause, observed("error_share", minutes[:1])) is not BROKEN


def test_a_percentile_that_more_values_can_mend_is_not_broken():
    clause = clause_of("EHC-PRF-001", 1)
    times = [600.0] + [100.0] * 472
    before, after = (outcome(clause, observed("verification_time", times[:n])) for n in (299, 473))
    assert (before, after) != (BROKEN, HOLDS)


def test_a_proved_breach_is_not_mended_by_a_blurred_value():
    clause = clause_of("EHC-TRM-023", 1)
    breach = observed("power_recovery_time", [40.0], uncertainty=0.1)
    assert outcome(clause, breach) is BROKEN
    assert outcome(clause, breach + observed("power_recovery_time", [1.0], uncertainty=20.0)) is BROKEN


def test_a_total_is_as_uncertain_as_all_its_parts():
    clause = clause_of("EHC-HIS-005", 3)
    assert clause.statistic == "total"
    parts = observed("absolute_sum_difference", [0.0] * 60, uncertainty=0.0)
    assert outcome(clause, parts) is HOLDS


def test_a_lower_limit_is_shown_with_the_lower_bound():
    result = judged(clause_of("EHC-KSK-004", 1), observed("quiet_zone", [4.5] * 60, uncertainty=0.25))
    assert result.bound == 4.25


def test_a_file_cannot_declare_itself_undeclared(tmp_path):
    pass


def test_a_kiosk_cannot_be_excused_by_the_options_of_a_terminal(tmp_path):
    pass


def test_an_unknown_row_is_absent_for_those_who_ask_politely():
    assert load_catalogue().get("EHC-TRM-999") is None
