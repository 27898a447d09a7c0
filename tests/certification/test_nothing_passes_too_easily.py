"""Samples and files that look sufficient and are not: none of them may decide a row of the shipped catalogue."""

from __future__ import annotations

from math import inf, nan
from pathlib import Path

import pytest
from observing import EXACT, NO_READ, clause_of, judged, observed, outcome, reads
from pydantic import TypeAdapter, ValidationError

import fixtures
from certification.catalogue import SubjectKind, UnknownRequirementError, load_catalogue
from certification.clauses import Clause, LimitClause
from certification.decision import Outcome
from certification.errors import PlanError
from certification.observations import Observation
from certification.subject_file import load_subject
from certification.verdicts import Verdict, judge

HOLDS, BROKEN = Outcome.HOLDS, Outcome.BROKEN


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


@pytest.mark.parametrize(
    ("requirement", "number", "measure"),
    [("EHC-TRM-015", 0, "latency"), ("EHC-TRM-019", 1, "removal_status_time")],
)
def test_values_that_are_no_numbers_show_nothing(requirement, number, measure):
    assert outcome(clause_of(requirement, number), observed(measure, [nan] * 299)) is not HOLDS


def test_a_drift_is_judged_in_the_unit_of_its_limit():
    hourly = observed("latency_p95", [100.0] * 60 + [600.0] * 12)
    assert outcome(clause_of("EHC-TRM-033", 3), hourly) is BROKEN


def test_a_colour_never_shown_leaves_the_colours_open():
    assert said("EHC-TRM-007", reads(75, surface="screen", colour="#000000")) is Verdict.INCONCLUSIVE


def test_a_reading_without_a_colour_is_not_the_colour_that_was_never_shown():
    seen = [o for colour in "abc" for o in reads(75, surface="screen", colour=colour)]
    assert said("EHC-TRM-007", seen + reads(75, surface="screen")) is Verdict.INCONCLUSIVE
    assert said("EHC-TRM-007", seen + reads(75, surface="screen", colour="d")) is Verdict.PASS


@pytest.mark.parametrize(
    ("requirement", "refused"),
    [
        ("EHC-TRM-006", observed("other_symbol", ["ignored"] * 200)),
        (
            "EHC-TRM-026",
            [
                *observed("keystroke", ["none"] * 100, payload="control"),
                *observed("configuration", ["unchanged"] * 100, payload="configuration"),
            ],
        ),
    ],
)
def test_a_terminal_that_reads_nothing_has_refused_nothing(requirement, refused):
    assert said(requirement, refused) is Verdict.INCONCLUSIVE
    assert said(requirement, refused + observed("control", [EXACT] * 9)) is Verdict.INCONCLUSIVE
    assert said(requirement, refused + observed("control", [EXACT] * 10)) is Verdict.PASS
    assert said(requirement, refused + observed("control", [EXACT] * 9 + [NO_READ])) is Verdict.FAIL


def test_a_card_side_that_takes_no_notice_of_anything_has_avoided_no_collision():
    silent = observed("collision", ["none"] * 50) + observed("mixed_records", [0] * 50)
    assert said("EHC-TRM-021", silent) is Verdict.INCONCLUSIVE
    assert said("EHC-TRM-021", silent + observed("control", ["right"] * 9 + ["not_read"])) is Verdict.FAIL
    assert said("EHC-TRM-021", silent + observed("control", ["right"] * 10)) is Verdict.PASS


def test_one_bank_card_of_twenty_shows_nothing_of_how_bank_data_is_kept():
    clean = observed("clear_pan_or_track2", [0])

    def sample(read: int) -> list[Observation]:
        digits = observed("pan_leading_digits", [6] * read) + observed("pan_trailing_digits", [4] * read)
        return clean + digits + observed("bank_card", ["read"] * read + ["not_read"] * (20 - read))

    assert said("EHC-TRM-022", sample(1)) is Verdict.FAIL
    assert said("EHC-TRM-022", sample(17)) is Verdict.FAIL
    assert said("EHC-TRM-022", sample(18)) is Verdict.PASS


def test_a_code_that_was_not_read_is_no_proof_against_a_misread():
    clause = clause_of("EHC-TRM-013")
    delivered = reads(5989, campaign="valid")
    assert outcome(clause, delivered + reads(9, 9, campaign="valid")) is Outcome.OPEN
    assert outcome(clause, delivered + reads(1, campaign="valid")) is HOLDS
    assert outcome(clause, delivered + observed("read", ["wrong"], campaign="valid")) is BROKEN


@pytest.mark.parametrize(
    "nothing_demanded",
    [
        {"kind": "limit", "measure": "m"},
        {"kind": "count", "measure": "m", "trials": 1},
        {"kind": "proportion", "measure": "m", "at_least": 0.9, "stages": [[29, 0]]},
        {"kind": "window", "measure": "m", "along": "d", "width": 1, "first": 0, "last": 9, "step": 1, "trials": 1},
    ],
    ids=lambda clause: clause["kind"],
)
def test_a_clause_that_could_never_fail_is_refused(nothing_demanded):
    with pytest.raises(ValidationError, match="could never fail"):
        TypeAdapter(Clause).validate_python(nothing_demanded)


