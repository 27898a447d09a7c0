"""How long a platform takes until it is as fast again as before."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from loadtests.record import Second

SMOOTHED_S = 5
"""Seconds over which the median of p95 is taken: one slow second is not yet slow, nor one fast second fast."""
MARGIN, LEAST_MS = 1.25, 10.0
"""As fast again is within a quarter of the base, or ten milliseconds, whichever is more: p95 of a second at the base
load rests on a few dozen values."""


def base_level_ms(seconds: Sequence[Second]) -> float | None:
    """The level of p95 at the base load, ms: the median of its seconds; None if there were no answers."""
    values = [second.p95_ms for second in seconds if second.p95_ms is not None]
    return statistics.median(values) if values else None


def recovery_s(after: Sequence[Second], base_ms: float) -> float | None:
    """Seconds from the first of the given ones until p95 is back at the base and every request is answered rightly:
    until the first second that is as fast, of those whose median is.

    Args:
        after: the seconds after the load was taken away.
        base_ms: level of p95 before it.

    Returns:
        None if that was not seen.
    """
    limit = max(base_ms * MARGIN, base_ms + LEAST_MS)
    for place in range(len(after) - SMOOTHED_S + 1):
        window = after[place : place + SMOOTHED_S]
        values = [second.p95_ms for second in window if second.p95_ms is not None]
        served = not any(second.refused or second.errors for second in window)
        if served and len(values) >= SMOOTHED_S // 2 + 1 and statistics.median(values) <= limit:
            first = next(second for second in window if second.p95_ms is not None and second.p95_ms <= limit)
            return float(first.t - after[0].t)
    return None
