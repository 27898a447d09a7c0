"""``xiangka load``: a short Locust run on the verification path, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from certification.errors import PlanError
from certification.exit_codes import ExitCode
from rigs.child_process import ChildProcess
from rigs.drivers.hn_a import HnAPlatform
from rigs.journal import Journal
from rigs.platform_credentials import load_platform_credentials
from rigs.platform_link import PlatformLink
from xiangka.interruption import interrupt_once
from xiangka.scenarios import ROOT

_QUOTAS = (part for name in ("app", "terminal", "address") for part in ("--quota", f"{name}=0"))
_UNLIMITED = ("platform", "serve", "--tethered", "--port", "0", *_QUOTAS)
"""All users of a load share one application and its few terminals, which the platform would hold back."""


def run_load(target: str | None, credentials: Path | None, users: int, seconds: int) -> int:
    """Load a platform and pass Locust's own table through; exit 0 when no request failed, 1 otherwise.

    Raises:
        PlanError: ``--target`` without ``--credentials``.
        BenchFileError: the credentials cannot be used.
        RigError: nobody answers at the target.
    """
    if target is not None and credentials is None:
        raise PlanError("needs --credentials", where="--target", remedy="name the institution's credentials file")
    interrupt_once()
    with contextlib.ExitStack() as closing:
        if target is None or credentials is None:
            data = closing.enter_context(tempfile.TemporaryDirectory())
            platform = ChildProcess("platform", [*_UNLIMITED, "--data", data])
            closing.callback(platform.close)
            ready = json.loads(platform.greeting)
            target, credentials = ready["url"], Path(ready["credentials"])
        HnAPlatform(PlatformLink(target), load_platform_credentials(credentials).institution, Journal(None)).close()
        ended = subprocess.run(
            [
                sys.executable,
                "-m",
                "locust",
                "--locustfile",
                str(ROOT / "loadtests" / "locustfile.py"),
                "--headless",
                "--host",
                target,
                "--users",
                str(users),
                "--spawn-rate",
                str(users),
                "--run-time",
                f"{seconds}s",
                "--only-summary",
            ],
            env={**os.environ, "XIANGKA_CREDENTIALS": str(credentials), "PYTHONPATH": str(ROOT)},
            check=False,
        )
    return int(ExitCode.PASSED if ended.returncode == 0 else ExitCode.FAILED)
