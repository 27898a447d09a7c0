"""An emulated scanner started by the command, as a stranger would."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType
from typing import Self


class Emulated:
    """A process; ``url`` is what it says a host should open."""

    def __init__(self, protocol: str, camera: str, *options: str) -> None:
        command = [sys.executable, "-m", "xiangka", "emulate", "scanner", "--tethered", "--baud", "115200"]
        self.process = subprocess.Popen(
            [*command, "--protocol", protocol, "--camera", camera, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self.process.stdout.readline().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(10)
        finally:
            self.process.kill()
            self.process.stdout.close()
