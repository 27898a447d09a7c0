"""Exact binomial bounds, the arithmetic under every decision about counts.

Sources: Clopper and Pearson 1934; ILAC-G8:09/2019 on decision rules; ISO/IEC 17025:2017 §7.8.6.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cache
from math import ceil, comb
from statistics import NormalDist

from scipy.special import betaincinv


@cache
def lower_bound(successes: int, trials: int, confidence: float) -> float:
    """One-sided exact lower confidence bound of a share (Clopper-Pearson)."""
    if successes == 0:
        return 0.0
    return float(betaincinv(successes, trials - successes + 1, 1 - confidence))


def upper_bound(events: int, trials: int, confidence: float) -> float:
    """One-sided exact upper confidence bound of the share of events (Clopper-Pearson); 1 where nothing was tried."""
    return 1 - lower_bound(trials - events, trials, confidence)


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

    def shown(failures: int) -> bool:
        return lower_bound(trials - failures, trials, confidence) >= share

    # The bound falls with every failure, and a load has millions of trials.
    return bisect_left(range(trials + 1), True, key=lambda failures: not shown(failures)) - 1


def failures_of_share(trials: int, share: float) -> int:
    """Most failures in ``trials`` with which ``share`` of them did succeed, whatever that shows of others."""
    # So that 99.9 % of a thousand are 999, and not the next number above them.
    return trials - ceil(round(share * trials, 6))


@cache
def plan_confidence(stages: tuple[tuple[int, int], ...], share: float) -> float:
    """Confidence of a staged plan as a whole: how surely it refuses a subject that is exactly at the limit.

    Going on to a further stage is a second chance, so this is less than the confidence of any one stage.

    Args:
        stages: registered stages as (trials, failures allowed), trials growing.
        share: the limit, 0 … 1.
    """
    undecided = {0: 1.0}
    passed, taken = 0.0, 0
    for trials, allowed in stages:
        more = trials - taken
        reached: dict[int, float] = {}
        for failures, probability in undecided.items():
            for further in range(min(more, stages[-1][1] - failures) + 1):
                term = comb(more, further) * (1 - share) ** further * share ** (more - further)
                reached[failures + further] = reached.get(failures + further, 0.0) + probability * term
        passed += sum(probability for failures, probability in reached.items() if failures <= allowed)
        undecided = {failures: probability for failures, probability in reached.items() if failures > allowed}
        taken = trials
    return 1 - passed
