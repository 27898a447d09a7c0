"""Latencies as observations: every value of a histogram as often as it was met, so that percentiles stay exact."""

from __future__ import annotations

from collections.abc import Iterable

from steps.sampling import Sampler

RESOLUTION = 0.001
"""Three significant digits of an HDR histogram: what each value may be off by, as a share of it."""


def observe_times(sampler: Sampler, measure: str, histogram: Iterable[tuple[float, int]], stage: str) -> None:
    """Record a histogram of milliseconds."""
    for ms, times in histogram:
        sampler.observe(
            measure, round(ms, 4), unit="ms", uncertainty=round(ms * RESOLUTION, 5), cell={"stage": stage}, times=times
        )
