"""One run of ``xiangka certify`` as part of a trial: a process of its own, its verdicts, and what kept it from any."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from certification.verdicts import Verdict

DEADLINE_S = 6 * 3600.0
"""A run that is not over by then is ended; no plan but that of endurance takes as long."""


@dataclass(frozen=True)
class Tried:
    """A run that is over.

    Attributes:
        verdicts: of the rows it was planned to execute.
        seconds: how long it took.
        why_not: why there is no verdict, where there is none.
    """

    verdicts: dict[str, Verdict]
    seconds: float
    why_not: str | None


def try_once(arguments: list[str], deadline_s: float = DEADLINE_S) -> Tried:
    """Run ``xiangka certify`` in a folder that is thrown away.

    Args:
        arguments: its options, but for ``--out``.
        deadline_s: after how long it is ended, s.
    """
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="xiangka-trial-") as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "xiangka", "certify", "--out", str(out), *arguments]
        said = _said(command, deadline_s)
        seconds = round(time.monotonic() - start, 1)
        verdicts = _verdicts(out / "verdicts.json")
    return Tried(verdicts, seconds, None if verdicts else said)


def _said(command: list[str], deadline_s: float) -> str:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        _, said = process.communicate(timeout=deadline_s)
    except subprocess.TimeoutExpired:
        _end(process)
        return f"not over after {deadline_s:.0f} s"
    except BaseException:
        _end(process)
        raise
    lines = said.strip().splitlines()
    return lines[-1] if lines else f"ended with {process.returncode} and said nothing"


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)  # it closes its bench
    try:
        process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _verdicts(file: Path) -> dict[str, Verdict]:
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))["verdicts"]
    except (OSError, ValueError):
        return {}
    return {row["requirement"]: Verdict(row["verdict"]) for row in rows if row["planned"]}
