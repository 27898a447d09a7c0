"""Decision rules: how observations become the outcome of a clause.

Counts are judged by the exact one-sided binomial bound or a fixed acceptance number, numbers with a guard band
equal to their expanded uncertainty (ILAC-G8:09/2019, ISO/IEC 17025:2017 §7.8.6). Too few samples are never a
pass, and a failure that no further sample could mend is a failure at once.
"""

from __future__ import annotations

import bisect
import itertools
import math
import statistics
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from certification.clauses import (
    Clause,
    CountClause,
    InspectionClause,
    LimitClause,
    PercentileClause,
    ProportionClause,
    WindowClause,
)
from certification.observations import Cell, Observation, matches
from certification.statistics import allowed_failures, failures_of_share, lower_bound, plan_confidence, two_sided_bounds


class Outcome(StrEnum):
    """What a clause says of the observations so far."""

    HOLDS = "holds"
    BROKEN = "broken"
    OPEN = "open"


@dataclass(frozen=True)
class ClauseResult:
    """One clause applied to one group of its sample.

    Attributes:
        kind: kind of rule.
        group: the ``per`` cell values this result stands for, empty for the whole sample.
        trials: outcomes judged; an observation counts as often as it stands for (``times``).
        failures: trials that did not succeed (values outside the guarded limit for numbers).
        value: the deciding statistic (share, percentile, statistic), in ``unit``.
        bound: what the rule compares with the limit (lower binomial bound, value + U), in ``unit``.
        limit: the criterion's number, in ``unit``.
        interval: two-sided 95 % Wilson interval of a share, for display.
        rule: the rule with its numbers, readable.
    """

    kind: str
    outcome: Outcome
    measure: str
    unit: str
    trials: int
    failures: int
    value: float | None
    bound: float | None
    limit: float | None
    rule: str
    group: Cell
    interval: tuple[float, float] | None = None


def judge_clause(clause: Clause, observations: Iterable[Observation]) -> list[ClauseResult]:
    """Apply a clause to the observations of its requirement, once per group."""
    sample = [o for o in observations if o.measure == clause.measure and matches(o.cell, clause.where)]
    if isinstance(clause, WindowClause):
        return [_window(clause, sample)]
    groups: dict[tuple[str | float, ...], list[Observation]] = {}
    for observation in sample:
        groups.setdefault(tuple(observation.cell.get(key, "") for key in clause.per), []).append(observation)
    results = [
        _judge_group(clause, members, dict(zip(clause.per, values, strict=False))) for values, members in groups.items()
    ]
    named = sum("" not in values for values in groups)  # "" stands for a key the cell does not have
    if not groups or (clause.groups is not None and named < clause.groups):
        results.append(_judge_group(clause, [], {}))
    return results


def judge_criterion(
    criterion: Iterable[Clause], observations: Sequence[Observation], options: Collection[str] | None = None
) -> list[ClauseResult]:
    """Apply every clause of a criterion that the statement leaves standing.

    Args:
        criterion: the clauses.
        observations: of their requirement.
        options: options the statement answers yes; None to judge every clause.
    """
    return [
        result
        for clause in criterion
        if options is None or clause.only_if is None or clause.only_if in options
        for result in judge_clause(clause, observations)
    ]


def overall(results: Iterable[ClauseResult]) -> Outcome:
    """A criterion holds when every result holds, and is broken as soon as one is."""
    outcomes = {result.outcome for result in results}
    if Outcome.BROKEN in outcomes:
        return Outcome.BROKEN
    return Outcome.OPEN if Outcome.OPEN in outcomes or not outcomes else Outcome.HOLDS


def _judge_group(clause: Clause, sample: list[Observation], group: Cell) -> ClauseResult:
    match clause:
        case ProportionClause():
            return _proportion(clause, sample, group)
        case CountClause():
            return _count(clause, sample, group)
        case PercentileClause():
            return _percentile(clause, sample, group)
        case LimitClause():
            return _limit(clause, sample, group)
        case InspectionClause():
            return _inspection(clause, sample, group)
        case WindowClause():
            raise TypeError("a window is judged over the whole sample")


def _trials(clause: ProportionClause | CountClause | WindowClause, sample: list[Observation]) -> list[Observation]:
    return [o for o in sample if o.value in clause.among] if clause.among else sample


def _failures(clause: ProportionClause | CountClause | WindowClause, sample: list[Observation]) -> int:
    if clause.success:
        return _counted(sample, lambda o: o.value not in clause.success)
    return _counted(sample, lambda o: o.value in clause.failure)


def _counted(sample: Iterable[Observation], counts: Callable[[Observation], bool] = lambda _: True) -> int:
    return sum(o.times for o in sample if counts(o))


def _share(trials: int, failures: int) -> float | None:
    return (trials - failures) / trials if trials else None


