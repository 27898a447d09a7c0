"""The worker processes on this machine: started, tethered to this process, and gone with it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

_ENDING_S = 5.0


class LocalWorkers:
    """So many worker processes.

    Args:
        count: how many.
        host: where their master listens.
        port: its port.
        credentials: the file they are given.
    """

    def __init__(self, count: int, host: str, port: int, credentials: Path) -> None:
        # A master that listens everywhere is found at this machine's own address.
        reached = "127.0.0.1" if host in ("*", "0.0.0.0") else host  # noqa: S104 - compared, not bound
        command = [sys.executable, "-m", "loadtests", "worker", "--master", f"{reached}:{port}"]
        self._processes = [
            subprocess.Popen(
                [*command, "--credentials", str(credentials), "--tethered"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C is for the master, which ends them in order
            )
            for _ in range(count)
        ]

    @property
    def gone(self) -> int:
        """How many have ended."""
        return sum(process.poll() is not None for process in self._processes)

    def join(self) -> None:
        """Wait a moment for those that were told to end."""
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_ENDING_S)

    def close(self) -> None:
        """End whoever has not ended."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()
