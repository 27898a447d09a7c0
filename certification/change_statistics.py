"""How far two samples of the same measure differ, and how sure that is.

Shares: Newcombe's hybrid score interval of a difference (method 10, Statistics in Medicine 17, 1998), and Fisher's
exact test. Percentiles: the bootstrap distribution of an order statistic, which needs no random numbers because it is a
binomial tail (Efron, The Jackknife, the Bootstrap and Other Resampling Plans, 1982, chapter 10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, hypot

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammaln

from certification.statistics import two_sided_bounds

CONFIDENCE = 0.95
"""Of a one-sided bound, and of the two-sided interval of a difference of shares."""


@dataclass(frozen=True)
class ShareChange:
    """Failures among trials, before and now.

    Attributes:
        failures, trials: before and now.
        low, high: two-sided 95 % interval of the share of failures now less that before.
        worse, better: probability of so many failures now, or of so few, if nothing has changed.
    """

    failures: tuple[int, int]
    trials: tuple[int, int]
    low: float
    high: float
    worse: float
    better: float

    @property
    def shares(self) -> tuple[float, float]:
        """Share of failures before and now, 0 … 1."""
        return self.failures[0] / self.trials[0], self.failures[1] / self.trials[1]


def share_change(failures: tuple[int, int], trials: tuple[int, int]) -> ShareChange:
    """Compare two shares of failures.

    Args:
        failures: before and now.
        trials: before and now, each at least 1.
    """
    before, now = failures[0] / trials[0], failures[1] / trials[1]
    low_before, high_before = two_sided_bounds(failures[0], trials[0], CONFIDENCE)
    low_now, high_now = two_sided_bounds(failures[1], trials[1], CONFIDENCE)
    return ShareChange(
        failures,
        trials,
        low=now - before - hypot(now - low_now, high_before - before),
        high=now - before + hypot(high_now - now, before - low_before),
        worse=_at_least(failures[1], trials[1], failures[0], trials[0]),
        better=_at_least(failures[0], trials[0], failures[1], trials[1]),
    )


def _at_least(failures: int, trials: int, others: int, of_others: int) -> float:
    """Probability that at least so many of all failures fall among ``trials`` by chance (hypergeometric tail)."""
    all_failures = failures + others
    counts = np.arange(failures, min(all_failures, trials) + 1, dtype=float)
    rest = all_failures - counts
    kept = rest <= of_others
    logs = (
        _log_choose(trials, counts[kept])
        + _log_choose(of_others, rest[kept])
        - _log_choose(trials + of_others, np.array([float(all_failures)]))
    )
    return min(1.0, float(np.exp(logs).sum()))


def _log_choose(count: int, chosen: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(gammaln(count + 1.0) - gammaln(chosen + 1.0) - gammaln(count - chosen + 1.0), dtype=float)


def holm(probabilities: Sequence[float], error: float = 1 - CONFIDENCE) -> list[bool]:
    """Which of many tests show something, so that all of them together err with at most ``error`` (Holm 1979)."""
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__)
    shown = [False] * len(probabilities)
    for rank, place in enumerate(order):
        if probabilities[place] > error / (len(order) - rank):
            break
        shown[place] = True
    return shown


@dataclass(frozen=True)
class Sample:
    """Values of a measure in ascending order, and how often each was found."""

    values: tuple[float, ...]
    times: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many outcomes it stands for."""
        return sum(self.times)

    def percentile(self, share: float) -> float:
        """The smallest value that at least ``share`` of the outcomes do not exceed."""
        wanted, reached = self._place(share), 0
        for value, times in zip(self.values, self.times, strict=True):
            reached += times
            if reached >= wanted:
                return value
        raise ValueError("an empty sample has no percentile")

    def resampled(self, share: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Values the percentile of a bootstrap sample takes, and with what probability."""
        size, place = self.size, self._place(share)
        reached = np.cumsum(np.array(self.times, dtype=float)) / size
        below = betainc(float(place), float(size - place + 1), np.minimum(reached, 1.0))
        chance = np.diff(np.concatenate(([0.0], below)))
        kept = chance > _NEGLIGIBLE
        return np.array(self.values)[kept], chance[kept]

    def _place(self, share: float) -> int:
        return max(1, ceil(round(share * self.size, 9)))


_NEGLIGIBLE = 1e-9


def sample_of(found: Sequence[tuple[float, int]]) -> Sample:
    """A sample out of values, each with how often it was found."""
    merged: dict[float, int] = {}
    for value, times in sorted(found):
        merged[value] = merged.get(value, 0) + times
    return Sample(tuple(merged), tuple(merged.values()))


def ratio_bounds(before: Sample, now: Sample, share: float) -> tuple[float, float]:
    """One-sided 95 % bounds, lower and upper, of a percentile now over that before, of positive values."""
    old, old_chance = before.resampled(share)
    new, new_chance = now.resampled(share)
    ratios = np.divide.outer(new, old).ravel()
    chances = np.multiply.outer(new_chance, old_chance).ravel()
    order = np.argsort(ratios)
    reached = np.cumsum(chances[order]) / chances.sum()
    ends = [int(np.searchsorted(reached, end)) for end in (1 - CONFIDENCE, CONFIDENCE)]
    low, high = (float(ratios[order[min(end, len(order) - 1)]]) for end in ends)
    return low, high
