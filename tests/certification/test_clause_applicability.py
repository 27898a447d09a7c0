"""Clauses that apply only to subjects with an option, and rows whose link the bench does not bind."""

from __future__ import annotations

from pathlib import Path

import pytest

from certification.catalogue import load_catalogue
from certification.observations import Observation
from certification.options import OPTIONS, TerminalOptions, statement_options
from certification.plan import Plan, make_plan
from certification.subject import Subject
from certification.subject_file import load_subject
from certification.verdicts import Row, Verdict, judge, judge_run

KEYSTROKES = "EHC-TRM-026"
SUBJECT = Path(__file__).parents[2] / "fixtures" / "subjects" / "emulated-gm65.toml"
CATALOGUE = load_catalogue()
SETTING_CODES = [
    Observation(KEYSTROKES, "configuration", "unchanged", cell={"payload": "configuration"}) for _ in range(100)
]
QUIET_KEYS = [Observation(KEYSTROKES, "keystroke", "none", cell={"payload": "control"}) for _ in range(100)]
GOOD_CODES = [Observation(KEYSTROKES, "control", "exact") for _ in range(10)]
CHORD = Observation(KEYSTROKES, "keystroke", "chord", cell={"payload": "control"})


def subject(keyboard_link: str) -> Subject:
    filed = load_subject(SUBJECT)
    options = TerminalOptions.model_validate({**filed.options.model_dump(), "keyboard_link": keyboard_link})
    return filed.model_copy(update={"options": options})


def judged(observations: list[Observation], keyboard_link: str) -> Row:
    (row,) = judge_run(
        CATALOGUE,
        [KEYSTROKES],
        observations,
        {},
        plan=frozenset((KEYSTROKES,)),
        emulated=True,
        options=subject(keyboard_link).yes_options,
    )
    return row


def plan(keyboard_link: str, *unbound: str, only: tuple[str, ...] = ()) -> Plan:
    return make_plan(
        CATALOGUE, subject(keyboard_link), name="quick", only=only, scenarios={KEYSTROKES}, unbound=unbound
    )


def test_without_a_keyboard_link_only_the_setting_codes_are_judged() -> None:
    row = judged(SETTING_CODES + GOOD_CODES, "no")
    assert row.verdict is Verdict.PASS
    assert [clause.measure for clause in row.clauses] == ["configuration", "control"]


@pytest.mark.parametrize(
    ("observations", "verdict"),
    [
        (SETTING_CODES + GOOD_CODES, Verdict.INCONCLUSIVE),
        (SETTING_CODES + GOOD_CODES + QUIET_KEYS, Verdict.PASS),
        (SETTING_CODES + GOOD_CODES + QUIET_KEYS + [CHORD], Verdict.FAIL),
    ],
)
def test_with_a_keyboard_link_both_halves_are_judged(observations: list[Observation], verdict: Verdict) -> None:
    assert judged(observations, "yes").verdict is verdict


def test_a_judgement_that_knows_no_options_judges_every_clause() -> None:
    row = judge(CATALOGUE[KEYSTROKES], SETTING_CODES + GOOD_CODES, None, planned=True, emulated=True)
    assert row.verdict is Verdict.INCONCLUSIVE


def test_a_bench_without_keyboard_leaves_the_row_open() -> None:
    for only in ((), (KEYSTROKES,)):
        left_out = plan("yes", "keyboard_link", only=only).left_out[KEYSTROKES]
        assert left_out.verdict is Verdict.NOT_ASSESSED
        assert left_out.reason.en.startswith("the bench binds no keyboard")
    assert KEYSTROKES in plan("yes", "keyboard_link", only=(KEYSTROKES,)).chosen


def test_the_row_is_run_where_the_keyboard_is_bound_or_not_claimed() -> None:
    assert plan("yes").execute == {KEYSTROKES}
    assert plan("no", "keyboard_link").execute == {KEYSTROKES}


def test_clauses_name_only_options_of_the_statement() -> None:
    named = {(r.id, clause.only_if) for r in CATALOGUE.values() for clause in r.criterion if clause.only_if is not None}
    assert (KEYSTROKES, "keyboard_link") in named
    asked = {row.id: kind for kind in OPTIONS for row in CATALOGUE.asked_of(kind)}
    strange = {(id_, option) for id_, option in named if option not in statement_options(asked[id_])}
    assert not strange
