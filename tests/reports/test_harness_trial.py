"""What a page says of the harness itself: kill rates, their record, and a warning when it is of another version."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import reports.certificate_facts
from certification.catalogue import VERSION
from certification.kill_rate import DefectRecord, DefectTrial
from certification.trial_record import LAYOUT, MadeWith
from reports.harness_trial import harness_trial
from reports.html_report import write_report
from reports.run_record import Versions

TRIALS = (
    DefectTrial(
        name="red-lit",
        of="terminal",
        fails=("EHC-TRM-007",),
        bench="a.toml",
        verdicts={"EHC-TRM-007": "FAIL", "EHC-TRM-003": "PASS"},
    ),
    DefectTrial(
        name="colour-shy",
        of="terminal",
        fails=("EHC-TRM-007",),
        bench="a.toml",
        verdicts={"EHC-TRM-007": "PASS", "EHC-TRM-003": "PASS"},
    ),
    DefectTrial(
        name="hides-firmware",
        of="terminal",
        fails=("EHC-TRM-001",),
        bench="a.toml",
        verdicts={"EHC-TRM-001": "FAIL", "EHC-TRM-003": "FAIL"},
    ),
    DefectTrial(
        name="lost-key", of="platform", fails=("EHC-PLT-007",), bench="p.toml", verdicts={"EHC-PLT-007": "FAIL"}
    ),
)


SAME = "4f2c9a1"
"""Commit of the invented run."""


def record(catalogue: str = VERSION, xiangka: str = "0.1.0", commit: str | None = SAME) -> DefectRecord:
    return DefectRecord(
        layout=LAYOUT,
        date="2026-11-27T18:00:00+08:00",
        made_with=MadeWith(xiangka=xiangka, catalogue=catalogue, commit=commit),
        trials=TRIALS,
    )


@pytest.fixture
def told_with(monkeypatch: pytest.MonkeyPatch, make_run: Callable[..., Path]) -> Callable[..., str]:
    def tell(shipped: DefectRecord | None, **changes: object) -> str:
        monkeypatch.setattr(reports.certificate_facts, "shipped_record", lambda: shipped)
        return write_report(make_run(**changes)).read_text(encoding="utf-8")

    return tell


def section(page: str, ident: str) -> str:
    start = page.index(f'id="{ident}"')
    return page[start : page.index("</article>" if ident.startswith("EHC") else "</section>", start)]


def test_a_page_tells_the_kill_rate_of_each_requirement_and_of_all(told_with):
    page = told_with(record())
    assert "缺陷检出率" in section(page, "EHC-TRM-007")
    assert "1/2 (50" in section(page, "EHC-TRM-007")
    assert "1/1" in section(page, "EHC-TRM-001")
    assert "缺陷检出率" not in section(page, "EHC-TRM-003")
    trial = section(page, "trial")
    assert "2/3 (66" in trial
    assert "3/4" in trial
    assert "1/2" in trial
    assert SAME in trial
    assert "27 November 2026" in trial
    assert "colour-shy" in trial
    assert "red-lit" not in trial
    assert "may not hold" not in trial
    assert "defects and" in trial
    assert "Every automatic requirement" not in page


@pytest.mark.parametrize(
    ("shipped", "said"),
    [
        (record(catalogue="2019.1"), f"catalogue 2019.1 (this run: {VERSION})"),
        (record(xiangka="0.0.1"), "Xiangka 0.0.1 (this run: 0.1.0)"),
        (record(commit="abc1234"), f"commit abc1234 (this run: {SAME})"),
    ],
)
def test_a_record_of_another_version_is_warned_of(told_with, shipped, said):
    page = told_with(shipped)
    trial = section(page, "trial")
    assert "may not hold for this run" in trial
    assert said in trial
    particular = section(page, "bench").split("Kill rate</span>")[1]
    assert f"found with another version: {said}" in particular[: particular.index("</tr>")]


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        (f"{SAME}-dirty", SAME, f"commit {SAME} with uncommitted changes (this run: {SAME})"),
        (
            f"{SAME}-dirty",
            f"{SAME}-dirty",
            f"commit {SAME} with uncommitted changes (this run: {SAME} with uncommitted changes)",
        ),
        (None, SAME, f"commit unknown (this run: {SAME})"),
        (None, None, "commit unknown (this run: unknown)"),
    ],
)
def test_a_commit_that_does_not_say_what_was_run_is_no_other_s_equal(then, now, said):
    versions = Versions(xiangka="0.1.0", catalogue=VERSION, commit=now)
    told = harness_trial(record(commit=then), "terminal", versions, ())
    assert [text.en for text in told.differing] == [said]


def test_a_page_says_how_many_requirements_the_record_tries_and_how_many_it_does_not():
    versions = Versions(xiangka="0.1.0", catalogue=VERSION, commit=SAME)
    told = harness_trial(record(), "terminal", versions, ("EHC-TRM-001", "EHC-TRM-003", "EHC-TRM-007"))
    assert "(terminal) in the record: 3, on 2 requirements." in told.holds.en
    assert "Of the 3 planned in this run, 2 have defects and 1 have none" in told.holds.en
    every = harness_trial(record(), "terminal", versions, ("EHC-TRM-001", "EHC-TRM-007"))
    assert "Of the 2 planned in this run, all have defects." in every.holds.en
    others = harness_trial(record(), "his", versions, ("EHC-HIS-001",))
    assert "holds no defect" in others.holds.en


def test_without_a_record_the_page_says_so(told_with):
    page = told_with(None)
    assert "kill rate is unknown" in section(page, "trial")
    assert "缺陷检出率 " not in section(page, "EHC-TRM-007")


def test_a_record_without_a_defect_of_this_kind_gives_no_kill_rate(told_with):
    others = record().model_copy(update={"trials": TRIALS[3:]})
    line = section(told_with(others), "bench").split("Kill rate</span>")[1]
    assert "unknown" in line[: line.index("</tr>")]


def test_a_row_recorded_by_a_person_says_who_and_when_and_its_form_is_among_the_evidence(make_run):
    form = {
        "requirement": "EHC-TRM-003",
        "file": "forms/EHC-TRM-003.toml",
        "sha256": "0" * 64,
        "operator": "检测员 A",
        "date": "2026-11-20",
    }
    folder = make_run(forms=[form])
    (folder / "forms").mkdir()
    (folder / "forms" / "EHC-TRM-003.toml").write_text("form = 1\n", encoding="utf-8")
    (folder / "declarations").mkdir()
    (folder / "declarations" / "environment.pdf").write_bytes(b"%PDF-1.4\n")
    page = write_report(folder).read_text(encoding="utf-8")
    assert "recorded by a person" in section(page, "EHC-TRM-003")
    assert "检测员 A" in section(page, "EHC-TRM-003")
    assert "recorded by a person" not in section(page, "EHC-TRM-004")
    for name in ("forms/EHC-TRM-003.toml", "declarations/environment.pdf"):
        assert f'<a href="{name}">' in page


def test_rates_are_counted_from_the_trials_and_a_record_survives_being_written():
    found = record()
    written = found.as_record()
    assert written["requirements"]["EHC-TRM-007"] == {"caught": 1, "defects": 2, "exact": 1}
    assert written["requirements"]["EHC-TRM-001"] == {"caught": 1, "defects": 1, "exact": 0}
    assert written["total"] == {"caught": 3, "defects": 4, "exact": 2}
    assert DefectRecord.parse(json.dumps(written), "here") == found
