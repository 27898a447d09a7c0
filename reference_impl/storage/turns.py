"""Whose turn it is to write, among the processes that share one SQLite file.

SQLite lets one process write at a time; the others look again after pauses of up to a tenth of a second, which leaves
the disk idle between two batches. Who waits for a turn looks again within a fraction of a millisecond. That is a
courtesy: what keeps writers apart is SQLite's own lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path

PATIENCE_S = 1.0
_PAUSE_S = 0.0002


class Turns:
    """The turn on one file, held with a lock on ``path``, which is made if it is not there."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take_now(self) -> bool:
        """Take the turn if nobody has it; tell whether it was taken, or cannot be taken here at all."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            # A file system without such locks: SQLite's own will do.
            return True
        return True

    def take(self) -> None:
        """Wait for the turn, at most ``PATIENCE_S``: who holds it longer has stopped, and may have let go of SQLite."""
        until = time.monotonic() + PATIENCE_S
        while not self.take_now() and time.monotonic() < until:
            time.sleep(_PAUSE_S)

    def give_back(self) -> None:
        """Let the next one write."""
        with contextlib.suppress(OSError):
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file, and of the turn with it."""
        os.close(self._descriptor)
