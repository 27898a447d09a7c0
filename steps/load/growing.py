"""By how much a percentile grew from one base to another, measured in rounds that take turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray

Histogram = Sequence[tuple[float, int]]
"""Latencies in milliseconds and how many answers had them."""

DRAWS = 300
_ROUNDING = 1e-9


@dataclass
class Rounds:
    """The latencies of each round, at the smaller base and at the larger one."""

    few: list[Histogram] = field(default_factory=list)
    many: list[Histogram] = field(default_factory=list)

    def growth(self) -> float:
        """By how much p95 is higher at the larger base, percent."""
        return float(self._growths(np.ones((1, len(self.few))))[0])

    def uncertainty(self, chance: Random) -> float:
        """Twice the standard deviation of the growth, from rounds drawn again and again, percent.

        Both bases of a round are drawn together: what disturbed the machine meanwhile disturbed both.
        """
        number = len(self.few)
        drawn = [np.bincount(chance.choices(range(number), k=number), minlength=number) for _ in range(DRAWS)]
        return 2 * float(np.std(self._growths(np.array(drawn, float)), ddof=1))

    def _growths(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        return (_percentiles(self.many, times) / _percentiles(self.few, times) - 1) * 100


def percentile(rounds: Sequence[Histogram], share: float = 0.95) -> float:
    """Return the smallest latency that this share of all answers of all rounds did not exceed, ms."""
    return float(_percentiles(rounds, np.ones((1, len(rounds))), share)[0])


def _percentiles(rounds: Sequence[Histogram], times: NDArray[np.float64], share: float = 0.95) -> NDArray[np.float64]:
    """One percentile for each row of ``times``, which says how often each round counts."""
    values = np.unique([value for one in rounds for value, _ in one])
    counts = np.zeros((len(rounds), len(values)))
    for row, one in zip(counts, rounds, strict=True):
        found = np.array(one)
        np.add.at(row, np.searchsorted(values, found[:, 0]), found[:, 1])
    reached = np.cumsum(times @ counts, axis=1)
    return np.asarray(values[np.argmax(reached >= share * reached[:, -1:] - _ROUNDING, axis=1)])
