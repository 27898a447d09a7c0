"""Whose folder a run is, and what it makes of a clock that runs backwards."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from certification.errors import PlanError
from rigs.errors import RigError
from rigs.journal import Journal
from xiangka import sittings
from xiangka.asked import RunOptions
from xiangka.certification_run import CertificationRun
from xiangka.cli import main
from xiangka.resuming import EarlierRun
from xiangka.sittings import Sitting
from xiangka.watching import Silent


@pytest.fixture
def run(tmp_path: Path) -> CertificationRun:
    """A run that has not been opened yet."""
    made = CertificationRun(RunOptions(only=("EHC-TRM-001",), out=tmp_path / "run"), Silent())
    made.sittings.append(Sitting.begin(1, None))
    made.journal = Journal(None)
    return made


def set_back(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = sittings._now

    def earlier() -> str:
        return (datetime.fromisoformat(now()) - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")

    monkeypatch.setattr(sittings, "_now", earlier)


def test_a_folder_that_another_run_has_left_something_in_meanwhile_is_left_alone(run):
    run.folder.mkdir()
    (run.folder / "run.json").write_text("another run's")
    with pytest.raises(PlanError, match="already holds something"):
        run._take(run.folder)
    assert [(entry.name, entry.read_text()) for entry in run.folder.iterdir()] == [("run.json", "another run's")]


def test_a_clock_that_runs_backwards_breaks_the_run_once(run, monkeypatch):
    run.watch_the_clock()
    assert (run.broken, run.notes) == (False, [])
    set_back(monkeypatch, 30)
    run.watch_the_clock()
    run.watch_the_clock()
    assert run.broken
    [note] = run.notes
    assert "this machine's clock ran 30.0 s backwards during sitting 1" in note.en
    assert "被拨回 30.0 s" in note.zh


def test_a_clock_set_right_again_does_not_hide_that_it_ran_backwards(monkeypatch):
    sitting = Sitting.begin(1, None)
    with monkeypatch.context() as meanwhile:
        set_back(meanwhile, 5)
        sitting = sitting.timed()
    ended = sitting.end("finished")
    assert ended.ran_back
    assert ended.as_record()["clock"]["wall_s"] < -4


@pytest.mark.parametrize("seconds", [0, 0.5, -3600])
def test_a_clock_that_is_slewed_or_of_a_machine_that_slept_is_no_matter(seconds, monkeypatch):
    sitting = Sitting.begin(1, None)
    set_back(monkeypatch, seconds)
    ended = sitting.end("finished")
    assert not ended.ran_back
    assert ended.clock["wall_s"] == pytest.approx(ended.clock["monotonic_s"] - seconds, abs=0.2)


STEPPING = """
import sys
from datetime import datetime, timedelta
from steps.sampling import Sampler
from xiangka import sittings
from xiangka.cli import main

step, now, back = Sampler.step, sittings._now, [0]

def stepping(self, planned):
    back[0] = 60
    return step(self, planned)

def earlier():
    return (datetime.fromisoformat(now()) - timedelta(seconds=back[0])).isoformat(timespec="milliseconds")

Sampler.step, sittings._now = stepping, earlier

if __name__ == "__main__":
    sys.exit(main(["certify", "--only", "EHC-TRM-003", "EHC-TRM-004", "--out", sys.argv[1]]))
"""


@pytest.mark.nightly
def test_a_run_whose_clock_runs_backwards_ends_there_and_says_so(tmp_path, capsys):
    (tmp_path / "stepping.py").write_text(STEPPING)
    command = [sys.executable, str(tmp_path / "stepping.py"), str(tmp_path / "run")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 3, ended.stderr
    assert "clock ran" in ended.stderr
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    [sitting] = record["sittings"]
    assert sitting["clock"]["wall_s"] < sitting["clock"]["monotonic_s"] - 50
    assert (record["state"], record["overall"], sitting["why"]) == ("aborted", "RIG_ERROR", "bench failed")
    verdicts = json.loads((tmp_path / "run" / "verdicts.json").read_text())["verdicts"]
    assert "NOT_ASSESSED" in [row["verdict"] for row in verdicts if row["requirement"] == "EHC-TRM-004"]
    assert main(["certify", "--resume", str(tmp_path / "run")]) == 4
    assert "backwards during sitting 1; the run was broken off; set the clock right and run it anew" in (
        capsys.readouterr().err
    )


def test_a_run_does_not_go_on_before_the_end_of_its_last_sitting(run):
    last = Sitting(1, "2026-11-27T10:00:00.000+08:00", 0, "", None, "2026-11-27T11:00:00.000+08:00", "interrupted")
    earlier = EarlierRun(run.folder, {}, run.options, (last,), (), (), (), 0)
    earlier.refuse_earlier_clock(Sitting(2, "2026-11-27T03:00:00.000+00:00", 0, "", None))
    with pytest.raises(RigError, match="before the end of the last sitting, 2026-11-27T11:00"):
        earlier.refuse_earlier_clock(Sitting(2, "2026-11-27T02:59:59.000+00:00", 0, "", None))
