"""Runs ``python -m loadtests`` as whoever asks for a load would, and reads what it left."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from loadtests.plan import LoadPlan, Stage
from loadtests.record import LoadRecord, read_record

PATIENT_S = 15.0
"""How long a request waits in a test: a busy machine is no finding."""


def plan_for(target: str, credentials: Path, *stages: Stage, **changed: Any) -> LoadPlan:
    return replace(LoadPlan("test", target, credentials, stages, timeout_s=PATIENT_S), **changed)


def command(plan: LoadPlan, folder: Path) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(plan.to_json(), encoding="utf-8")
    return [sys.executable, "-m", "loadtests", "run", "--plan", str(folder / "plan.json"), "--out", str(folder)]


def offer(plan: LoadPlan, folder: Path, watch: Callable[[subprocess.Popen[str], dict[str, Any]], None] | None = None):
    """Offer a load to its end; ``watch`` is called with every second. Returns its exit code and its last line."""
    last: dict[str, Any] = {}
    with subprocess.Popen(command(plan, folder), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            last = json.loads(line)
            if watch is not None and "t" in last:
                watch(process, last)
    return process.returncode, last


def offered(plan: LoadPlan, folder: Path, watch=None) -> LoadRecord:
    code, last = offer(plan, folder, watch)
    assert code == 0, last
    return read_record(folder)


def workers_of(pid: int) -> list[psutil.Process]:
    return [child for child in psutil.Process(pid).children() if "worker" in child.cmdline()]
