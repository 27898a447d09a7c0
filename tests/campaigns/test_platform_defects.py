"""The harness on trial over platforms: every defect fails exactly what it names, and a sound platform fails nothing."""

from __future__ import annotations

import pytest
from certifying import certify

from certification.catalogue import load_catalogue
from certification.plan import plan_names
from reference_impl.defects.table import DEFECTS
from xiangka.scenarios import implemented

BENCH = ("--bench", "rigs/benches/reference-platform.toml")
QUICK_PANEL = ("EHC-PLT-003", "EHC-PLT-004", "EHC-PLT-011")
"""Rows cheap enough to stand beside every defect in the ordinary tests; the nightly campaign runs them all."""

WITH_SCENARIO = {row for row in implemented(load_catalogue()) if row.startswith("EHC-PLT")}
QUICK = WITH_SCENARIO - set(plan_names()["quick"])
HERE = {f"EHC-PLT-{number:03d}" for number in (1, 2, 3, 4, 5, 6, 7, 10, 11)}
"""Rows whose defects are run here; the hunting rows have a campaign of their own."""
OF_THESE_ROWS = sorted(name for name, defect in DEFECTS.items() if defect.fails[0] in HERE)
SLOW = {
    "accepts-expired",
    "accepts-future-timestamp",
    "cached-after-close",
    "forgets-the-clerk",
    "ignores-digest",
    "ignores-standing",
    "ignores-terminal",
    "old-key-kept",
    "other-person-elsewhere",
}
"""Defects beside which another of the same row stands that is run in the ordinary tests."""


def expect_exactly(ended, named: set[str], executed: set[str]) -> None:
    assert ended.failures() == named & executed, ended.said
    others = executed - named
    assert {r: ended.verdicts[r] for r in others} == dict.fromkeys(others, "PASS"), ended.said
    assert ended.exit_code == 1


def beside_a_panel(name, folder) -> None:
    named = set(DEFECTS[name].fails)
    rows = {*QUICK_PANEL, *(named & QUICK)}
    expect_exactly(certify(folder, *BENCH, "--defect", name, "--only", *sorted(rows)), named, rows)


@pytest.mark.parametrize("name", [name for name in OF_THESE_ROWS if name not in SLOW])
def test_a_defect_fails_what_it_names_beside_a_panel_that_passes(name, tmp_path):
    beside_a_panel(name, tmp_path / "run")


@pytest.mark.nightly
@pytest.mark.parametrize("name", [name for name in OF_THESE_ROWS if name in SLOW])
def test_another_defect_of_the_same_row_fails_what_it_names_too(name, tmp_path):
    beside_a_panel(name, tmp_path / "run")


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", OF_THESE_ROWS)
def test_a_defect_fails_what_it_names_and_nothing_else_in_the_quick_plan(name, tmp_path):
    ended = certify(tmp_path / "run", *BENCH, "--defect", name, timeout_s=3500)
    expect_exactly(ended, set(DEFECTS[name].fails), QUICK)


def test_every_row_has_a_defect_of_its_own_in_the_ordinary_tests():
    ordinary = [DEFECTS[name].fails for name in OF_THESE_ROWS if name not in SLOW]
    assert {fails[0] for fails in ordinary if len(fails) == 1} >= HERE


def test_a_platform_that_dies_is_to_blame_for_it_and_the_rows_that_follow_are_still_assessed(tmp_path):
    ended = certify(tmp_path / "run", *BENCH, "--defect", "dies-of-closing", "--only", "EHC-PLT-006", "EHC-PLT-011")
    assert ended.planned() == {"EHC-PLT-006": "FAIL", "EHC-PLT-011": "PASS"}, ended.said
    said = next(row["reason"]["en"] for row in ended.document["verdicts"] if row["requirement"] == "EHC-PLT-006")
    assert "stopped answering" in said
    assert ended.exit_code == 1
