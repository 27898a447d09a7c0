"""Exact binomial bounds, the arithmetic under every decision about counts.

Sources: Clopper and Pearson 1934; ILAC-G8:09/2019 on decision rules; ISO/IEC 17025:2017 §7.8.6.
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

from scipy.special import betaincinv


@cache
def lower_bound(successes: int, trials: int, confidence: float) -> float:
    """One-sided exact lower confidence bound of a share (Clopper-Pearson)."""
    if successes == 0:
        return 0.0
    return float(betaincinv(successes, trials - successes + 1, 1 - confidence))


@cache
def two_sided_bounds(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Two-sided Wilson interval, for display only: it never decides."""
    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / trials
    centre = share + z * z / (2 * trials)
    spread = z * ((share * (1 - share) + z * z / (4 * trials)) / trials) ** 0.5
    scale = 1 + z * z / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


@cache
def allowed_failures(trials: int, share: float, confidence: float) -> int:
    """Most failures in ``trials`` that still show ``share`` at ``confidence``; -1 when even none would not."""
    failures = -1
    while failures < trials and lower_bound(trials - failures - 1, trials, confidence) >= share:
        failures += 1
    return failures