def _proportion(clause: ProportionClause, sample: list[Observation], group: Cell) -> ClauseResult:
    sample = _trials(clause, sample)
    trials, failures = _counted(sample), _failures(clause, sample)
    _, final_failures = clause.stages[-1]
    reached = any(trials >= n and failures <= c for n, c in clause.stages)
    bound = lower_bound(trials - failures, trials, clause.confidence) if trials else 0.0
    if failures > final_failures:
        outcome = Outcome.BROKEN
    elif reached and bound >= clause.at_least:
        outcome = Outcome.HOLDS
    else:
        outcome = Outcome.OPEN
    stages = ", ".join(f"{c}/{n}" for n, c in clause.stages)
    return ClauseResult(
        kind=clause.kind,
        outcome=outcome,
        measure=clause.measure,
        unit=clause.unit,
        trials=trials,
        failures=failures,
        value=_share(trials, failures),
        bound=bound,
        limit=clause.at_least,
        rule=(
            f"exact one-sided {clause.confidence:.0%} lower bound >= {clause.at_least:g}; registered stages {stages}, "
            f"{plan_confidence(clause.stages, clause.at_least):.1%} over all of them"
        ),
        group=group,
        interval=two_sided_bounds(trials - failures, trials),
    )


def _count(clause: CountClause, sample: list[Observation], group: Cell) -> ClauseResult:
    sample = _trials(clause, sample)
    trials, failures = _counted(sample), _failures(clause, sample)
    if failures > clause.failures:
        outcome = Outcome.BROKEN
    else:
        outcome = Outcome.HOLDS if trials >= clause.trials else Outcome.OPEN
    return ClauseResult(
        kind=clause.kind,
        outcome=outcome,
        measure=clause.measure,
        unit=clause.unit,
        trials=trials,
        failures=failures,
        value=_share(trials, failures),
        bound=None,
        limit=float(clause.failures),
        rule=f"at most {clause.failures} failures in {clause.trials} trials",
        group=group,
        interval=two_sided_bounds(trials - failures, trials),
    )


def _percentile(clause: PercentileClause, sample: list[Observation], group: Cell) -> ClauseResult:
    """By the registered sample, or by the whole of a larger one, which is broken once it exceeds the limit itself."""
    trials, share = _counted(sample), clause.percentile / 100
    judged = max(clause.trials, trials)
    allowed = allowed_failures(judged, share, clause.confidence)
    most = allowed if trials <= clause.trials else failures_of_share(trials, share)
    outside = _counted(sample, lambda o: float(o.value) - o.uncertainty > clause.at_most)
    not_inside = _counted(sample, lambda o: not float(o.value) + o.uncertainty <= clause.at_most)
    if outside > most:
        outcome = Outcome.BROKEN
    elif trials >= clause.trials and not_inside <= allowed:
        outcome = Outcome.HOLDS
    else:
        outcome = Outcome.OPEN
    ordered = _Ordered(sample)
    shown_by = allowed_failures(trials, share, clause.confidence) if trials else -1
    worst_u = max((o.uncertainty for o in sample), default=0.0)
    return ClauseResult(
        kind=clause.kind,
        outcome=outcome,
        measure=clause.measure,
        unit=clause.unit,
        trials=trials,
        failures=not_inside,
        value=ordered.at(max(0, math.ceil(share * trials) - 1)) if trials else None,
        bound=ordered.at(trials - 1 - shown_by) + worst_u if shown_by >= 0 else None,
        limit=clause.at_most,
        rule=(
            f"p{clause.percentile:g} <= {clause.at_most:g} {clause.unit} at {clause.confidence:.0%}: at most {allowed} "
            f"of {judged} values above the limit less U (guard band w = U, k = 2)"
            + (f", failed by more than {most} above it" if most > allowed else "")
        ),
        group=group,
    )


