"""A run under another catalogue: limits bite anew, and what nobody measured stays open."""

import pytest

from certification.another_catalogue import changes, is_worse, judged_by
from certification.catalogue import Catalogue, SubjectKind, Text, load_catalogue
from certification.observations import Observation
from certification.standing import UNREACHED, Standing
from certification.verdicts import Circumstance, Verdict

LATENCY, RECORD_NUMBERS, KEYS = "EHC-TRM-015", "EHC-TRM-003", "EHC-TRM-030"
LEFT_OUT = Circumstance(Verdict.NOT_APPLICABLE, Text(zh="不适用", en="does not apply"))


def standing(**changed):
    fields = {
        "run": "a",
        "kind": SubjectKind.TERMINAL,
        "options": frozenset(),
        "declared": True,
        "emulated": True,
        "execute": frozenset({LATENCY, RECORD_NUMBERS}),
        "chosen": frozenset({LATENCY, RECORD_NUMBERS}),
        "whole": True,
        "reached": frozenset({LATENCY}),
        "circumstances": {KEYS: LEFT_OUT},
        "state": "finished",
        "invalid": False,
        "invalid_load": False,
        "broken": False,
    }
    return Standing(**{**fields, **changed})


OBSERVED = [
    *(Observation(LATENCY, "latency", 90.0 + n % 7, unit="ms", uncertainty=5.0) for n in range(299)),
    *(Observation(LATENCY, "read", "exact") for _ in range(299)),
]


def changed(requirement, **fields):
    """The catalogue with one row otherwise."""
    return Catalogue(
        [row.model_copy(update=fields) if row.id == requirement else row for row in load_catalogue().values()]
    )


def with_limit(at_most):
    clauses = load_catalogue()[LATENCY].criterion
    return changed(
        LATENCY,
        criterion=tuple(
            clause.model_copy(update={"at_most": at_most}) if clause.kind == "percentile" else clause
            for clause in clauses
        ),
    )


def verdict(catalogue, requirement, befell=None, observed=OBSERVED):
    rows = judged_by(catalogue, load_catalogue(), befell or standing(), observed)
    [row] = [row for row in rows if row.requirement == requirement]
    return row


@pytest.mark.parametrize(("limit", "said"), [(500.0, "PASS"), (98.0, "INCONCLUSIVE"), (80.0, "FAIL")])
def test_a_changed_limit_is_judged_by_what_was_measured(limit, said):
    assert verdict(with_limit(limit), LATENCY).verdict == said


def test_a_row_the_run_did_not_get_to_stays_so():
    assert verdict(with_limit(80.0), RECORD_NUMBERS).reason == UNREACHED.reason


def test_a_row_the_catalogue_did_not_have_is_open_and_never_met_or_failed():
    before = Catalogue([row for row in load_catalogue().values() if row.id != LATENCY])
    [row] = [row for row in judged_by(load_catalogue(), before, standing(), ()) if row.requirement == LATENCY]
    assert row.verdict is Verdict.NOT_ASSESSED
    assert "the catalogue the run was made by" in row.reason.en


def test_a_row_that_no_longer_applies_is_so_whatever_was_measured():
    slow = [Observation(LATENCY, "latency", 9000.0, unit="ms") for _ in range(299)]
    assert verdict(load_catalogue(), LATENCY, observed=slow).verdict is Verdict.FAIL
    assert verdict(changed(LATENCY, applies_if="own_clock"), LATENCY, observed=slow).verdict is Verdict.NOT_APPLICABLE
    nobodys = standing(declared=False)
    assert verdict(changed(LATENCY, applies_if="own_clock"), LATENCY, nobodys, slow).verdict is Verdict.NOT_ASSESSED


def test_a_row_nobody_measured_counts_for_a_run_of_a_whole_plan_alone():
    newly_asked = Catalogue([row for row in load_catalogue().values() if row.id != LATENCY])
    for before, now, requirement in (
        (newly_asked, load_catalogue(), LATENCY),
        (load_catalogue(), changed(KEYS, applies_if=None), KEYS),
    ):
        for whole in (True, False):
            befell = standing(whole=whole, chosen=frozenset({RECORD_NUMBERS}))
            [row] = [row for row in judged_by(now, before, befell, ()) if row.requirement == requirement]
            assert row.planned == whole


def test_a_row_that_applies_only_now_was_not_run():
    row = verdict(changed(KEYS, applies_if=None), KEYS)
    assert row.verdict is Verdict.NOT_ASSESSED
    assert "did not apply when the run was made" in row.reason.en


def test_worse_is_less_for_the_subject():
    order = (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL)
    for better in range(3):
        for worse in range(3):
            assert is_worse(order[better], order[worse]) == (worse > better)
    assert not is_worse(Verdict.PASS, Verdict.NOT_APPLICABLE)
    assert is_worse(Verdict.NOT_APPLICABLE, Verdict.NOT_ASSESSED)


def test_changes_name_the_field_and_both_values():
    found = changes(load_catalogue()[LATENCY], with_limit(80.0)[LATENCY])
    assert {(one.where, one.before, one.now) for one in found} == {
        ("criterion.1.at_most", 500.0, 80.0),
        ("criterion.2.at_most", 1000.0, 80.0),
    }
    assert changes(load_catalogue()[LATENCY], load_catalogue()[LATENCY]) == []
