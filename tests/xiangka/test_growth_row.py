"""EHC-PRF-004 on real platforms with few cards: measured and never met when sound, broken when it slows with them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SUBJECT = Path(__file__).parents[2] / "fixtures" / "subjects" / "reference-platform.toml"
FEW, MANY = 1000, 10_000
BENCH = f"""
name = "two bases"
[platform]
driver = "hn-a"
[platform.label]
vendor = "Xiangka"
model = "reference platform"
serial = "REF-0001"
hardware = "one machine"
[platform.reference]
[load]
seconds = 6
cards_small = {FEW}
cards_large = {MANY}
keep = "KEEP"
"""


def certified(folder, *options):
    """The row's verdict, and its observations by measure."""
    bench, run = folder / "bench.toml", folder / "run"
    bench.write_text(BENCH.replace("KEEP", str(folder.parent / "keep")))
    arguments = ["--bench", bench, "--subject", SUBJECT, "--only", "EHC-PRF-004", "--out", run, *options]
    subprocess.run([sys.executable, "-m", "xiangka", "certify", *map(str, arguments)], check=False, timeout=900)
    verdicts = {
        row["requirement"]: row["verdict"] for row in json.loads((run / "verdicts.json").read_text())["verdicts"]
    }
    found = {}
    for line in (run / "observations.jsonl").read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        found.setdefault(one["measure"], []).append(one)
    return verdicts["EHC-PRF-004"], found


@pytest.mark.nightly
def test_a_base_that_grows(tmp_path):
    for name in ("sound", "slow"):
        (tmp_path / name).mkdir()
    verdict, found = certified(tmp_path / "sound")
    assert verdict == "INCONCLUSIVE"
    [growth] = found["verification_p95_growth"]
    assert growth["cell"] == {"from": FEW, "to": MANY, "seconds": 6, "rate": 100}
    assert {one["cell"]["cards"] for one in found["verification_p95"]} == {FEW, MANY}
    assert all(one["value"] == 0 for one in (*found["wrong_persons"], *found["lost_uses"], *found["double_effects"]))
    kept = sorted(path.name for path in (tmp_path / "keep").iterdir())
    assert kept == [f"{FEW}-cards", f"{MANY}-cards"]
    # The same bases again, of a platform that takes a millisecond more for each hundred cards.
    verdict, found = certified(tmp_path / "slow", "--defect", "slows-with-cards/100")
    assert verdict == "FAIL"
    assert found["verification_p95_growth"][0]["value"] > 20
