"""Coverage: what stands behind each requirement, and what `--check` finds missing."""

from __future__ import annotations

import pytest

import xiangka.coverage
from certification.catalogue import Method, SubjectKind, Text, load_catalogue
from certification.kill_rate import DefectRecord, DefectTrial
from certification.trial_record import LAYOUT, MadeWith
from xiangka.cli import main
from xiangka.coverage import State, coverage_of
from xiangka.scenarios import Scenario

CATALOGUE = load_catalogue()
NOBODY = Text(zh="无", en="none")
TERMINAL = SubjectKind.TERMINAL


@pytest.fixture
def house(monkeypatch):
    """A house with the scenarios and the defects it is given, and a record of a trial."""

    def build(scenarios: set[str], defects: dict[str, tuple[str, ...]], record: DefectRecord | None = None) -> None:
        found = [Scenario(row, "it works", f"terminal/{row}.feature", (), "") for row in sorted(scenarios)]
        monkeypatch.setattr(xiangka.coverage, "all_scenarios", lambda: found)
        told = {"terminal": {name: (rows, NOBODY) for name, rows in defects.items()}}
        monkeypatch.setattr(xiangka.coverage, "known_defects", lambda: told)
        monkeypatch.setattr(xiangka.coverage, "shipped_record", lambda: record)

    return build


def states() -> dict[str, State]:
    return {one.row.id: one.state for one in coverage_of(TERMINAL)}


ROWS = {row.id for row in CATALOGUE.of(TERMINAL)}
NEED_A_SCENARIO = {row.id for row in CATALOGUE.of(TERMINAL) if Method.HARDWARE not in row.methods}


def test_a_row_is_told_by_its_scenario_and_its_methods(house):
    house({"EHC-TRM-003", "EHC-TRM-013", "EHC-TRM-034"}, {})
    found = states()
    assert found["EHC-TRM-003"] is State.HARDWARE_CERTIFIES
    assert found["EHC-TRM-013"] is State.IMPLEMENTED
    assert found["EHC-TRM-034"] is State.DECLARATION
    assert found["EHC-TRM-009"] is State.HARDWARE
    assert found["EHC-TRM-028"] is State.NOT_IMPLEMENTED


def test_the_check_passes_when_every_row_has_what_it_needs(house, capsys):
    house(NEED_A_SCENARIO, {f"breaks-{row}": (row,) for row in NEED_A_SCENARIO})
    assert main(["catalogue", "coverage", "--kind", "terminal", "--check"]) == 0
    assert f"{len(NEED_A_SCENARIO)} / {len(ROWS)}" in capsys.readouterr().out


@pytest.mark.parametrize("row", ["EHC-TRM-013", "EHC-TRM-034"])
def test_the_check_fails_for_a_row_without_a_scenario(house, capsys, row):
    house(NEED_A_SCENARIO - {row}, {f"breaks-{one}": (one,) for one in NEED_A_SCENARIO})
    assert main(["catalogue", "coverage", "--kind", "terminal", "--check"]) == 1
    assert f"{row} " in capsys.readouterr().out.split("not implemented: ")[1]
    assert main(["catalogue", "coverage", "--kind", "terminal"]) == 0


def test_the_check_fails_for_a_scenario_without_a_defect_of_its_own(house, capsys):
    defects = {f"breaks-{one}": (one,) for one in NEED_A_SCENARIO - {"EHC-TRM-013"}}
    house(NEED_A_SCENARIO, {**defects, "breaks-two": ("EHC-TRM-013", "EHC-TRM-025")})
    assert main(["catalogue", "coverage", "--kind", "terminal", "--check"]) == 1
    said = capsys.readouterr().out.split("not implemented: ")[1]
    assert "EHC-TRM-013" in said
    assert "no defect makes exactly this row fail" in said
    assert "EHC-TRM-025" not in said


def test_the_kill_rate_stands_beside_a_row(house):
    trial = DefectTrial(name="a", of="terminal", fails=("EHC-TRM-013",), verdicts={"EHC-TRM-013": "FAIL"})
    made_with = MadeWith(xiangka="0", catalogue="0", commit=None)
    record = DefectRecord(layout=LAYOUT, date="2026-11-27T00:00:00Z", made_with=made_with, trials=(trial,))
    house({"EHC-TRM-013"}, {"a": ("EHC-TRM-013",), "new": ("EHC-TRM-013",)}, record)
    rates = {one.row.id: one.rate for one in coverage_of(TERMINAL)}
    untried = {one.row.id: one.untried for one in coverage_of(TERMINAL)}
    assert (untried["EHC-TRM-013"], untried["EHC-TRM-003"]) == (("new",), ())
    assert (rates["EHC-TRM-013"].caught, rates["EHC-TRM-013"].defects) == (1, 1)
    assert rates["EHC-TRM-003"] is None


def test_coverage_can_be_asked_of_one_kind(capsys):
    assert main(["catalogue", "coverage", "--kind", "load"]) == 0
    said = capsys.readouterr().out
    assert "EHC-PRF-001" in said
    assert "EHC-TRM" not in said


def test_every_row_of_a_terminal_is_implemented_with_its_defect_or_stands_with_a_form_or_a_declaration():
    lacking = {one.row.id: one.lacking.en for one in coverage_of(TERMINAL) if one.lacking is not None}
    assert lacking == {}
    assert all(one.row.by_hand for one in coverage_of(TERMINAL) if one.state is State.HARDWARE)


def test_every_row_of_the_catalogue_is_covered_in_one_of_the_ways():
    assert {one.row.id for one in coverage_of()} == set(CATALOGUE)
