"""One process at a time works in a run folder."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from certification.errors import PlanError

LOCK = "running.lock"


class RunLock:
    """Holds a run folder; the system lets go of it when the process ends, however it ends.

    Args:
        folder: the run's folder, which exists.

    Raises:
        PlanError: another process is at work there.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK
        self._descriptor = self._locked()
        while not self._is_in_the_folder():
            # Its holder took the file away between our opening and our locking it: whoever comes next opens another.
            os.close(self._descriptor)
            self._descriptor = self._locked()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let go of the folder and leave no trace; a second time does nothing."""
        if self._descriptor < 0:
            return
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        os.close(self._descriptor)
        self._descriptor = -1

    def _locked(self) -> int:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace") or "unknown"
            os.close(descriptor)
            raise PlanError(
                f"process {holder} is at work on this run", where=str(self._path.parent), remedy="wait for its end"
            ) from error
        return descriptor

    def _is_in_the_folder(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except FileNotFoundError:
            return False
