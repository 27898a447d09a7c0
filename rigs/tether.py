"""The tether of an emulator: it ends when its standard input closes, and does what it is told there meanwhile."""

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


def obey_stdin(do: Callable[[str], str], end: Callable[[], object]) -> None:
    """Hand each line of standard input to ``do`` and print its answer as one line; call ``end`` once it closes.

    For what a hand does to a device and no wire of its own carries, such as pulling its plug. Nothing is ever told of
    what a stimulus means.
    """
    descriptor = sys.stdin.fileno()

    def follow() -> None:
        rest = b""
        while data := os.read(descriptor, 4096):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                print(do(line.decode("utf-8", "replace").strip()), flush=True)  # noqa: T201
        end()

    threading.Thread(target=follow, name="tether", daemon=True).start()
