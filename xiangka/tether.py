"""Ends a process when its standard input closes, so that none outlives the one that started it."""

from __future__ import annotations

import os
import signal
import sys
import threading


def end_with_stdin(number: signal.Signals) -> None:
    """Send this process a signal once standard input closes."""

    def follow() -> None:
        sys.stdin.buffer.read()
        os.kill(os.getpid(), number)

    threading.Thread(target=follow, name="tether", daemon=True).start()
