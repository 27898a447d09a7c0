"""What a run was made with: versions, commit, machine."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from certification.catalogue import VERSION as CATALOGUE_VERSION
from xiangka import __version__
from xiangka.scenarios import ROOT

LIBRARIES = (
    "dpkt",
    "numpy",
    "opencv-python",
    "pyroute2",
    "pyserial",
    "pytest",
    "pytest-bdd",
    "PyVISA",
    "PyVISA-py",
    "qrcode",
    "scipy",
    "segno",
    "zxing-cpp",
)


def versions() -> dict[str, Any]:
    """Versions of the harness, its catalogue and the libraries a verdict rests on."""
    return {
        "xiangka": __version__,
        "catalogue": CATALOGUE_VERSION,
        "commit": _commit(),
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
    }


def machine() -> dict[str, Any]:
    """The machine the run was made on."""
    return {"cpu": _cpu(), "cores": os.cpu_count() or 1, "system": f"{platform.system()} {platform.release()}"}


def _commit() -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(ROOT), "describe", "--always", "--dirty"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def _cpu() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