class _Ordered:
    """The values of a sample in ascending order, each as often as its observation stands for."""

    def __init__(self, sample: Iterable[Observation]) -> None:
        ordered = sorted((float(o.value), o.times) for o in sample)
        self._values = [value for value, _ in ordered]
        self._reached = list(itertools.accumulate(times for _, times in ordered))

    def at(self, place: int) -> float:
        """The value at a place from 0 on."""
        return self._values[bisect.bisect_right(self._reached, place)]

    @property
    def median(self) -> float:
        """The middle value, or the mean of the two in the middle."""
        count = self._reached[-1]
        return (self.at((count - 1) // 2) + self.at(count // 2)) / 2


def _statistic(clause: LimitClause, sample: list[Observation]) -> list[tuple[float, float, int]]:
    """The judged numbers with their expanded uncertainties, and how often each: every value, or one of them all."""
    values = [(float(o.value), o.uncertainty, o.times) for o in sample]
    worst_u = max(u for _, u, _ in values)
    match clause.statistic:
        case "each":
            return values
        case "median":
            return [(_Ordered(sample).median, worst_u, 1)]
        case "mean":
            return [(math.fsum(value * times for value, _, times in values) / _counted(sample), worst_u, 1)]
        case "total":
            total = math.fsum(value * times for value, _, times in values)
            return [(total, math.fsum(u * times for _, u, times in values), 1)]
        case "drift":
            return [_drift(values, per_cent=clause.unit == "%")]


_ENDS = 6
"""A drift compares the first and the last of so many parts of a sample, so that no single bad hour decides it."""
_MEDIAN_SPREAD = 2 * 1.2533 * 1.4826
"""Expanded uncertainty (k = 2) of a median of n values, in units of their median absolute deviation over sqrt(n)."""


def _drift(values: Sequence[tuple[float, float, int]], *, per_cent: bool) -> tuple[float, float, int]:
    values = [(value, u, 1) for value, u, times in values for _ in range(times)]
    size = max(1, len(values) // _ENDS)
    first, first_u, first_spread = _end(values[:size])
    last, last_u, last_spread = _end(values[-size:])
    if not first:
        return math.inf, 0.0, 1
    scale = (100.0 if per_cent else 1.0) / abs(first)
    return (last - first) * scale, (first_u + last_u + math.hypot(first_spread, last_spread)) * scale, 1


def _end(values: Sequence[tuple[float, float, int]]) -> tuple[float, float, float]:
    """Median of the values, median of their own uncertainties, and what their scatter adds."""
    middle = statistics.median(value for value, _, _ in values)
    deviation = statistics.median(abs(value - middle) for value, _, _ in values)
    spread = _MEDIAN_SPREAD * deviation / math.sqrt(len(values))
    return middle, statistics.median(u for _, u, _ in values), spread


def _limit(clause: LimitClause, sample: list[Observation], group: Cell) -> ClauseResult:
    trials = _counted(sample)
    complete = trials >= clause.trials
    judged = _statistic(clause, sample) if sample else []
    low = clause.at_least if clause.at_least is not None else -math.inf
    high = clause.at_most if clause.at_most is not None else math.inf
    outside = sum(times for value, u, times in judged if value - u > high or value + u < low)
    not_inside = sum(times for value, u, times in judged if not low <= value - u <= value + u <= high)
    if outside and (complete or clause.statistic == "each"):
        outcome = Outcome.BROKEN
    else:
        outcome = Outcome.HOLDS if complete and not not_inside else Outcome.OPEN
    value, uncertainty, _ = max(
        judged, key=lambda v: max(v[0] + v[1] - high, low - v[0] + v[1]), default=(None, 0.0, 0)
    )
    side = uncertainty if clause.at_most is not None else -uncertainty
    return ClauseResult(
        kind=clause.kind,
        outcome=outcome,
        measure=clause.measure,
        unit=clause.unit,
        trials=trials,
        failures=not_inside,
        value=value,
        bound=None if value is None else value + side,
        limit=clause.at_most if clause.at_most is not None else clause.at_least,
        rule=f"{clause.statistic} within [{low:g}, {high:g}] {clause.unit}, guard band w = U = {uncertainty:g}",
        group=group,
    )


def _inspection(clause: InspectionClause, sample: list[Observation], group: Cell) -> ClauseResult:
    failures = _counted(sample, lambda o: o.value != "conforms")
    items = {tuple(sorted(o.cell.items())) for o in sample}
    if failures:
        outcome = Outcome.BROKEN
    else:
        outcome = Outcome.HOLDS if len(items) >= clause.items else Outcome.OPEN
    return ClauseResult(
        kind=clause.kind,
        outcome=outcome,
        measure=clause.measure,
        unit=clause.unit,
        trials=len(items),
        failures=failures,
        value=_share(_counted(sample), failures),
        bound=None,
        limit=float(clause.items),
        rule=f"all {clause.items} items conform",
        group=group,
    )


@dataclass
class _Run:
    """The widest run of positions that hold, as they are taken in order."""

    widest: float = 0.0
    start: float | None = None

    def take(self, position: float, *, holds: bool) -> None:
        if not holds:
            self.start = None
            return
        self.start = position if self.start is None else self.start
        self.widest = max(self.widest, position - self.start)


def _window(clause: WindowClause, sample: list[Observation]) -> ClauseResult:
    """Lost for good once no window wide enough is left, whatever the positions still to come bring."""
    steps: dict[float, list[Observation]] = {}
    for observation in sample:
        steps.setdefault(float(observation.cell[clause.along]), []).append(observation)
    registered = round((clause.last - clause.first) / clause.step) + 1
    held, open_too = _Run(), _Run()
    for position in (clause.first + number * clause.step for number in range(registered)):
        found = _trials(clause, steps.get(position, []))
        lost = _failures(clause, found) > clause.failures
        held.take(position, holds=not lost and _counted(found) >= clause.trials)
        open_too.take(position, holds=not lost)
    if held.widest >= clause.width:
        outcome = Outcome.HOLDS
    else:
        outcome = Outcome.BROKEN if open_too.widest < clause.width else Outcome.OPEN
    widest = held.widest
    return ClauseResult(
        kind=clause.kind,
        outcome=outcome,
        measure=clause.measure,
        unit=clause.unit,
        trials=_counted(sample),
        failures=_failures(clause, sample),
        value=widest,
        bound=None,
        limit=clause.width,
        rule=(
            f"a contiguous range of {clause.along} >= {clause.width:g} {clause.unit} with at most "
            f"{clause.failures} failures in {clause.trials} trials a step"
        ),
        group={},
    )