def test_one_item_seen_five_times_is_not_five_items():
    assert outcome(clause_of("EHC-TRM-001"), observed("identity", ["conforms"] * 5, field="vendor")) is not HOLDS


def test_two_distances_do_not_make_a_window():
    ends = [*reads(20, distance=30.0), *reads(20, distance=200.0)]
    assert outcome(clause_of("EHC-TRM-009"), ends) is not HOLDS


def test_the_first_distance_does_not_break_a_window():
    assert outcome(clause_of("EHC-TRM-009"), reads(20, distance=30.0)) is not BROKEN


def test_a_mean_that_later_minutes_can_mend_is_not_broken():
    clause, minutes = clause_of("EHC-PRF-001", 2), [0.02] + [0.0] * 29
    before, after = (outcome(clause, observed("error_share", minutes[:n])) for n in (1, 30))
    assert (before, after) != (BROKEN, HOLDS)


def test_a_percentile_broken_by_its_registered_sample_is_mended_only_by_one_that_shows_it_as_a_whole():
    clause, times = clause_of("EHC-PRF-001", 1), [600.0] + [100.0] * 472
    said = [outcome(clause, observed("verification_time", times[:n])) for n in (299, 300, 472, 473)]
    assert said == [BROKEN, Outcome.OPEN, Outcome.OPEN, HOLDS]


@pytest.mark.parametrize(
    ("cell", "passes"),
    [
        ({}, True),
        ({"to": 1_000_000}, False),
        ({"from": 1_000_000}, False),
        ({"seconds": 60}, False),
        ({"rate": 50}, False),
    ],
)
def test_smaller_bases_or_a_lesser_load_can_fail_the_growth_but_not_pass_it(cell, passes):
    cell = {"from": 100_000, "to": 10_000_000, "seconds": 120, "rate": 100, **cell}

    def growth(value):
        rest = [
            one
            for measure in ("wrong_persons", "reused_codes_accepted", "lost_uses", "double_effects")
            for one in observed(measure, [0] * 59)
        ]
        return said("EHC-PRF-004", observed("verification_p95_growth", [value], uncertainty=1.0, **cell) + rest)

    assert growth(5.0) is (Verdict.PASS if passes else Verdict.INCONCLUSIVE)
    assert growth(19.5) is Verdict.INCONCLUSIVE
    assert growth(40.0) is Verdict.FAIL


def test_a_proved_breach_is_not_mended_by_a_blurred_value():
    clause = clause_of("EHC-TRM-023", 1)
    breach = observed("power_recovery_time", [40.0], uncertainty=0.1)
    assert outcome(clause, breach) is BROKEN
    assert outcome(clause, breach + observed("power_recovery_time", [1.0], uncertainty=20.0)) is BROKEN


def test_a_total_is_less_certain_than_its_parts():
    clause = LimitClause(kind="limit", measure="lost", statistic="total", at_most=7, trials=60)
    assert outcome(clause, observed("lost", [0.1] * 60)) is HOLDS
    assert outcome(clause, observed("lost", [0.1] * 60, uncertainty=0.5)) is not HOLDS


def test_a_lower_limit_is_shown_with_the_lower_bound():
    quiet_zone = clause_of("EHC-KSK-004", 1)
    assert quiet_zone.at_least == 4
    assert judged(quiet_zone, observed("quiet_zone", [4.5] * 60, uncertainty=0.25)).bound == 4.25


def test_a_file_cannot_declare_itself_undeclared(tmp_path):
    with pytest.raises(PlanError, match="declared"):
        load_subject(altered(tmp_path, 'kind = "terminal"', 'kind = "terminal"\ndeclared = false'))


@pytest.mark.parametrize("kind", [kind for kind in SubjectKind if kind is not SubjectKind.TERMINAL])
def test_another_kind_cannot_be_excused_by_the_options_of_a_terminal(tmp_path, kind):
    with pytest.raises(PlanError, match=f"no statement is known for a {kind}|unknown key 'options.serial_link'"):
        load_subject(altered(tmp_path, 'kind = "terminal"', f'kind = "{kind}"'))


def test_a_row_that_does_not_exist_can_be_asked_for():
    assert load_catalogue().get("EHC-TRM-999") is None
    with pytest.raises(UnknownRequirementError, match="there is no requirement 'EHC-TRM-999'") as caught:
        load_catalogue()["EHC-TRM-999"]
    assert isinstance(caught.value, PlanError)
    assert isinstance(caught.value, KeyError)
    assert str(caught.value) == f"catalogue: {caught.value.what}; {caught.value.remedy}"
