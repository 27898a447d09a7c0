"""Invented run folders, and a real browser to look at their reports with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))

from synthetic_run import Story, write_run

from reports.html_report import write_report

CHROMIUM = Path("/usr/bin/chromium")
FETCH_CHROMIUM = "apt-get update && apt-get install -y chromium fonts-noto-cjk"
CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with rows of every verdict, and its report. Not to be changed."""
    folder = write_run(tmp_path_factory.mktemp("told"), Story())
    write_report(folder)
    return folder


@pytest.fixture(scope="session")
def page_text(told: Path) -> str:
    return (told / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without pictures, without what a laboratory states and without a report, to be copied."""
    return write_run(tmp_path_factory.mktemp("bare"), Story(pictures=False, stated=False))


@pytest.fixture
def make_run(tmp_path: Path, bare: Path) -> Callable[..., Path]:
    """Gives a test a run folder of its own, with the fields of ``run.json`` it wants different."""

    def make(**changes: object) -> Path:
        folder = shutil.copytree(bare, tmp_path / bare.name)
        record = json.loads((folder / "run.json").read_text(encoding="utf-8")) | changes
        (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
        return folder

    return make


def _missing_chromium() -> str | None:
    """Install chromium where that is allowed; returns why there is none."""
    if CHROMIUM.exists():
        return None
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return f"chromium is not installed; as root: {FETCH_CHROMIUM}"
    done = subprocess.run(["sh", "-c", FETCH_CHROMIUM], capture_output=True, timeout=600, check=False)
    return None if done.returncode == 0 and CHROMIUM.exists() else f"chromium could not be installed: {FETCH_CHROMIUM}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium; skipped by name where it is missing and cannot be installed."""
    if (missing := _missing_chromium()) is not None:
        pytest.skip(missing)
    with sync_playwright() as session:
        chromium = session.chromium.launch(executable_path=str(CHROMIUM), args=list(CHROMIUM_ARGS))
        yield chromium
        chromium.close()
