"""The shipped catalogue: complete, quoted truly, judgeable, and each scenario and defect tied to it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from gherkin.parser import Parser

import certification.catalogue
import xiangka.scenarios
from certification.catalogue import Catalogue, Level, Requirement, Source, SubjectKind, load_catalogue
from certification.clauses import (
    CountClause,
    InspectionClause,
    LimitClause,
    PercentileClause,
    ProportionClause,
    WindowClause,
)
from certification.decision import Outcome, judge_clause
from certification.errors import PlanError
from certification.options import statement_options
from certification.statistics import allowed_failures, lower_bound, plan_confidence
from certification.verdicts import Verdict, judge
from rigs.emulators.defects.table import DEFECTS
from xiangka.scenarios import FEATURES, UNTAGGED, all_scenarios, implemented

CATALOGUE = load_catalogue()
ROWS = list(CATALOGUE.values())
CLAUSES = [(row.id, clause) for row in ROWS for clause in row.criterion]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
NOTICE = (resources.files("certification") / "data" / "notice.txt").read_text(encoding="utf-8")
"""The provincial notice 湘卫函〔2019〕159号, reflowed into paragraphs."""


def misquoted(row: Requirement) -> list[str]:
    return [quote for quote in row.source.quotes if not quote or quote not in NOTICE]


def test_a_hundred_and_sixteen_requirements():
    assert len(CATALOGUE) == 116
    assert Counter(row.level for row in ROWS) == {Level.SHALL: 101, Level.SHOULD: 15}


@pytest.mark.parametrize(
    ("kind", "prefix", "shall", "should"),
    [
        ("terminal", "TRM", 32, 2),
        ("kiosk", "KSK", 16, 5),
        ("his", "HIS", 22, 5),
        ("platform", "PLT", 18, 0),
        ("load", "PRF", 5, 1),
        ("operations", "OPS", 8, 2),
    ],
)
def test_the_rows_of_a_kind_are_numbered_without_a_gap(kind, prefix, shall, should):
    rows = CATALOGUE.of(SubjectKind(kind))
    assert [row.id for row in rows] == [f"EHC-{prefix}-{n:03d}" for n in range(1, shall + should + 1)]
    assert sum(row.level is Level.SHALL for row in rows) == shall


def test_an_id_that_stands_twice_is_refused_by_name():
    with pytest.raises(PlanError, match="EHC-TRM-003 stands twice"):
        Catalogue([ROWS[2], ROWS[3], ROWS[2]])


def test_every_quote_stands_literally_in_the_notice():
    assert sum(len(row.source.quotes) for row in ROWS) > 50
    assert {row.id: wrong for row in ROWS if (wrong := misquoted(row))} == {}


@pytest.mark.parametrize("quote", ["每个村卫生室配备两个扫码终端", "确保安全 防护底线", ""])
def test_a_made_up_quote_is_found_out(quote):
    row = ROWS[0].model_copy(update={"source": Source(quotes=(*ROWS[0].source.quotes, quote))})
    assert misquoted(row) == [quote]


def test_every_row_has_a_source():
    assert [row.id for row in ROWS if not row.source.quotes and row.source.reason is None] == []


def latin(text: str) -> int:
    return len(re.findall(r"[A-Za-z]", text))


def test_every_text_is_chinese_and_english():
    texts = [
        (row.id, text)
        for row in ROWS
        for text in (row.title, row.procedure, row.evidence, row.criterion_text, row.source.reason)
        if text is not None
    ]
    assert [(id_, text.zh) for id_, text in texts if not CHINESE.search(text.zh)] == []
    assert [(id_, text.en) for id_, text in texts if latin(text.en) <= len(CHINESE.findall(text.en))] == []


def test_no_clause_can_pass_or_fail_on_nothing():
    on_nothing = {(id_, clause.measure): {r.outcome for r in judge_clause(clause, [])} for id_, clause in CLAUSES}
    assert {clause: said for clause, said in on_nothing.items() if said != {Outcome.OPEN}} == {}


def test_no_row_can_pass_or_fail_on_nothing():
    verdicts = {row.id: judge(row, [], None, planned=True, emulated=False).verdict for row in ROWS}
    assert set(verdicts.values()) == {Verdict.INCONCLUSIVE}


def smallest_sample(clause: Any) -> int:
    match clause:
        case ProportionClause():
            return clause.stages[0][0]
        case InspectionClause():
            return clause.items
        case _:
            return clause.trials


def test_every_clause_asks_for_a_sample():
    assert [(id_, c.measure) for id_, c in CLAUSES if smallest_sample(c) < 1] == []


def test_every_trial_is_told_from_a_failure_in_one_way():
    trials = [(id_, c) for id_, c in CLAUSES if isinstance(c, ProportionClause | CountClause | WindowClause)]
    assert [(id_, c.measure) for id_, c in trials if bool(c.success) == bool(c.failure)] == []


def test_every_limit_limits_something():
    limits = [(id_, c) for id_, c in CLAUSES if isinstance(c, LimitClause)]
    assert [(id_, c.measure) for id_, c in limits if c.at_most is None and c.at_least is None] == []


def test_every_registered_stage_is_large_enough_to_show_the_share_demanded():
    stages = [(id_, c, n, k) for id_, c in CLAUSES if isinstance(c, ProportionClause) for n, k in c.stages]
    assert [(id_, n, k) for id_, c, n, k in stages if lower_bound(n - k, n, c.confidence) < c.at_least] == []


def test_a_plan_of_one_stage_is_as_sure_as_it_says():
    single = [(id_, c) for id_, c in CLAUSES if isinstance(c, ProportionClause) and len(c.stages) == 1]
    assert single
    assert [id_ for id_, c in single if plan_confidence(c.stages, c.at_least) < c.confidence] == []


def test_groups_are_counted_only_where_the_sample_is_split():
    assert [(id_, c.measure) for id_, c in CLAUSES if c.groups is not None and (not c.per or c.groups < 1)] == []


def test_a_window_fits_into_its_registered_positions():
    windows = [(id_, c) for id_, c in CLAUSES if isinstance(c, WindowClause)]
    assert windows
    assert [id_ for id_, c in windows if c.step <= 0 or c.last - c.first < c.width] == []
    assert [id_ for id_, c in windows if (c.last - c.first) % c.step or c.width % c.step] == []


def test_stages_grow_in_size_and_in_failures():
    plans = [(id_, c.stages) for id_, c in CLAUSES if isinstance(c, ProportionClause)]
    steps = [(id_, step) for id_, stages in plans for step in pairwise(stages)]
    assert [(id_, step) for id_, step in steps if not (step[0][0] < step[1][0] and step[0][1] < step[1][1])] == []


def test_every_percentile_has_a_sample_that_can_show_it():
    percentiles = [(id_, c) for id_, c in CLAUSES if isinstance(c, PercentileClause)]
    assert [id_ for id_, c in percentiles if allowed_failures(c.trials, c.percentile / 100, c.confidence) < 0] == []


@pytest.mark.parametrize("kind", [SubjectKind.TERMINAL, SubjectKind.PLATFORM])
def test_rows_depend_only_on_options_their_kind_of_subject_can_answer(kind):
    named = {
        option
        for row in CATALOGUE.asked_of(kind)
        for option in (row.applies_if, *(clause.only_if for clause in row.criterion))
        if option is not None
    }
    assert named
    assert named <= statement_options(kind)


def test_every_option_of_a_platform_decides_something():
    rows = CATALOGUE.asked_of(SubjectKind.PLATFORM)
    deciding = {row.applies_if for row in rows} | {clause.only_if for row in rows for clause in row.criterion}
    assert statement_options(SubjectKind.PLATFORM) <= deciding


@pytest.mark.parametrize("near", ["EHC-TRM-03", "ehc-trm-003", "EHC-TMR-003"])
def test_a_near_miss_is_answered_with_the_id_meant(near):
    with pytest.raises(PlanError, match=re.escape("did you mean EHC-TRM-0")) as caught:
        CATALOGUE[near]
    assert repr(near) in str(caught.value)


def test_an_id_far_from_any_is_pointed_to_the_list():
    with pytest.raises(PlanError, match="xiangka catalogue list"):
        CATALOGUE["nonsense"]


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ('level = "SHALL"|level = "MUST"', "level"),
        ('kind = "inspection"|kind = "opinion"', "criterion.0"),
        ("items = 5|items = 5\nitmes = 5", "criterion.0.inspection.itmes"),
        ('id = "EHC-TRM-001"|id = "TRM-1"', "id"),
    ],
)
def test_a_row_that_is_not_valid_is_named_with_file_and_field(tmp_path, monkeypatch, damage, named):
    right, wrong = damage.split("|")
    shipped = Path(certification.catalogue.__file__).parent / "data" / "terminal.toml"
    text = shipped.read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "terminal.toml").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    monkeypatch.setattr(certification.catalogue, "_data", lambda: tmp_path)
    with pytest.raises(PlanError) as caught:
        load_catalogue.__wrapped__()
    assert caught.value.where.startswith("certification/data/terminal.toml, ")
    assert caught.value.what.startswith(f"{named}: ")


def gherkin_scenarios() -> Iterator[tuple[str, str, list[str]]]:
    """File, name and tags of every scenario, those inside rules too, as Gherkin itself sees them."""
    for file in sorted(FEATURES.rglob("*.feature")):
        document: Any = Parser().parse(file.read_text(encoding="utf-8"))
        waiting = [(child, document["feature"]["tags"]) for child in document["feature"]["children"]]
        while waiting:
            child, inherited = waiting.pop()
            if rule := child.get("rule"):
                waiting += [(below, [*inherited, *rule["tags"]]) for below in rule["children"]]
            if scenario := child.get("scenario"):
                tags = [tag["name"].removeprefix("@") for tag in [*inherited, *scenario["tags"]]]
                yield str(file.relative_to(FEATURES)), scenario["name"], tags


def test_every_scenario_has_exactly_one_tag_a_requirement_of_its_folders_kind():
    found = list(gherkin_scenarios())
    assert found
    wrong = [
        (file, name, tags)
        for file, name, tags in found
        if len(tags) != 1 or tags[0] not in CATALOGUE or CATALOGUE[tags[0]].subject != Path(file).parts[0]
    ]
    assert wrong == []


def test_no_scenario_is_overlooked():
    seen = sorted((s.file, s.name, [s.requirement]) for s in all_scenarios())
    assert seen == sorted(gherkin_scenarios())


def tagged(folder: Path, tag: str) -> Path:
    (folder / "terminal").mkdir()
    text = f"Feature: Sound\n\n  @{tag}\n  Scenario: Reads\n    Then it reads\n"
    (folder / "terminal" / "sound.feature").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("tag", ["EHC-TRM-999", "slow"])
def test_a_scenario_with_an_unknown_tag_is_refused_with_its_file(tmp_path, monkeypatch, tag):
    found = all_scenarios(tagged(tmp_path, tag))
    monkeypatch.setattr(xiangka.scenarios, "all_scenarios", lambda: found)
    with pytest.raises(PlanError, match=f"'Reads' is tagged '{tag}'") as caught:
        implemented(CATALOGUE)
    assert caught.value.where == "features/terminal/sound.feature"


def test_a_scenario_with_a_known_tag_implements_its_requirement(tmp_path, monkeypatch):
    found = all_scenarios(tagged(tmp_path, "EHC-TRM-009"))
    monkeypatch.setattr(xiangka.scenarios, "all_scenarios", lambda: found)
    assert implemented(CATALOGUE) == {"EHC-TRM-009"}


RULES = """\
Feature: Sound

  Scenario: Reads
    Then it reads

  Rule: In the dark

    Scenario: Reads in the dark
      Then it reads

    @EHC-TRM-009 @EHC-TRM-010
    Scenario: Reads from afar
      Then it reads
