"""Vocabulary, numbers and rules: in both languages, and never flattering."""

from __future__ import annotations

import pytest

from certification.catalogue import SubjectKind, load_catalogue
from certification.clauses import CountClause, LimitClause, PercentileClause, ProportionClause, WindowClause
from certification.decision import Outcome, judge_clause, judge_criterion
from certification.observations import Observation
from certification.verdicts import Verdict
from reports import words
from reports.findings import deciding, judged_clauses, shortfalls
from reports.masking import masked
from reports.numbers import plain, share
from reports.rules import finding_text, rule_text, scope_text

TERMINAL = load_catalogue().of(SubjectKind.TERMINAL)
CLAUSES = [clause for requirement in load_catalogue().values() for clause in requirement.criterion]


def test_every_verdict_has_its_words() -> None:
    assert {str(verdict) for verdict in Verdict} < set(words.VERDICTS)
    assert set(words.VERDICTS) == set(words.VERDICT_MEANINGS)
    assert set(words.OUTCOMES) == set(Outcome)


@pytest.mark.parametrize("requirement", TERMINAL, ids=lambda requirement: requirement.id)
def test_what_a_terminal_is_judged_by_is_translated(requirement) -> None:
    for clause in requirement.criterion:
        assert clause.measure in words.MEASURES
        for value in (*getattr(clause, "success", ()), *getattr(clause, "failure", ())):
            assert words.value_word(clause.measure, value) != words.as_recorded(value), value
        for key, wanted in clause.where.items():
            assert key in words.CELL_KEYS
            assert not isinstance(wanted, str) or (key, wanted) in words.CELL_VALUES
        assert set(clause.per) <= set(words.CELL_KEYS)


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: f"{clause.kind}-{clause.measure}")
def test_every_rule_of_the_catalogue_can_be_said(clause) -> None:
    (result,) = judge_clause(clause, [])
    for text in (rule_text(clause, result), finding_text(clause, result), scope_text(clause)):
        assert text is None or (text.zh and text.en)
        assert text is None or "None" not in text.en


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1.0, "100 %"), (0.99996, "99.99 %"), (0.999, "99.9 %"), (0.98667, "98.66 %"), (0.0, "0 %"), (0.57, "57 %")],
)
def test_a_share_is_cut_and_never_rounded_up(value: float, shown: str) -> None:
    assert share(value).replace("\u202f", " ") == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(5, "5"), (12345.0, "12 345"), (151.44, "151.4"), (2.345, "2.35"), (-35, "−35"), (float("inf"), "∞")],
)
def test_numbers_are_plain(value: float, shown: str) -> None:
    assert plain(value).replace("\u202f", " ") == shown


@pytest.mark.parametrize(
    ("cell", "zh", "en"),
    [
        ({"colour": "#F39119", "surface": "screen"}, "颜色 #F39119 · 屏幕", "colour #F39119 · screen"),
        ({"quiet_zone": 0.7, "logo": "logo"}, "静区 0.7 模块 · 带徽标", "quiet zone 0.7 modules · with logo"),
        ({"axis": "pitch", "angle": -35}, "俯仰 −35°", "pitch −35°"),
        ({"effect": "fade", "level": 40}, "剩余反差 40 %", "contrast left 40 %"),
        ({"effect": "blur", "level": 0.25}, "模糊 σ 0.25 模块", "blur sigma 0.25 modules"),
        ({"version": 7, "level": "L"}, "版本 7 · 纠错 L", "version 7 · EC L"),
        ({"new_key": "new_value"}, "new key new value", "new key new value"),
        ({}, "", ""),
    ],
)
def test_a_cell_is_said_in_one_line(cell, zh: str, en: str) -> None:
    text = words.cell_text(cell)
    assert (text.zh.replace("\u202f", " "), text.en.replace("\u202f", " ")) == (zh, en)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("439900199001010011", "439900***********1"),
        ("卡 43990019900101001X:0", "卡 439900***********X:0"),
        ("20261123-152301-ab12", "20261123-152301-ab12"),
        ("439900199013010011", "439900199013010011"),
        ("a" * 23 + "439900199001010011" + "b" * 23, "a" * 23 + "439900199001010011" + "b" * 23),
    ],
)
def test_only_identity_numbers_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


def _reads(requirement: str, cell, count: int, misses: int = 0) -> list[Observation]:
    return [Observation(requirement, "read", "no_read" if n < misses else "exact", cell=cell) for n in range(count)]


def test_results_find_back_to_their_clauses() -> None:
    requirement = load_catalogue()["EHC-TRM-010"]
    sample = [
        observation
        for axis, angles in {"yaw": (-35, 0, 40), "roll": (0, 90), "pitch": (0, 35)}.items()
        for angle in angles
        for observation in _reads(requirement.id, {"axis": axis, "angle": angle}, 10, misses=2 if angle == 35 else 0)
    ]
    judged = judged_clauses(requirement, judge_criterion(requirement.criterion, sample), ())
    assert [one.clause.where["axis"] for one in judged] == ["roll", "pitch", "yaw"]
    assert [len(one.results) for one in judged] == [3, 3, 3]
    assert all(not one.results[-1].group for one in judged)
    decided = deciding(judged)
    assert decided is judged[1]
    assert len(shortfalls(judged, sample)) == 2


def test_a_clause_of_an_option_not_given_is_passed_over() -> None:
    requirement = next(r for r in TERMINAL if any(clause.only_if for clause in r.criterion))
    results = judge_criterion(requirement.criterion, [], options=())
    standing = [clause for clause in requirement.criterion if clause.only_if is None]
    assert [one.clause for one in judged_clauses(requirement, results, ())] == standing


def test_results_of_an_unknown_criterion_stand_alone() -> None:
    requirement, other = load_catalogue()["EHC-TRM-007"], load_catalogue()["EHC-TRM-003"]
    sample = _reads(requirement.id, {"colour": "#000000", "surface": "screen"}, 75)
    sample += _reads(requirement.id, {"colour": "#F39119", "surface": "screen"}, 75)
    judged, _missing = judged_clauses(other, judge_criterion(requirement.criterion, sample), ())
    assert judged.clause is None
    assert len(judged.results) == 2


@pytest.mark.parametrize(
    ("clause", "value", "u", "short"),
    [
        (CountClause(kind="count", measure="m", success=("a",), trials=1), "b", 0, True),
        (
            ProportionClause(kind="proportion", measure="m", failure=("b",), at_least=0.9, stages=((9, 0),)),
            "a",
            0,
            False,
        ),
        (
            WindowClause(
                kind="window", measure="m", success=("a",), along="x", width=1, first=0, last=1, step=1, trials=1
            ),
            "a",
            0,
            False,
        ),
        (PercentileClause(kind="percentile", measure="m", percentile=95, at_most=10, trials=59), 9.5, 1.0, True),
        (LimitClause(kind="limit", measure="m", at_least=5), 5.5, 1.0, True),
        (LimitClause(kind="limit", measure="m", at_most=5, statistic="total"), 9.0, 0, False),
    ],
)
def test_what_counts_against_a_clause(clause, value, u: float, short: bool) -> None:
    observation = Observation("X", "m", value, uncertainty=u)
    judged = judged_clauses(None, [], ())
    assert judged == []
    from reports.findings import falls_short

    assert falls_short(clause, observation) is short
