"""The one clock of the platform, passed explicitly so that a test can turn it."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Returns Unix time in seconds, like ``time.time``."""

system_clock: Clock = time.time


def now_ms(clock: Clock) -> int:
    """Return the clock's Unix time in whole milliseconds."""
    return int(clock() * 1000)
