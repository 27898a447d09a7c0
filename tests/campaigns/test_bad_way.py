"""EHC-PRF-006 for real, shortened: what it finds on a way that loses answers and when the power is cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from certifying import Ended, certify

ROW = "EHC-PRF-006"
LOAD_BENCH = Path(__file__).parents[2] / "rigs/benches/reference-platform-load.toml"
SECONDS = 59


def loaded(folder: Path, *arguments: str) -> Ended:
    bench = folder / "bench.toml"
    bench.write_text(f"{LOAD_BENCH.read_text(encoding='utf-8')}seconds = {SECONDS}\n", encoding="utf-8")
    return certify(folder / "run", "--bench", str(bench), "--plan", "full", "--only", ROW, *arguments)


def outcomes(ended: Ended) -> dict[str, str]:
    [row] = [row for row in ended.document["verdicts"] if row["requirement"] == ROW]
    return {clause["measure"]: clause["outcome"] for clause in row["clauses"]}


SOUND = {
    "success_share": "open",
    "double_effects": "holds",
    "wrong_persons": "holds",
    "reused_codes_accepted": "holds",
    "lost_uses": "holds",
    "metrics_deviation": "holds",
}


@pytest.mark.nightly
def test_a_sound_platform_lacks_nothing_but_length(tmp_path):
    ended = loaded(tmp_path)
    assert (ended.verdicts[ROW], outcomes(ended)) == ("INCONCLUSIVE", SOUND), ended.said


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("defect", "broken"),
    [("counts-reports-again", "double_effects"), ("acknowledges-before-commit", "lost_uses")],
)
def test_a_lost_answer_and_a_power_cut_find_what_nothing_else_does(tmp_path, defect, broken):
    ended = loaded(tmp_path, "--defect", defect)
    assert (ended.verdicts[ROW], outcomes(ended)) == ("FAIL", {**SOUND, broken: "broken"}), ended.said
