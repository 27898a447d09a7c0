"""How many users a load needs: few from its beginning, and as many more as a platform keeps busy that never answers.

A platform may hold each of them through every attempt its request has. Were there fewer, what is due meanwhile would
leave late, and the platform's stall would be taken for the generator's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil, sqrt

from loadtests.plan import LoadPlan
from loadtests.retrying import longest_hold_s
from loadtests.schedule import most_at_once

_USUAL_S = 1.0
"""Users from the beginning are enough for a platform that answers so fast."""
_DEVIATIONS, _SPARE = 4, 8
"""How far arrivals may crowd: so many standard deviations of a Poisson number, and a few where that number is small."""


def at_first(plan: LoadPlan, who: str) -> int:
    """Return how many users of a class there are from the beginning, of all workers together."""
    return ceil(most_at_once(plan, who) * _USUAL_S) + plan.all_workers


def at_most(plan: LoadPlan, who: str) -> int:
    """Return how many users of a class one worker may need, whatever the platform does."""
    hold_s = min(longest_hold_s(plan.attempts, plan.timeout_s), plan.seconds)
    busy = most_at_once(plan, who) * (1 + plan.reuse_share) * hold_s / plan.all_workers
    return ceil(busy + _DEVIATIONS * sqrt(busy)) + _SPARE


class Reserve:
    """Users of one worker who come when all others are busy.

    Args:
        most: how many of each class may come.
        come: lets one of a class come.
    """

    def __init__(self, most: Mapping[str, int], come: Callable[[str], None]) -> None:
        self._left = dict(most)
        self._come = come

    def call(self, who: str) -> None:
        """One more of a class is wanted; nobody comes where all are there."""
        if self._left[who]:
            self._left[who] -= 1
            self._come(who)
