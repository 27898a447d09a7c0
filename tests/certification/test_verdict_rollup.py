"""What becomes of a row, of a run, and of the exit code."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from observing import EXACT, observed, reads

from certification.catalogue import Level, Text, load_catalogue
from certification.decision import Outcome
from certification.observations import Observation
from certification.verdicts import Circumstance, ExitCode, Row, Verdict, exit_code, judge, judge_run, overall_verdict

CATALOGUE = load_catalogue()
STATIC_CODES = CATALOGUE["EHC-TRM-003"]
SETTING_CODES = CATALOGUE["EHC-TRM-026"]

PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
NOT_APPLICABLE, NOT_ASSESSED, RIG_ERROR = Verdict.NOT_APPLICABLE, Verdict.NOT_ASSESSED, Verdict.RIG_ERROR


def because(verdict: Verdict) -> Circumstance:
    return Circumstance(verdict, Text(zh="测试台故障", en="the bench failed"))


def judged(sample: list[Observation], circumstance: Circumstance | None = None) -> Row:
    return judge(STATIC_CODES, sample, circumstance, planned=True, emulated=True)


@pytest.mark.parametrize(
    ("trials", "failures", "verdict"), [(0, 0, INCONCLUSIVE), (298, 0, INCONCLUSIVE), (299, 0, PASS), (473, 2, FAIL)]
)
def test_a_row_says_what_its_sample_shows(trials, failures, verdict):
    assert judged(reads(trials, failures)).verdict is verdict


def test_a_proved_failure_outranks_a_bench_that_broke():
    row = judged(reads(20, 2), because(RIG_ERROR))
    assert row.verdict is FAIL
    assert row.reason.en == "the criterion is not met"


@pytest.mark.parametrize("verdict", [RIG_ERROR, NOT_ASSESSED, NOT_APPLICABLE])
@pytest.mark.parametrize("trials", [0, 20, 299])
def test_a_circumstance_outranks_a_sample_that_proves_no_failure(verdict, trials):
    row = judged(reads(trials), because(verdict))
    assert (row.verdict, row.reason.en) == (verdict, "the bench failed")


def test_a_row_without_an_observation_shows_no_clause():
    assert judged([]).clauses == ()
    assert [clause.outcome for clause in judged(reads(20)).clauses] == [Outcome.OPEN]


@pytest.mark.parametrize(
    ("options", "verdict"), [(None, INCONCLUSIVE), ({"keyboard_link"}, INCONCLUSIVE), ({"serial_link"}, PASS)]
)
def test_chords_are_judged_only_on_a_terminal_with_a_keyboard_link(options, verdict):
    refused = observed("configuration", ["unchanged"] * 100, payload="configuration")
    sample = refused + observed("control", [EXACT] * 10)
    assert judge(SETTING_CODES, sample, None, planned=True, emulated=True, options=options).verdict is verdict


def test_a_run_gives_each_row_its_own_observations_and_circumstance():
    rows = judge_run(
        CATALOGUE,
        ["EHC-TRM-003", "EHC-TRM-006", "EHC-TRM-009", "EHC-TRM-026"],
        [
            *observed("read", [EXACT] * 299, requirement="EHC-TRM-003"),
            *observed("other_symbol", ["as_card"], requirement="EHC-TRM-006"),
            *observed("configuration", ["unchanged"] * 100, requirement="EHC-TRM-026", payload="configuration"),
            *observed("control", [EXACT] * 10, requirement="EHC-TRM-026"),
        ],
        {"EHC-TRM-009": because(NOT_ASSESSED)},
        plan=frozenset({"EHC-TRM-003", "EHC-TRM-006"}),
        emulated=False,
        options=frozenset(),
    )
    assert [(row.requirement, row.verdict, row.planned) for row in rows] == [
        ("EHC-TRM-003", PASS, True),
        ("EHC-TRM-006", FAIL, True),
        ("EHC-TRM-009", NOT_ASSESSED, False),
        ("EHC-TRM-026", PASS, False),
    ]
    assert [row.observations for row in rows] == [299, 1, 0, 110]
    assert not any(row.emulated for row in rows)


def shall(verdict: Verdict, *, planned: bool = True) -> Row:
    return replace(judged([]), verdict=verdict, planned=planned)


def should(verdict: Verdict) -> Row:
    return replace(shall(verdict), level=Level.SHOULD)


@pytest.mark.parametrize(
    ("verdicts", "said", "code"),
    [
        ((PASS, PASS), PASS, 0),
        ((PASS, FAIL), FAIL, 1),
        ((FAIL, RIG_ERROR, NOT_ASSESSED, INCONCLUSIVE), FAIL, 1),
        ((PASS, INCONCLUSIVE), INCONCLUSIVE, 2),
        ((PASS, NOT_ASSESSED), NOT_ASSESSED, 2),
        ((NOT_ASSESSED, INCONCLUSIVE), NOT_ASSESSED, 2),
        ((PASS, RIG_ERROR), RIG_ERROR, 3),
        ((RIG_ERROR, NOT_ASSESSED, INCONCLUSIVE), RIG_ERROR, 3),
        ((PASS, NOT_APPLICABLE), PASS, 0),
        ((NOT_APPLICABLE,), NOT_ASSESSED, 2),
        ((), NOT_ASSESSED, 2),
    ],
)
def test_the_gravest_row_speaks_for_the_run(verdicts, said, code):
    for rows in ([shall(v) for v in verdicts], [shall(v) for v in reversed(verdicts)]):
        assert overall_verdict(rows) is said
        assert exit_code(rows) == code


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("binding", [PASS, FAIL, INCONCLUSIVE, RIG_ERROR])
def test_what_only_should_be_never_changes_the_exit_code(verdict, binding):
    assert exit_code([shall(binding), should(verdict)]) == exit_code([shall(binding)])


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_run_of_nothing_binding_is_open(verdict):
    assert exit_code([should(verdict)]) == ExitCode.OPEN


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_row_outside_the_plan_bars_nothing(verdict):
    assert exit_code([shall(PASS), shall(verdict, planned=False)]) == ExitCode.PASSED


def test_the_exit_codes_are_those_scripts_rely_on():
    assert {code.name: int(code) for code in ExitCode} == {
        "PASSED": 0,
        "FAILED": 1,
        "OPEN": 2,
        "RIG_ERROR": 3,
        "WRONG_INPUT": 4,
    }


def test_a_verdict_is_recorded_with_what_it_rests_on():
    record = judged(reads(299)).as_record()
    read_back = json.loads(json.dumps(record, ensure_ascii=False))
    [clause] = read_back.pop("clauses")
    assert read_back == {
        "requirement": "EHC-TRM-003",
        "verdict": "PASS",
        "level": "SHALL",
        "method": "T/H",
        "emulated": True,
        "planned": True,
        "title": {"zh": STATIC_CODES.title.zh, "en": STATIC_CODES.title.en},
        "reason": {"zh": "判据满足", "en": "the criterion is met"},
        "observations": 299,
    }
    assert clause.keys() == {
        "kind",
        "outcome",
        "measure",
        "unit",
        "trials",
        "failures",
        "value",
        "bound",
        "limit",
        "rule",
        "group",
        "interval",
    }
    assert (clause["kind"], clause["outcome"], clause["trials"], clause["group"]) == ("proportion", "holds", 299, {})


def test_every_row_of_the_catalogue_can_be_recorded():
    rows = judge_run(
        CATALOGUE, CATALOGUE, [], dict.fromkeys(CATALOGUE, because(NOT_ASSESSED)), plan=frozenset(), emulated=True
    )
    records = json.loads(json.dumps([row.as_record() for row in rows]))
    assert [record["requirement"] for record in records] == list(CATALOGUE)
    assert {record["verdict"] for record in records} == {"NOT_ASSESSED"}
