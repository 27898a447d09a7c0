"""The bench of a terminal that keeps keys, firmware and time: each row with a defect, and a sound terminal."""

from __future__ import annotations

import json

import pytest
from certifying import certify

BENCH = ("--bench", "rigs/benches/emulated-security.toml")
ROWS = ("EHC-TRM-029", "EHC-TRM-030", "EHC-TRM-031", "EHC-TRM-032")


@pytest.mark.parametrize(
    ("name", "row", "beside"),
    [
        ("key-readable", "EHC-TRM-030", {"EHC-TRM-029", "EHC-TRM-031", "EHC-TRM-032"}),
        pytest.param("accepts-wrong-key", "EHC-TRM-029", {"EHC-TRM-030"}, marks=pytest.mark.nightly),
        ("accepts-unsigned", "EHC-TRM-031", {"EHC-TRM-001", "EHC-TRM-032"}),
        pytest.param("bricks-on-bad-image", "EHC-TRM-031", {"EHC-TRM-001", "EHC-TRM-032"}, marks=pytest.mark.nightly),
        pytest.param("hides-clock-error", "EHC-TRM-032", {"EHC-TRM-001", "EHC-TRM-031"}, marks=pytest.mark.nightly),
    ],
)
def test_a_defect_fails_its_row_beside_others_that_pass(name, row, beside, tmp_path):
    ended = certify(tmp_path / "run", *BENCH, "--defect", name, "--only", row, *sorted(beside))
    assert ended.failures() == {row}, ended.said
    assert {r for r in beside if ended.verdicts[r] == "PASS"} == beside, ended.said


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(1, 21))
def test_a_sound_terminal_passes_whatever_the_seed(seed, tmp_path):
    ended = certify(tmp_path / "run", *BENCH, "--seed", str(seed), "--only", *ROWS)
    assert ended.planned() == dict.fromkeys(ROWS, "PASS"), ended.said
    journal = [json.loads(line) for line in (ended.folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    answers = [record for record in journal if record["channel"] == "security_module" and record["dir"] != "tx"]
    assert len(answers) > 1000
    assert not any("hex" in record for record in answers)
    assert "app_secret" not in json.dumps(journal)
