"""The harness on trial where it hunts: forgeries, floods, tampering, kills, odd requests, random programs, searches."""

from __future__ import annotations

import pytest
from certifying import certify
from test_platform_defects import BENCH

from certification.plan import plan_names
from reference_impl.defects.table import DEFECTS

HUNTED = {f"EHC-PLT-{number:03d}" for number in (8, 9, *range(12, 19))}
OF_HUNTED_ROWS = sorted(
    name for name, defect in DEFECTS.items() if len(defect.fails) == 1 and defect.fails[0] in HUNTED
)
PANEL = "EHC-PLT-018"
"""A row cheap enough to stand beside every defect."""
SOON_FOUND = (
    "accepts-truncated-proof",
    "crashes-on-odd-payload",
    "fails-on-missing-field",
    "never-syncs",
    "resurrects-closed-card",
)
"""Defects whose rows end with the first proof, after seconds."""


def beside_the_panel(name, folder) -> None:
    [named] = DEFECTS[name].fails
    ended = certify(folder, *BENCH, "--defect", name, "--only", *sorted({named, PANEL}))
    assert ended.planned() == {PANEL: "PASS", named: "FAIL"}, ended.said


@pytest.mark.parametrize("name", SOON_FOUND)
def test_a_hunt_finds_the_defect_it_is_for_and_no_other_row_fails(name, tmp_path):
    beside_the_panel(name, tmp_path / "run")


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", [name for name in OF_HUNTED_ROWS if name not in SOON_FOUND])
def test_a_longer_hunt_finds_its_defect_too(name, tmp_path):
    beside_the_panel(name, tmp_path / "run")


@pytest.mark.nightly
@pytest.mark.timeout(6 * 3600)
@pytest.mark.parametrize("row", sorted(HUNTED))
def test_a_sound_platform_passes_each_hunt(row, tmp_path):
    ended = certify(tmp_path / "run", *BENCH, "--plan", "full", "--only", row, timeout_s=6 * 3600)
    assert ended.planned() == {row: "PASS"}, ended.said


def test_every_hunted_row_has_a_defect_of_its_own():
    assert {DEFECTS[name].fails[0] for name in OF_HUNTED_ROWS} == HUNTED


def test_the_quick_plan_leaves_long_hunts_out_whole():
    assert HUNTED - {PANEL} <= set(plan_names()["quick"])
