"""A scanner of a stranger's making, known to the project by its bench file alone, is certified like hardware."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STRANGER = Path(__file__).with_name("stranger_scanner.py")
PLAN = ("EHC-TRM-003", "EHC-TRM-010")
PASSED, RIG_AT_FAULT = 0, 3

BENCH = """
name = "a stranger's scanner"

[presenter]
driver = "frame-port"
frame_port = {frame_port}

[scanner]
driver = "gm65"
url = "{url}"
baud = 115200

[platform]
driver = "hn-a"

[platform.reference]
"""


class Stranger:
    """The stranger's process, and the bench file that names its port."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            frame_port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, STRANGER, f"http://127.0.0.1:{frame_port}/frame"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        url = self.process.stdout.readline().strip()
        assert url.startswith("/dev/"), "the stranger did not start"
        self.bench = folder / "stranger.toml"
        self.bench.write_text(BENCH.format(frame_port=frame_port, url=url), encoding="utf-8")

    def end(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[Stranger]:
    device = Stranger(tmp_path)
    yield device
    device.end()


@contextmanager
def certifying(bench: Path, out: Path) -> Iterator[subprocess.Popen[str]]:
    """A certification in a process of its own, ended in any case."""
    command = [sys.executable, "-m", "xiangka", "certify", "--bench", bench, "--only", *PLAN, "--out", out]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        try:
            yield run
        finally:
            if run.poll() is None:
                run.kill()


def told(run: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and everything the run said."""
    said, _ = run.communicate(timeout=120)
    return run.returncode, said


def verdicts(out: Path) -> dict[str, str]:
    document = json.loads((out / "verdicts.json").read_text(encoding="utf-8"))
    return {entry["requirement"]: entry["verdict"] for entry in document["verdicts"]}


def records(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def wait_until_it_grew(journal: Path, run: subprocess.Popen[str], size: int) -> None:
    ends = time.monotonic() + 60
    while not (journal.exists() and journal.stat().st_size > size):
        assert run.poll() is None, f"the run ended before it had begun to read: {run.stdout.read()}"
        assert time.monotonic() < ends, "the journal does not grow"
        time.sleep(0.01)


def test_passes_on_the_documents_alone(stranger: Stranger, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with certifying(stranger.bench, out) as run:
        code, said = told(run)
    assert code == PASSED, said
    found = verdicts(out)
    assert {requirement: found[requirement] for requirement in PLAN} == dict.fromkeys(PLAN, "PASS")
    assert "Traceback" not in said
    assert stranger.process.poll() is None


def test_killed_in_mid_run_is_a_fault_of_the_rig(stranger: Stranger, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with certifying(stranger.bench, out) as run:
        wait_until_it_grew(out / "journal.jsonl", run, 40_000)
        stranger.process.kill()
        code, said = told(run)
    assert code == RIG_AT_FAULT, said
    assert "Traceback" not in said

    found = verdicts(out)
    assert found["EHC-TRM-003"] == "RIG_ERROR"
    assert found["EHC-TRM-010"] == "NOT_ASSESSED"
    assert set(found.values()) <= {"RIG_ERROR", "NOT_ASSESSED", "NOT_APPLICABLE"}

    read = [record for record in records(out / "observations.jsonl") if record["requirement"] == "EHC-TRM-003"]
    assert 0 < len(read) < 299
    assert all(record["value"] == "exact" for record in read), "the dead device was blamed for what it did not read"
    assert (out / "journal.jsonl").stat().st_size > 40_000
    assert records(out / "journal.jsonl")
