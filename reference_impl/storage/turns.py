"""Whose turn it is to write, among the processes that share one SQLite file.

SQLite lets one process write at a time; the others look again after pauses of up to a tenth of a second, which leaves
the disk idle between two batches. A lock of the operating system wakes who waits the moment it is free. It is a
courtesy: what keeps writers apart is SQLite's own lock.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class Turns:
    """The turn on one file, held with a lock on ``path``, which is made if it is not there."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take_now(self) -> bool:
        """Take the turn if nobody has it; tell whether it was taken."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def take(self) -> None:
        """Wait for the turn."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def give_back(self) -> None:
        """Let the next one write."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file, and of the turn with it."""
        os.close(self._descriptor)
