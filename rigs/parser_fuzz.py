"""Feeds one parser of the reference platform, in a process of its own that is watched for hangs and for its memory."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rigs.errors import RigError

MODULE = "reference_impl.door.parser_process"
BATCH_S = 60.0
"""A batch that takes longer has met an input that hangs."""


@dataclass(frozen=True)
class Fed:
    """What became of a batch.

    Attributes:
        inputs: how many were parsed.
        slowest_s: what the slowest took, s.
        exceptions: exceptions nobody caught, by name.
        ended: whether the process ended or hung on it.
    """

    inputs: int
    slowest_s: float
    exceptions: dict[str, int]
    ended: str = ""


class ParserProcess:
    """One parser.

    Args:
        parser: its name.
        defect: deliberate defect, or None.
    """

    def __init__(self, parser: str, defect: str | None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", MODULE, parser, *([] if defect is None else [defect])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def feed(self, batch: Iterable[bytes]) -> Fed:
        """Let it parse some inputs."""
        inputs = list(batch)
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None  # noqa: S101, PT018 - Popen was given pipes
        try:
            stdin.write(len(inputs).to_bytes(4) + b"".join(len(one).to_bytes(4) + one for one in inputs))
            stdin.flush()
        except OSError:
            return Fed(len(inputs), 0.0, {}, "ended")
        ready, _, _ = select.select([stdout], [], [], BATCH_S)
        line = stdout.readline() if ready else b""
        if not line:
            return Fed(len(inputs), BATCH_S, {}, "ended" if ready else "hung")
        return Fed(**json.loads(line))

    def peak_mb(self) -> float:
        """The most memory it ever held, MB.

        Raises:
            RigError: this system does not tell.
        """
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
            return int(status.partition("VmHWM:")[2].split()[0]) / 1024
        except (OSError, IndexError, ValueError) as error:
            raise RigError(
                "the memory of a process is not told here", where="platform_host", remedy="run on Linux"
            ) from error

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()
