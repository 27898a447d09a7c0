"""Ctrl-C, SIGTERM and a closed terminal end a command alike: what it started is closed, what it recorded is kept."""

from __future__ import annotations

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def interrupt_once() -> None:
    """Raise KeyboardInterrupt at the first of these signals and ignore the rest, so that the end is not interrupted."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        ignore_interrupts()
        raise KeyboardInterrupt

    for number in SIGNALS:
        signal.signal(number, interrupt)


def ignore_interrupts() -> None:
    """From here on, nothing keeps the command from ending in order."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
