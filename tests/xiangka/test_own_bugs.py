"""A bug of ours is never the device's fault, and never passes in silence."""

import json
import subprocess
import sys

BROKEN_HARNESS = """
import sys
from steps.sampling import Sampler

def step(self, planned):
    self.done += 1
    if self.done == 5:
        raise KeyError("a bug of ours")

Sampler.step = step
from xiangka.cli import main

if __name__ == "__main__":
    sys.exit(main(["certify", "--only", "EHC-TRM-001", "EHC-TRM-003", "--out", sys.argv[1]]))
"""


def test_a_crash_after_a_complete_sample_is_no_pass(tmp_path):
    script = tmp_path / "broken.py"
    script.write_text(BROKEN_HARNESS)
    ended = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "run")], capture_output=True, text=True, timeout=120, check=False
    )
    verdicts = json.loads((tmp_path / "run" / "verdicts.json").read_text())
    said = {row["requirement"]: row["verdict"] for row in verdicts["verdicts"] if row["planned"]}
    assert said == {"EHC-TRM-001": "RIG_ERROR", "EHC-TRM-003": "NOT_ASSESSED"}
    assert ended.returncode == 3
    assert "the harness itself failed: KeyError" in ended.stderr
