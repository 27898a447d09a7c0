"""How much a platform serves at most: declared by its bench, or searched for with short even loads that rise."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.plan import Stage
from loadtests.record import LoadRecord
from rigs.errors import RigError
from rigs.roles.load import LiveSecond
from steps.load.integrity import observe_audit
from steps.load.offering import offer, plan_of, table_of
from steps.platform.apart import Apart
from steps.sampling import Sampler

STEP = "step"
STEP_S = 10.0
RISE, STEPS = 1.3, 16
SERVED, SLOW_MS = 0.98, 500.0
"""A rate is too much once less than this share is answered rightly in time, or p95 is slower than this."""


def capacity_of(sampler: Sampler, platform: Apart) -> float:
    """Requests a second the platform serves at most.

    Raises:
        RigError: the generator reaches the end of its rates before the platform reaches its own.
        InvalidLoadError: the generator could not keep its plan on the way.
    """
    declared = table_of(sampler).capacity
    return declared if declared is not None else _searched(sampler, platform)


def _searched(sampler: Sampler, platform: Apart) -> float:
    first = (table_of(sampler).rate or 100.0) / 2
    rates = [first * RISE**number for number in range(STEPS)]
    stages = tuple(Stage(f"{STEP}-{number}", rate, rate, STEP_S, "even") for number, rate in enumerate(rates, 1))
    last = TooMuch()
    record = offer(sampler, platform, plan_of(sampler, platform, stages, profile="capacity"), last.go_on).record
    observe_audit(sampler, platform, record, cell={"search": "yes"})
    return served_at_most(record, stages)


class TooMuch:
    """Ends a search once a step has shown to be too much: further ones would only take time."""

    def __init__(self) -> None:
        self._stage, self._asked, self._ok, self._slow, self._seconds = "", 0, 0, 0, 0

    def go_on(self, second: LiveSecond) -> bool:
        """Whether the step that has just ended was still served."""
        if second.stage == self._stage:
            self._add(second)
            return True
        enough = self._seconds >= STEP_S / 2 and (self._ok < SERVED * self._asked or self._slow > self._seconds / 2)
        self._stage, self._asked, self._ok, self._slow, self._seconds = second.stage, 0, 0, 0, 0
        self._add(second)
        return not enough

    def _add(self, second: LiveSecond) -> None:
        self._asked += second.offered
        self._ok += second.ok
        self._slow += (second.p95 or 0.0) > SLOW_MS
        self._seconds += 1


def served_at_most(record: LoadRecord, stages: Sequence[Stage]) -> float:
    """The most right answers a second that any step had.

    Those count that came during a step, but never more than were right of what was due in it: a platform that catches
    up after a stall gives in one step what was asked in another.

    Raises:
        RigError: no step was too much, so that the platform serves more than was offered.
    """
    best, beaten = 0.0, False
    for stage in stages:
        seconds = [second for second in record.seconds if second.stage == stage.name]
        if len(seconds) < STEP_S / 2:
            continue
        [due] = [one for one in record.stages if one.name == stage.name]
        ok = min(due.ok, sum(second.ok for second in seconds))
        best, asked = max(best, ok / len(seconds)), sum(second.offered for second in seconds)
        p95 = record.percentile(95, stage.name)
        beaten = beaten or ok < SERVED * asked or (p95 or 0.0) > SLOW_MS
    if not beaten:
        raise RigError(
            f"the platform serves more than the {best:.0f}/s the generator has offered",
            where="load",
            remedy="add workers to [load], or declare `capacity` there",
        )
    return best
