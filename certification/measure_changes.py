"""Measures of two runs side by side, with how sure a difference is.

A share of failures is compared by Fisher's exact test; all tests of one comparison together err with at most 5 %. A
time is compared by its 95th percentile. It is worse where the increase exceeds 10 % (EHC-HIS-027) by its lower 95 %
bound and beyond the expanded uncertainty of both; where it was only measured so, nothing is decided. Outcomes of a
load, and others that were recorded together, are not independent of one another, so that no test applies to them; nor
is a bound given for fewer than ``FEWEST``. Every other number is told, and its verdict is what decides.

An emulated subject shares the processor with the harness, so that its times grow with whatever else that does: up to
``HOST_S`` are its host's and not its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import hypot, isfinite

from certification.catalogue import Requirement, SubjectKind
from certification.change_statistics import Sample, ShareChange, holm, ratio_bounds, sample_of, share_change
from certification.clauses import Clause, CountClause, LimitClause, PercentileClause, ProportionClause, WindowClause
from certification.decision import ClauseResult, judge_clause
from certification.observations import Cell, Observation, matches

PERCENTILE = 0.95
FEWEST = 59
"""Fewest values that say anything of a 95th percentile with 95 % confidence: of fewer, all may lie below it."""
WORSE_BY = 0.10
"""Increase of a 95th percentile beyond which an upgrade has made it worse (EHC-HIS-027)."""


HOST_S = 0.1
"""How far a 95th percentile of an emulated subject may grow for its host alone, s; 0.03 were seen on two cores with
nine processes waiting."""
_OF_THE_GENERATOR = "EHC-PRF-005"
"""Judges the generator of a load; what it measures says nothing of the subject."""
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}


class Standing(StrEnum):
    """What can be said of a change."""

    WORSE = "worse"
    UNDECIDED = "undecided"
    BETTER = "better"
    HOST = "host"
    """Grew no more than the host of an emulated subject explains."""
    SAME = "same"


@dataclass(frozen=True)
class MeasureChange:
    """One measure in both runs.

    Attributes:
        requirement: the row it belongs to.
        measure, unit: its name and unit.
        kind: ``share`` (of failures, 0 … 1), ``p95``, or the statistic of a clause.
        cell: which part of the sample.
        before, now: the values.
        trials: outcomes before and now.
        low, high: bounds of the change: of a share two-sided 95 %, as a difference; of a percentile one-sided 95 %
            each, as an increase of 0.1 for 10 %; None where there are none.
        uncertainty: expanded uncertainty of both values together, in ``unit``.
        standing: what can be said.
    """

    requirement: str
    measure: str
    unit: str
    kind: str
    cell: Cell
    before: float
    now: float
    trials: tuple[int, int]
    low: float | None
    high: float | None
    uncertainty: float
    standing: Standing

    @property
    def increase(self) -> float | None:
        """How much larger the value is now, 0.1 for 10 %; None where that says nothing."""
        return self.now / self.before - 1 if self.before > 0 else None


def measure_changes(
    requirements: Sequence[Requirement],
    before: Mapping[str, Sequence[Observation]],
    now: Mapping[str, Sequence[Observation]],
    options: Collection[str],
    *,
    emulated: bool,
) -> list[MeasureChange]:
    """Compare what both runs measured.

    Args:
        requirements: the rows by whose clauses samples are taken.
        before, now: observations by requirement.
        options: options both statements answer with yes.
        emulated: whether a subject was emulated.
    """
    shares: list[tuple[MeasureChange, ShareChange]] = []
    others: list[MeasureChange] = []
    for requirement in requirements:
        old, new = before.get(requirement.id, ()), now.get(requirement.id, ())
        if not old or not new or requirement.id == _OF_THE_GENERATOR:
            continue
        of_load = requirement.subject is SubjectKind.LOAD
        for clause in _different(requirement.criterion):
            if clause.only_if is not None and clause.only_if not in options:
                continue
            match clause:
                case ProportionClause() | CountClause():
                    found = list(_shares(requirement.id, clause, old, new))
                    shares += [] if of_load else found
                    others += [told for told, _ in found] if of_load else []
                case PercentileClause():
                    host_s = HOST_S if emulated else 0.0
                    others += _percentiles(requirement.id, clause, old, new, host_s, bounded=not of_load)
                case LimitClause() | WindowClause():
                    others += _values(requirement.id, clause, old, new)
                case _:
                    pass
    return [*_decided(shares), *others]


def _different(criterion: Sequence[Clause]) -> list[Clause]:
    """Clauses that look at samples of their own; two limits to one sample are one comparison."""
    kept: dict[str, Clause] = {}
    for clause in criterion:
        sets = {"at_least", "at_most", "stages", "trials", "failures", "confidence", "percentile", "groups"}
        family = "share" if isinstance(clause, ProportionClause | CountClause) else clause.kind
        kept.setdefault(family + clause.model_dump_json(exclude={*sets, "kind"}), clause)
    return list(kept.values())


def _paired(
    clause: Clause, old: Sequence[Observation], new: Sequence[Observation]
) -> Iterator[tuple[ClauseResult, ClauseResult]]:
    was = {tuple(result.group.items()): result for result in judge_clause(clause, old)}
    for result in judge_clause(clause, new):
        before = was.get(tuple(result.group.items()))
        if before is not None and before.trials and result.trials:
            yield before, result


def _shares(
    requirement: str, clause: ProportionClause | CountClause, old: Sequence[Observation], new: Sequence[Observation]
) -> Iterator[tuple[MeasureChange, ShareChange]]:
    for was, is_ in _paired(clause, old, new):
        change = share_change((was.failures, is_.failures), (was.trials, is_.trials))
        before, now = change.shares
        yield (
            MeasureChange(
                requirement,
                clause.measure,
                "1",
                "share",
                _cell(clause, is_.group),
                before,
                now,
                (was.trials, is_.trials),
                change.low,
                change.high,
                0.0,
                Standing.SAME,
            ),
            change,
        )


def _decided(shares: Sequence[tuple[MeasureChange, ShareChange]]) -> Iterator[MeasureChange]:
    worse = holm([change.worse for _, change in shares])
    better = holm([change.better for _, change in shares])
    for (told, _), is_worse, is_better in zip(shares, worse, better, strict=True):
        standing = Standing.WORSE if is_worse else Standing.BETTER if is_better else Standing.SAME
        yield replace(told, standing=standing)


def _percentiles(
    requirement: str,
    clause: PercentileClause,
    old: Sequence[Observation],
    new: Sequence[Observation],
    host_s: float,
    *,
    bounded: bool,
) -> Iterator[MeasureChange]:
    was, is_ = _grouped(clause, old), _grouped(clause, new)
    wander = host_s / _SECONDS[clause.unit] if clause.unit in _SECONDS else 0.0
    for key in is_:
        if key in was:
            group = dict(zip(clause.per, key, strict=True))
            yield _percentile(requirement, clause, group, was[key], is_[key], wander, bounded=bounded)


def _grouped(
    clause: PercentileClause, observations: Sequence[Observation]
) -> dict[tuple[str | float, ...], list[Observation]]:
    groups: dict[tuple[str | float, ...], list[Observation]] = {}
    for one in observations:
        if one.measure == clause.measure and matches(one.cell, clause.where):
            groups.setdefault(tuple(one.cell.get(key, "") for key in clause.per), []).append(one)
    return groups


def _percentile(
    requirement: str,
    clause: PercentileClause,
    group: Cell,
    old: Sequence[Observation],
    new: Sequence[Observation],
    wander: float,
    *,
    bounded: bool,
) -> MeasureChange:
    was, is_ = _sample(old), _sample(new)
    before, now = was.percentile(PERCENTILE), is_.percentile(PERCENTILE)
    uncertainty = hypot(max(o.uncertainty for o in old), max(o.uncertainty for o in new))
    bounds = ratio_bounds(was, is_, PERCENTILE) if bounded and _bounded(old) and _bounded(new) else None
    return MeasureChange(
        requirement,
        clause.measure,
        clause.unit,
        "p95",
        _cell(clause, group),
        before,
        now,
        (was.size, is_.size),
        None if bounds is None else bounds[0] - 1,
        None if bounds is None else bounds[1] - 1,
        uncertainty,
        _standing(before, now, bounds, uncertainty, wander),
    )


def _bounded(sample: Sequence[Observation]) -> bool:
    """Whether bounds can be given: enough outcomes, each by itself, and none of them zero."""
    return len(sample) >= FEWEST and all(one.times == 1 and float(one.value) > 0 for one in sample)


def _standing(
    before: float, now: float, bounds: tuple[float, float] | None, uncertainty: float, wander: float
) -> Standing:
    most = 1 + WORSE_BY
    if now > most * before + wander:
        shown = bounds is not None and bounds[0] > most and now - most * before > uncertainty + wander
        return Standing.WORSE if shown else Standing.UNDECIDED
    if now > most * before:
        return Standing.HOST
    better = bounds is not None and bounds[1] < 1 / most and before - most * now > uncertainty + wander
    return Standing.BETTER if better else Standing.SAME


def _values(
    requirement: str, clause: LimitClause | WindowClause, old: Sequence[Observation], new: Sequence[Observation]
) -> Iterator[MeasureChange]:
    kind = clause.statistic if isinstance(clause, LimitClause) else "window"
    for was, is_ in _paired(clause, old, new):
        if was.value is None or is_.value is None or not isfinite(was.value) or not isfinite(is_.value):
            continue
        yield MeasureChange(
            requirement,
            clause.measure,
            clause.unit,
            kind,
            _cell(clause, is_.group),
            was.value,
            is_.value,
            (was.trials, is_.trials),
            None,
            None,
            hypot(*(0.0 if one.bound is None or one.value is None else one.bound - one.value for one in (was, is_))),
            Standing.SAME,
        )


def _sample(observations: Sequence[Observation]) -> Sample:
    return sample_of([(float(one.value), one.times) for one in observations])


def _cell(clause: Clause, group: Cell) -> Cell:
    """The part of the sample: what the clause selects, and the group."""
    fixed = {key: value for key, value in clause.where.items() if isinstance(value, str)}
    return {**fixed, **group}
