"""The harness on trial: every defect fails exactly what it names, and a sound device fails nothing."""

from __future__ import annotations

import pytest
from certifying import certify

from certification.catalogue import load_catalogue
from rigs.emulators.defects.table import DEFECTS
from xiangka.defect_names import known_defects
from xiangka.scenarios import implemented

QUICK_PANEL = ("EHC-TRM-001", "EHC-TRM-003", "EHC-TRM-010")
"""Rows cheap enough to stand beside every defect in the ordinary tests; the nightly campaign runs them all."""


def expect_exactly(ended, named: tuple[str, ...], executed: set[str]) -> None:
    assert ended.failures() == set(named), ended.said
    others = executed - set(named)
    assert {r: ended.verdicts[r] for r in others} == dict.fromkeys(others, "PASS"), ended.said
    assert ended.exit_code == 1


@pytest.mark.parametrize("name", sorted(DEFECTS))
def test_a_defect_fails_what_it_names_beside_a_panel_that_passes(name, tmp_path):
    named = DEFECTS[name].requirements
    rows = {*QUICK_PANEL, *named}
    ended = certify(tmp_path / "run", "--defect", name, "--only", *sorted(rows))
    expect_exactly(ended, named, rows)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", sorted(DEFECTS))
def test_a_defect_fails_what_it_names_and_nothing_else_in_the_full_plan(name, tmp_path):
    executed = {r for r in implemented(load_catalogue()) if r.startswith("EHC-TRM")}
    ended = certify(tmp_path / "run", "--defect", name, "--plan", "full", timeout_s=3500)
    expect_exactly(ended, DEFECTS[name].requirements, executed)


def test_every_implemented_requirement_has_a_defect_of_its_own():
    named = [requirements for of_kind in known_defects().values() for requirements, _ in of_kind.values()]
    alone = {requirements[0] for requirements in named if len(requirements) == 1}
    tried = {row for row in implemented(load_catalogue()) if not load_catalogue()[row].declared_only}
    assert tried <= alone
