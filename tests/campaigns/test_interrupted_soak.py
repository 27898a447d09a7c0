"""A soak that is killed goes on with the reading it stopped at: its hours add up, and the pause is on record."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROW = "EHC-TRM-033"
XIANGKA = (sys.executable, "-m", "xiangka", "certify")


def observed(folder: Path) -> list[dict]:
    file = folder / "observations.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def reads(folder: Path) -> list[dict]:
    return [one for one in observed(folder) if one.get("measure") == "read"]


@pytest.mark.nightly
def test_a_killed_soak_goes_on_where_it_stopped(tmp_path):
    folder = tmp_path / "run"
    command = [*XIANGKA, "--only", ROW, "--defect", "stops-after-hours", "--out", str(folder)]
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while len(reads(folder)) < 700:
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.5)
    running.send_signal(signal.SIGKILL)
    running.wait()
    kept = len(reads(folder))

    ended = subprocess.run([*XIANGKA, "--resume", str(folder)], capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stderr
    whole = reads(folder)
    assert len(whole) > kept >= 700
    assert [one["cell"]["hour"] for one in whole] == [number // 600 + 1 for number in range(len(whole))]
    [pause] = [one for one in observed(folder) if one.get("measure") == "interruption"]
    assert pause["detail"]["reads_before"] == kept
    assert pause["value"] > 0
    assert not [one for one in observed(folder) if "set_aside" in one]
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert [sitting["why"] for sitting in run["sittings"]] == ["killed", "finished"]
    assert "dashed, where the run went on after an interruption" in (folder / "report.html").read_text("utf-8")
