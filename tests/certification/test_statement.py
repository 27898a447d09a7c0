"""The conformance statement: every option explained, every contradiction found, everything said at once."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

import fixtures
from certification.catalogue import SubjectKind, load_catalogue
from certification.contradictions import contradictions, rules
from certification.declarations import Declarations, EnvironmentReport, age_in_years
from certification.errors import PlanError
from certification.options import OPTIONS, Options, decides, groups, meanings, statement_options
from certification.subject_file import examine, load_subject

CATALOGUE = load_catalogue()
SUBJECTS = Path(fixtures.__file__).parent / "subjects"
SOUND = SUBJECTS / "emulated-gm65.toml"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
RULES = [rule for kind in OPTIONS for rule in rules(kind)]
REPORT = EnvironmentReport(
    file="report.pdf",
    sha256="0" * 64,
    laboratory="L",
    accreditation="CNAS L0000",
    issued=date(2025, 1, 1),
    model="M",
    device="1",
)


@pytest.mark.parametrize("kind", OPTIONS)
def test_every_option_is_explained_once_in_both_languages_and_under_a_heading(kind):
    assert list(meanings(kind)) == list(OPTIONS[kind].model_fields)
    for meaning in meanings(kind).values():
        assert meaning.group in groups()
        assert CHINESE.search(meaning.asks.zh)
        assert meaning.asks.en.startswith("whether ")


@pytest.mark.parametrize("kind", OPTIONS)
def test_every_option_rows_use_is_one_of_the_statement_and_says_which_rows_it_decides(kind):
    decided = {option: decides(CATALOGUE, kind, option) for option in statement_options(kind)}
    whole = {row.id for row in CATALOGUE.of(kind) if row.applies_if is not None}
    assert {row for rows, _ in decided.values() for row in rows} == whole
    assert decided.get("keyboard_link", (["EHC-TRM-018"], ["EHC-TRM-026"])) == (["EHC-TRM-018"], ["EHC-TRM-026"])


def test_a_terminal_is_asked_for_links_readers_media_symbologies_optics_and_safety():
    asked = {meaning.group for meaning in meanings(SubjectKind.TERMINAL).values()}
    assert asked == {"links", "readers", "media", "symbologies", "optics", "safety"}


def breaking(rule) -> tuple[Options, frozenset[str]]:
    """The least a statement must say to break a rule; all else stays unanswered."""
    options = OPTIONS[rule.kind].model_validate(rule.answers)
    return options, frozenset() if rule.with_declaration is None else frozenset({rule.with_declaration})


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: "-".join(rule.answers))
def test_a_rule_bites_on_its_answers_and_lets_go_when_any_of_them_is_turned(rule):
    assert CHINESE.search(rule.says.zh)
    assert not CHINESE.search(rule.says.en)
    assert set(rule.answers) <= statement_options(rule.kind)
    options, declared = breaking(rule)
    assert rule in contradictions(rule.kind, options, declared)
    turned = {"yes": "no", "no": "yes"}
    for name, answer in rule.answers.items():
        for other in (turned[answer], "unanswered"):
            assert rule not in contradictions(rule.kind, options.model_copy(update={name: other}), declared)


def test_a_rule_about_a_declaration_looks_at_the_declarations():
    claimed = OPTIONS[SubjectKind.TERMINAL].model_validate({"environment_report": "yes"})
    denied = OPTIONS[SubjectKind.TERMINAL].model_validate({"environment_report": "no"})
    declared = Declarations(environment=REPORT).names
    assert declared == {"environment"}
    assert len(contradictions(SubjectKind.TERMINAL, claimed, frozenset())) == 1
    assert contradictions(SubjectKind.TERMINAL, claimed, declared) == []
    assert len(contradictions(SubjectKind.TERMINAL, denied, declared)) == 1
    assert contradictions(SubjectKind.TERMINAL, denied, frozenset()) == []


def altered(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = SOUND.read_text(encoding="utf-8")
    for right, wrong in changes:
        assert right in text
        text = text.replace(right, wrong, 1)
    path = tmp_path / "subject.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_sound_file_has_nothing_against_it():
    for path in SUBJECTS.glob("*.toml"):
        assert examine(path).problems == []


def test_everything_that_is_wrong_is_listed_at_once_and_nothing_twice(tmp_path):
    path = altered(
        tmp_path,
        ('vendor = "Xiangka"', 'vendor = ""'),
        ('serial = "EMU-0001"\n', ""),
        ('usb_link = "no"', 'usb_link = "maybe"'),
        ('aimer = "no"', 'aimre = "no"'),
        ('bank_card = "no"', 'bank_card = "yes"'),
        ('own_clock = "no"', 'own_clock = "unanswered"'),
        ('environment_report = "no"', 'environment_report = "no"\n[probed]\noptions = ["serial_link"]'),
    )
    examined = examine(path)
    assert examined.subject is not None
    keys = [problem.key for problem in examined.problems]
    assert sorted(keys) == sorted(
        [
            "identity.serial",
            "options.usb_link",
            "options.aimre",
            "identity.vendor",
            "options.aimer",
            "options.own_clock",
            "probed.options.serial_link",
            "options.bank_card = yes + contactless_reader = no",
        ]
    )
    for problem in examined.problems:
        assert CHINESE.search(problem.says.zh + problem.remedy.zh)
        assert not CHINESE.search(problem.says.en + problem.remedy.en)
    with pytest.raises(PlanError):
        load_subject(path)


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        (('vendor = "Xiangka"', 'vendor = " "'), "[identity]", "left blank: vendor"),
        (
            ('environment_report = "no"', 'environment_report = "no"\n[probed]\nidentity = ["model"]'),
            "[probed]",
            "model",
        ),
        (('bank_card = "no"', 'bank_card = "yes"'), "[options]", "no contactless reader"),
        (('own_clock = "no"\n', ""), "[options]", "options left unanswered: own_clock"),
    ],
)
def test_a_file_with_an_open_question_is_refused_for_a_run(tmp_path, change, where, what):
    path = altered(tmp_path, change)
    with pytest.raises(PlanError) as caught:
        load_subject(path)
    assert caught.value.where == f"{path} {where}"
    assert what in caught.value.what


def test_every_contradiction_of_a_file_is_named_when_it_is_refused(tmp_path):
    path = altered(tmp_path, ('bank_card = "no"', 'bank_card = "yes"'), ('hid_pos_link = "no"', 'hid_pos_link = "yes"'))
    with pytest.raises(PlanError, match=r"no USB link; bank cards are claimed"):
        load_subject(path)


@pytest.mark.parametrize(
    ("issued", "today", "years"),
    [
        (date(2024, 5, 1), date(2027, 5, 1), 3.0),
        (date(2024, 5, 1), date(2027, 4, 30), 2 + 364 / 365),
        (date(2024, 5, 1), date(2027, 5, 2), 3 + 1 / 366),
        (date(2024, 2, 29), date(2027, 3, 1), 3.0),
        (date(2024, 2, 29), date(2028, 2, 29), 4.0),
        (date(2026, 11, 27), date(2026, 11, 27), 0.0),
    ],
)
def test_a_document_grows_older_by_anniversaries(issued, today, years):
    assert age_in_years(issued, today) == pytest.approx(years)


def test_a_document_of_the_future_is_younger_than_new():
    assert age_in_years(date(2026, 11, 28), date(2026, 11, 27)) < 0
