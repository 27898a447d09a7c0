"""Ends a process when its standard input closes, so that none outlives the one that started it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable


def when_stdin_closes(end: Callable[[], object]) -> None:
    """Call ``end`` once standard input closes.

    The descriptor is read past Python's buffered stream, whose lock a daemon thread would take into shutdown.
    """
    descriptor = sys.stdin.fileno()

    def follow() -> None:
        while os.read(descriptor, 4096):
            pass
        end()

    threading.Thread(target=follow, name="tether", daemon=True).start()
