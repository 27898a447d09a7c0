"""The codecs under atheris, and a fault it must find."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAULTY = """
import rigs.protocols.ssi as ssi
decode = ssi.decode
def faulty(frame):
    return frame[frame[0] + 1] and decode(frame)
ssi.decode = faulty
from tests.fuzzing.fuzz_codecs import main
main()
"""


def fuzz(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


@pytest.mark.nightly
def test_five_minutes_of_a_night_find_nothing(tmp_path: Path) -> None:
    run = fuzz(tmp_path, "-m", "tests.fuzzing.fuzz_codecs", "300")
    assert run.returncode == 0, run.stderr[-4000:]
    assert list(tmp_path.glob("crash-*")) == []


@pytest.mark.nightly
def test_a_codec_that_reads_past_its_end_is_found(tmp_path: Path) -> None:
    run = fuzz(tmp_path, "-c", FAULTY, "60")
    assert run.returncode != 0
    assert "IndexError" in run.stdout + run.stderr
    assert len(list(tmp_path.glob("crash-*"))) == 1
