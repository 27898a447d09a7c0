"""A sound platform passes, whatever the seed."""

from __future__ import annotations

import json

import pytest
from certifying import certify
from test_platform_defects import BENCH, QUICK, QUICK_PANEL

SEEDS = range(1, 4)
MANY_SEEDS = range(1, 21)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sound_platform_passes_the_panel_with_any_seed(seed, tmp_path):
    ended = certify(tmp_path / "run", *BENCH, "--seed", str(seed), "--only", *QUICK_PANEL)
    assert ended.planned() == dict.fromkeys(QUICK_PANEL, "PASS"), ended.said
    assert ended.exit_code == 0


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", MANY_SEEDS)
def test_a_sound_platform_passes_the_quick_plan_with_any_seed(seed, tmp_path):
    ended = certify(tmp_path / "run", *BENCH, "--seed", str(seed), timeout_s=3500)
    assert ended.planned() == dict.fromkeys(QUICK, "PASS"), ended.said


def test_the_quick_plan_passes_certifies_nothing_and_leaves_no_secret_behind(tmp_path):
    ended = certify(tmp_path / "run", *BENCH)
    assert ended.planned() == dict.fromkeys(QUICK, "PASS"), ended.said
    assert ended.exit_code == 0
    assert "An emulated run certifies nothing" in ended.said
    assert all(row["emulated"] for row in ended.document["verdicts"])
    run = json.loads((ended.folder / "run.json").read_text(encoding="utf-8"))
    assert (run["subject"]["kind"], run["mode"]) == ("platform", "TEST")
    report = (ended.folder / "report.html").read_text(encoding="utf-8")
    assert "TEST" in report
    assert "扫描" not in report
    journal = (ended.folder / "journal.jsonl").read_text(encoding="utf-8")
    assert '"app_secret":"•••"' in journal
    assert "Bearer" not in journal