"""


def test_scenarios_within_rules_and_without_tags_are_found(tmp_path):
    (tmp_path / "sound.feature").write_text(RULES, encoding="utf-8")
    assert [(s.requirement, s.name, s.file) for s in all_scenarios(tmp_path)] == [
        (UNTAGGED, "Reads", "sound.feature"),
        (UNTAGGED, "Reads in the dark", "sound.feature"),
        ("EHC-TRM-009", "Reads from afar", "sound.feature"),
        ("EHC-TRM-010", "Reads from afar", "sound.feature"),
    ]


def test_a_tag_of_the_feature_is_a_tag_of_the_scenarios_within_its_rules(tmp_path):
    (tmp_path / "sound.feature").write_text(f"@EHC-TRM-011\n{RULES}", encoding="utf-8")
    tags = Counter(s.requirement for s in all_scenarios(tmp_path))
    assert tags == {"EHC-TRM-011": 3, "EHC-TRM-009": 1, "EHC-TRM-010": 1}


@pytest.mark.parametrize("name", ["Reads", "Reads in the dark"])
def test_a_scenario_without_a_tag_is_refused_with_its_file(tmp_path, monkeypatch, name):
    (tmp_path / "sound.feature").write_text(RULES, encoding="utf-8")
    found = [scenario for scenario in all_scenarios(tmp_path) if scenario.name == name]
    monkeypatch.setattr(xiangka.scenarios, "all_scenarios", lambda: found)
    with pytest.raises(PlanError, match=f"'{name}' is tagged '{UNTAGGED}'") as caught:
        implemented(CATALOGUE)
    assert caught.value.where == "features/sound.feature"


def test_every_terminal_row_with_a_scenario_has_a_defect_that_names_exactly_it():
    alone = {defect.requirements for defect in DEFECTS.values()}
    tried = implemented(CATALOGUE)
    rows = [row.id for row in CATALOGUE.of(SubjectKind.TERMINAL) if row.id in tried and not row.declared_only]
    assert rows
    assert [row for row in rows if (row,) not in alone] == []


def test_every_defect_names_requirements_that_have_a_scenario():
    named = {name: set(defect.requirements) for name, defect in DEFECTS.items()}
    assert named
    assert {name: rows for name, rows in named.items() if not rows or not rows <= implemented(CATALOGUE)} == {}
