"""Forms of rows done by hand: one that passes, one that fails, and everything that may be wrong with one."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from typing import Any

import pytest

from certification.catalogue import SubjectKind, load_catalogue
from certification.form_check import Checked, check_form
from certification.forms import OTHERWISE, observations_of, wanted_of
from certification.options import TerminalOptions, statement_options
from certification.subject import IDENTITY_FIELDS, Identity, Subject, TerminalSubject, undeclared
from certification.verdicts import Verdict, judge
from xiangka.form_text import form_text

CATALOGUE = load_catalogue()
TODAY = date(2026, 11, 27)
BY_HAND = [row for row in CATALOGUE.values() if row.by_hand and row.subject is SubjectKind.TERMINAL]
DISTANCE, RECOVERY, RESULT = "EHC-TRM-009", "EHC-TRM-024", "EHC-TRM-021"


def subject(**answers: str) -> Subject:
    everything = dict.fromkeys(TerminalOptions.model_fields, "yes")
    return TerminalSubject(
        kind=SubjectKind.TERMINAL,
        identity=Identity(**dict.fromkeys(IDENTITY_FIELDS, "Q30"), firmware_sha256="0" * 64, filing_number="none"),
        options=TerminalOptions(**{**everything, **answers}),
    )


def filled(requirement: str) -> dict[str, Any]:
    """The form of a row as the command writes it, filled in so that everything went well."""
    form = tomllib.loads(form_text(CATALOGUE[requirement]))
    form["subject"] = dict.fromkeys(form["subject"], "Q30")
    form["record"] = {"operator": "检测员 A", "date": TODAY, "place": "desk 3"}
    form["instrument"] = [{"name": "rail", "serial": "R-1", "calibrated_until": TODAY + timedelta(days=100)}]
    good = {
        one.measure: next(
            (c.success[0] for c in one.clauses if getattr(c, "success", ())),
            "conforms" if "conforms" in one.outcomes else OTHERWISE,
        )
        for one in wanted_of(CATALOGUE[requirement], statement_options(SubjectKind.TERMINAL))
        if one.counted
    }
    limits = {c.measure: c.at_most for c in CATALOGUE[requirement].criterion if hasattr(c, "at_most")}
    for number, result in enumerate(form["result"], start=1):
        if "outcomes" in result:
            result["outcomes"] = {good[result["measure"]]: result["trials"]}
            result["cell"] = {
                key: number if key in NUMBERS and value == "?" else f"{value}{number}" if value == "?" else value
                for key, value in result.get("cell", {}).items()
            }
        else:
            wanted = next(c for c in CATALOGUE[requirement].criterion if c.measure == result["measure"])
            result["values"] = [0.5 * limits[result["measure"]]] * wanted.trials
    return form


NUMBERS = ("version", "angle", "level", "brightness", "illuminance", "quiet_zone", "distance", "skew")


def check(form: dict[str, Any], of: Subject | None = None) -> Checked:
    return check_form(form, CATALOGUE, of or subject(), TODAY)


def keys(form: dict[str, Any], of: Subject | None = None) -> list[str]:
    return [problem.key for problem in check(form, of).problems]


def verdict(form: dict[str, Any]) -> Verdict:
    checked = check(form)
    assert checked.problems == []
    observations = list(observations_of(checked.form, "digest"))
    row = CATALOGUE[checked.form.requirement]
    return judge(row, observations, None, planned=True, emulated=False, options=subject().yes_options).verdict


@pytest.mark.parametrize("row", BY_HAND, ids=lambda row: row.id)
def test_every_row_done_by_hand_has_a_form_whose_blanks_are_all_named(row):
    text = form_text(row)
    assert row.procedure.zh in text
    assert row.procedure.en in text
    blank = keys(tomllib.loads(text))
    assert {"subject.vendor", "record.operator", "record.date", "record.place"} <= set(blank)
    assert any(key.startswith("result 1 ") for key in blank)


def test_a_form_on_which_everything_went_well_passes_and_is_marked_as_recorded_by_a_person():
    for row in (DISTANCE, RECOVERY, RESULT, "EHC-TRM-001"):
        assert verdict(filled(row)) is Verdict.PASS
    observations = list(observations_of(check(filled(DISTANCE)).form, "digest"))
    assert sum(o.times for o in observations) == 18 * 20
    assert {o.detail["recorded_by"] for o in observations} == {"检测员 A"}
    assert {(o.detail["recorded_on"], o.detail["form"]) for o in observations} == {("2026-11-27", "digest")}
    assert all(o.journal is None for o in observations)


def test_a_form_on_which_it_went_badly_fails_by_the_same_criterion():
    form = filled(DISTANCE)
    for result in form["result"]:
        if result["cell"]["distance"] in (60, 100, 140):
            result["outcomes"] = {"exact": 18, OTHERWISE: 2}
    assert verdict(form) is Verdict.FAIL
    for result in form["result"]:
        if result["cell"]["distance"] == 140:
            result["outcomes"] = {"exact": 19, OTHERWISE: 1}
    assert verdict(form) is Verdict.PASS


def test_a_value_beyond_the_limit_fails_and_one_within_its_uncertainty_is_inconclusive():
    slow, near = filled(RECOVERY), filled(RECOVERY)
    times = next(result for result in slow["result"] if "values" in result)
    times["values"][7] = 10.5
    assert verdict(slow) is Verdict.FAIL
    times = next(result for result in near["result"] if "values" in result)
    times["values"][7], times["uncertainty"] = 9.9, 0.2
    assert verdict(near) is Verdict.INCONCLUSIVE


def test_a_test_may_stop_as_soon_as_it_has_failed():
    form = filled(RESULT)
    form["result"][0].update(trials=3, outcomes={OTHERWISE: 1, "none": 2})
    form["result"][1].update(trials=3, outcomes={OTHERWISE: 3})
    assert verdict(form) is Verdict.FAIL


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda f: f.update(form=2), "form"),
        (lambda f: f.update(catalogue="2019.1"), "catalogue"),
        (lambda f: f["subject"].update(serial="other"), "subject.serial"),
        (lambda f: f["record"].update(operator=" "), "record.operator"),
        (lambda f: f["record"].update(date="27.11.2026"), "record.date"),
        (lambda f: f["record"].update(date=TODAY + timedelta(days=1)), "record.date"),
        (lambda f: f.update(instrument=[]), "instrument"),
        (lambda f: f["instrument"][0].update(serial=""), "instrument 1.serial"),
        (
            lambda f: f["instrument"][0].update(calibrated_until=TODAY - timedelta(days=1)),
            "instrument 1.calibrated_until",
        ),
        (lambda f: f["result"][0].update(measure="raed"), "result 1 (raed).measure"),
        (lambda f: f["result"][0]["cell"].update(colour="red"), "result 1 (read).cell"),
        (lambda f: f["result"][0]["cell"].update(distance="near"), "result 1 (read).cell.distance"),
        (lambda f: f["result"][0].update(cell={"distance": "?"}), "result 1 (read).cell.distance"),
        (lambda f: f["result"][0].update(outcomes={"exact": 19, "worng": 1}), "result 1 (read).outcomes"),
        (
            lambda f: f["result"][0].update(outcomes={"exact": 21, OTHERWISE: -1}),
            f"result 1 (read).outcomes.{OTHERWISE}",
        ),
        (lambda f: f["result"][0].update(outcomes={"exact": 19, OTHERWISE: 2}), "result 1 (read).outcomes"),
        (lambda f: f["result"][0].pop("trials"), "result 1 (read).trials"),
        (lambda f: f["result"][0].update(values=[1.0]), "result 1 (read).values"),
        (lambda f: f["result"][1].update(cell=f["result"][0]["cell"]), "result 2 (read).cell"),
        (lambda f: f.update(requirement="EHC-TRM-999"), "requirement"),
        (lambda f: f.update(requirement="EHC-TRM-013"), "requirement"),
        (lambda f: f.update(requirement="EHC-KSK-001"), "requirement"),
        (lambda f: f.update(oprator="A"), "oprator"),
        (lambda f: f["result"][0].update(outcomes={"exact": "many"}), "result.0.outcomes.exact"),
    ],
)
def test_what_is_wrong_with_a_form_is_named(change, key):
    form = filled(DISTANCE)
    change(form)
    assert key in keys(form)


def test_values_are_checked_for_number_and_unit():
    form = filled(RECOVERY)
    place = next(n for n, result in enumerate(form["result"], start=1) if "values" in result)
    form["result"][place - 1].update(unit="ms", trials=3, outcomes={"usable": 3})
    assert {f"result {place} (usb_recovery_time).{name}" for name in ("unit", "values", "outcomes")} <= set(keys(form))
    form["result"][place - 1] = {"measure": "usb_recovery_time", "unit": "s", "values": []}
    assert f"result {place} (usb_recovery_time).values" in keys(form)


def test_everything_that_is_wrong_is_listed_at_once():
    form = filled(DISTANCE)
    form["subject"]["serial"] = "other"
    form["record"]["operator"] = ""
    form["result"][3]["outcomes"] = {"exact": "many"}
    form["result"][4]["outcomes"] = {"worng": 20}
    form["remark"] = "done"
    assert set(keys(form)) == {
        "result.3.outcomes.exact",
        "remark",
        "subject.serial",
        "record.operator",
        "result 4 (read).outcomes",
        "result 5 (read).outcomes",
    }


def test_a_form_of_a_subject_nobody_filed_is_refused():
    nobody = undeclared(SubjectKind.TERMINAL, dict.fromkeys(IDENTITY_FIELDS, "Q30"), TerminalOptions.model_fields)
    assert keys(filled(DISTANCE), nobody) == ["subject"]


def test_a_form_for_what_the_statement_denies_is_refused():
    assert keys(filled(RESULT), subject(card_reader="no")) == ["requirement"]


@pytest.mark.parametrize("kept", [0, 1, 7])
def test_an_incomplete_form_is_never_taken_for_a_pass(kept):
    for row in (DISTANCE, RECOVERY, RESULT):
        form = filled(row)
        form["result"] = form["result"][: min(kept, len(form["result"]) - 1)]
        assert any(key.startswith("criterion ") for key in keys(form)), row


def test_a_cell_with_too_few_trials_is_named_with_its_place():
    form = filled(DISTANCE)
    for number in (4, 9, 14):
        form["result"][number].update(trials=17, outcomes={"exact": 17})
    (problem,) = check(form).problems
    assert problem.says.en == "fewer than 20 trials at distance 70, 120, 170 mm"
