"""The log of an emulated device, and the memory it exports: what a vendor's software keeps of each reading."""

from __future__ import annotations

import gzip
import hashlib
import time
from pathlib import Path

LINES_A_FILE = 200
"""Lines after which the log is rotated and compressed."""


class LogHabits:
    """What a sound device keeps: a mask in its log, a digest in its memory."""

    def entry(self, text: bytes) -> str:
        """What the log says of a code that was delivered."""
        return f"delivered {len(text)} characters {text[:2].decode('ascii', 'replace')}****"

    def kept(self, texts: list[bytes]) -> bytes:
        """What the memory keeps of the last codes."""
        return b"".join(hashlib.sha256(text).digest() for text in texts)


class DeviceLog:
    """A log with rotation, and a memory of the last codes; both outlast a power cycle.

    Args:
        folder: where they are kept.
        habits: what is kept.
    """

    MEMORY = 32

    def __init__(self, folder: Path, habits: LogHabits) -> None:
        self._folder = folder
        self._habits = habits
        self._last: list[bytes] = []
        self._lines: list[str] = []
        self._rotated = 0

    def delivered(self, text: bytes) -> None:
        """Note a delivery."""
        self._lines.append(f"{time.strftime('%Y-%m-%d %H:%M:%S')} INFO scan {self._habits.entry(text)}\n")
        self._last = [*self._last[1 - self.MEMORY :], text]
        log = self._folder / "scanner.log"
        if len(self._lines) < LINES_A_FILE:
            with log.open("a", encoding="utf-8") as file:
                file.write(self._lines[-1])
            return
        self._rotated += 1
        (self._folder / f"scanner.log.{self._rotated}.gz").write_bytes(gzip.compress("".join(self._lines).encode()))
        log.unlink(missing_ok=True)
        self._lines = []

    def export(self, folder: Path) -> None:
        """Write the memory out, as a vendor's service tool does."""
        (folder / "memory.bin").write_bytes(b"XKMEM\x01" + self._habits.kept(self._last))
