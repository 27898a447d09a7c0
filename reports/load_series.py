"""What the plots of a load are drawn from: series thinned to a plot's columns without losing a peak, and its stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]

COLUMNS = 340
"""Columns of a plot: about its width in its own units. More points than two a column cannot be told apart."""


@dataclass(frozen=True)
class Span:
    """A stage as it lies on the time axis, seconds since the load began."""

    name: str
    begin: float
    end: float


def spans(times: Sequence[float], stages: Sequence[str]) -> list[Span]:
    """Stretches of seconds in a row that belong to one stage."""
    found: list[Span] = []
    for time, stage in zip(times, stages, strict=True):
        if found and found[-1].name == stage:
            found[-1] = Span(stage, found[-1].begin, time + 1)
        else:
            found.append(Span(stage, time, time + 1))
    return found


def thinned(times: Series, values: Series, columns: int = COLUMNS) -> tuple[Series, Series]:
    """A series to draw: as it is where it is short, else the least and the greatest value of each column of time.

    Both are real values at their real times. NaN stands for a second without a value; a column that has none keeps one,
    so that a line is broken there.
    """
    if len(times) <= 2 * columns:
        return times, values
    kept = _extremes(_columns(times, columns), values)
    return times[kept], values[kept]


def telling(times: Series, series: Sequence[Series], columns: int = COLUMNS) -> NDArray[np.intp]:
    """Which seconds to draw where series are stacked: those in which any of them is least or greatest in its column.

    Drawn at the same seconds, stacked series keep their sum as well as the peaks of each.
    """
    if len(times) <= 2 * columns:
        return np.arange(len(times))
    column = _columns(times, columns)
    return np.unique(np.concatenate([_extremes(column, values) for values in series]))


def worst_seconds(times: Series, values: Series, columns: int) -> NDArray[np.intp]:
    """The second with the greatest value in each column that has any above zero."""
    if len(times) < 2:
        return np.flatnonzero(values > 0)
    counted = np.nan_to_num(values)
    order = np.lexsort((-counted, _columns(times, columns)))
    first = order[np.flatnonzero(np.diff(_columns(times, columns)[order], prepend=-1))]
    return first[counted[first] > 0]


def _columns(times: Series, columns: int) -> NDArray[np.intp]:
    first, last = float(times[0]), float(times[-1])
    return np.minimum(((times - first) / (last - first) * columns).astype(np.intp), columns - 1)


def _extremes(column: NDArray[np.intp], values: Series) -> NDArray[np.intp]:
    """Indices of the least and the greatest value in each column, in order of time."""
    number = np.arange(len(values))
    least = np.lexsort((number, np.where(np.isnan(values), np.inf, values), column))
    greatest = np.lexsort((number, np.where(np.isnan(values), np.inf, -values), column))
    first = np.flatnonzero(np.diff(column[least], prepend=-1))
    return np.unique(np.concatenate([least[first], greatest[first]]))


@dataclass(frozen=True)
class Spectrum:
    """The percentile spectrum of a distribution.

    Attributes:
        odds: one over the share that lies above, from 2 (the median) upwards.
        ms: the value at each.
        count: how many values the distribution has.
    """

    odds: Series
    ms: Series
    count: int

    def at(self, percentile: float) -> float:
        """The value at a percentile within the spectrum."""
        return float(self.ms[min(int(np.searchsorted(self.odds, 100 / (100 - percentile) - 1e-6)), len(self.ms) - 1)])


def spectrum(histogram: Sequence[tuple[float, int]], highest: float = 99.99) -> Spectrum | None:
    """The spectrum from the median to ``highest``, no farther than the sample reaches; None for too small a sample.

    Args:
        histogram: value in ms and how often it came, by rising value.
        highest: percentile at which the spectrum ends.
    """
    counts = np.array([count for _, count in histogram], dtype=np.int64)
    total = int(counts.sum())
    if total < _FEWEST:
        return None
    values = np.array([value for value, _ in histogram], dtype=np.float64)
    reached = np.cumsum(counts)
    farthest = min(100 / (100 - highest), total)
    odds = np.unique([*np.geomspace(2, farthest, _STEPS), *(told for told in _EXACT if told <= farthest)])
    rank = np.ceil((1 - 1 / odds) * total - 1e-9)
    place = np.minimum(np.searchsorted(reached, rank), len(values) - 1)
    return Spectrum(odds, values[place], total)


_FEWEST, _STEPS = 20, 240
_EXACT = (20.0, 100.0, 1000.0)
"""Odds of the percentiles that captions tell, so that none is read off a neighbour."""


def time_unit(seconds: float) -> tuple[str, float]:
    """Unit of a time axis and how many seconds it has."""
    if seconds <= 240:
        return "s", 1.0
    return ("min", 60.0) if seconds <= 3 * 3600 else ("h", 3600.0)


@dataclass(frozen=True)
class Course:
    """A load second by second; NaN where a second has no value.

    Attributes:
        times: seconds since the load began.
        stages: its stages as they follow one another.
        offered, ok, refused, errors: requests in each second.
        p50, p95, p99: latency from the intended send time, ms.
        generator: the busiest worker of the generator, share of a core.
    """

    times: Series
    stages: Sequence[Span]
    offered: Series
    ok: Series
    refused: Series
    errors: Series
    p50: Series
    p95: Series
    p99: Series
    generator: Series


@dataclass(frozen=True)
class ServerCourse:
    """What a platform's processes took while a load ran; NaN where a figure is missing.

    Attributes:
        times: seconds since the load began.
        cpu: cores in use.
        resident: bytes of memory.
    """

    times: Series
    cpu: Series
    resident: Series
