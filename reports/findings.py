"""What a row rests on: which clause each result belongs to, which result decided, which observations fell short."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from certification.catalogue import Requirement
from certification.clauses import (
    Clause,
    CountClause,
    InspectionClause,
    LimitClause,
    PercentileClause,
    ProportionClause,
    WindowClause,
)
from certification.decision import ClauseResult, Outcome
from certification.observations import Cell, Observation, matches

_GRAVITY = {Outcome.BROKEN: 0, Outcome.OPEN: 1, Outcome.HOLDS: 2}


@dataclass(frozen=True)
class Judged:
    """One clause with its results, one for each group of the sample.

    Attributes:
        clause: the clause as the catalogue gives it; None where the catalogue in force cannot tell.
        results: its results as recorded with the verdict.
    """

    clause: Clause | None
    results: tuple[ClauseResult, ...]

    @property
    def grouped(self) -> bool:
        """Whether the sample was split into groups, each judged by itself."""
        return any(result.group for result in self.results)


def judged_clauses(
    requirement: Requirement | None, results: Sequence[ClauseResult], options: Collection[str]
) -> list[Judged]:
    """Give every recorded result back to its clause.

    Results stand in the order of the criterion's clauses, less those whose option the statement does not answer
    with yes. Where they do not fit the requirement (another catalogue, a changed criterion), results stand
    without their clause.
    """
    if requirement is not None and results:
        found: list[Judged] = []
        rest = list(results)
        for clause in requirement.criterion:
            if clause.only_if is not None and clause.only_if not in options:
                continue
            taken = _take(clause, rest)
            found.append(Judged(clause, tuple(rest[:taken])))
            rest = rest[taken:]
        if not rest and all(judged.results for judged in found):
            return found
    return [Judged(None, together) for together in _alike(results)]


def _alike(results: Sequence[ClauseResult]) -> Iterator[tuple[ClauseResult, ...]]:
    """Results that look like groups of one clause, where nothing but the results is known."""

    def likeness(result: ClauseResult) -> tuple[object, ...]:
        return result.kind, result.measure, result.unit, result.limit, result.rule, tuple(sorted(result.group))

    for _, members in groupby(results, likeness):
        together = tuple(members)
        if together[0].group:
            yield together
        else:
            yield from ((result,) for result in together)


def _take(clause: Clause, results: Sequence[ClauseResult]) -> int:
    if not results or not _belongs(clause, results[0]):
        return 0
    if isinstance(clause, WindowClause) or not clause.per or not results[0].group:
        return 1
    seen: list[Cell] = []
    for result in results:
        if not _belongs(clause, result) or result.group in seen or not result.group:
            break
        seen.append(result.group)
    rest = results[len(seen) :]
    missing = clause.groups is not None and len(seen) < clause.groups
    return len(seen) + (missing and bool(rest) and not rest[0].group and _belongs(clause, rest[0]))


def _belongs(clause: Clause, result: ClauseResult) -> bool:
    if (clause.kind, clause.measure, clause.unit) != (result.kind, result.measure, result.unit):
        return False
    if result.limit != _limit(clause):
        return False
    where = {key: wanted for key, wanted in clause.where.items() if key in result.group}
    keys_fit = not result.group or set(result.group) == set(clause.per)
    return keys_fit and matches(result.group, where)


def _limit(clause: Clause) -> float | None:
    match clause:
        case ProportionClause():
            return clause.at_least
        case CountClause():
            return float(clause.failures)
        case PercentileClause():
            return clause.at_most
        case LimitClause():
            return clause.at_most if clause.at_most is not None else clause.at_least
        case WindowClause():
            return clause.width
        case InspectionClause():
            return float(clause.items)


def gravest_first(results: Sequence[ClauseResult]) -> list[ClauseResult]:
    """Results with what is not met first, then what is open, then by how little room is left."""
    return sorted(results, key=lambda result: (_GRAVITY[result.outcome], -_closeness(result)))


def _closeness(result: ClauseResult) -> float:
    """How much of the room a rule allows is used up: near 0 plenty is left, from 1 on none."""
    limit = result.limit or 0.0
    match result.kind:
        case "count":
            return result.failures / (limit + 1)
        case "proportion":
            return result.failures / max(result.trials, 1) / max(1 - limit, 1e-9)
        case _:
            return result.bound / limit if result.bound is not None and limit else 0.0


def deciding(judged: Sequence[Judged]) -> Judged | None:
    """The clause a row turns on: the first not met, else the first open, else the one with least room left."""

    def gravity(one: Judged) -> tuple[int, float]:
        result = gravest_first(one.results)[0]
        return _GRAVITY[result.outcome], -_closeness(result)

    return min((one for one in judged if one.results), key=gravity, default=None)


def falls_short(clause: Clause, observation: Observation) -> bool:
    """Whether one observation counts against a clause it is judged by."""
    value, u = observation.value, observation.uncertainty
    match clause:
        case ProportionClause() | CountClause() | WindowClause():
            return value not in clause.success if clause.success else value in clause.failure
        case InspectionClause():
            return value != "conforms"
        case PercentileClause():
            return float(value) + u > clause.at_most
        case LimitClause():
            if clause.statistic != "each":
                return False
            high = clause.at_most is not None and float(value) + u > clause.at_most
            return high or (clause.at_least is not None and float(value) - u < clause.at_least)


def judges(clause: Clause, observation: Observation) -> bool:
    """Whether a clause takes an observation into its sample."""
    return observation.measure == clause.measure and matches(observation.cell, clause.where)


def shortfalls(judged: Sequence[Judged], observations: Sequence[Observation]) -> list[Observation]:
    """Observations that count against any clause, in the order they were made."""
    clauses = [one.clause for one in judged if one.clause is not None]
    return [
        observation
        for observation in observations
        if any(judges(clause, observation) and falls_short(clause, observation) for clause in clauses)
    ]


@dataclass
class CellCount:
    """Trials of one cell of a measure.

    Attributes:
        cell: the cell.
        trials: trials in it.
        successes: those that succeeded.
        outcome: gravest outcome among the results the cell was judged in; None where it is only reported.
        clause: the clause that judged it, where one did.
    """

    cell: Cell
    trials: int
    successes: int
    outcome: Outcome | None
    clause: Clause | None

    @property
    def share(self) -> float:
        """Share of successes."""
        return self.successes / self.trials


def cell_counts(judged: Sequence[Judged], observations: Sequence[Observation], measure: str) -> list[CellCount]:
    """Count the trials of a measure cell by cell, in the order the cells first appear."""
    rules = [one for one in judged if one.clause is not None and one.clause.measure == measure]
    found: dict[tuple[tuple[str, str | float], ...], CellCount] = {}
    for observation in observations:
        if observation.measure != measure:
            continue
        key = tuple(sorted(observation.cell.items()))
        count = found.get(key)
        if count is None:
            count = found[key] = CellCount(observation.cell, 0, 0, *_judgement(rules, observation.cell))
        count.trials += observation.times
        rule = count.clause or next((one.clause for one in rules), None)
        if rule is None or not falls_short(rule, observation):
            count.successes += observation.times
    return list(found.values())


def _judgement(rules: Sequence[Judged], cell: Cell) -> tuple[Outcome | None, Clause | None]:
    """The outcome of a cell: from the results of its own group where there are any, else from those it is part of."""
    hits = list(_hits(rules, cell))
    narrow = [hit for hit in hits if hit[1].group] or hits
    if not narrow:
        return None, None
    clause, result = min(narrow, key=lambda hit: _GRAVITY[hit[1].outcome])
    return result.outcome, clause


def _hits(rules: Sequence[Judged], cell: Cell) -> Iterator[tuple[Clause, ClauseResult]]:
    for rule in rules:
        if rule.clause is None or not matches(cell, rule.clause.where):
            continue
        for result in rule.results:
            if all(cell.get(key) == value for key, value in result.group.items()):
                yield rule.clause, result


def value_counts(observations: Sequence[Observation]) -> dict[str, dict[str, int]]:
    """How often each named outcome came, by measure; numbers are left out."""
    counts: dict[str, dict[str, int]] = {}
    for observation in observations:
        if isinstance(observation.value, str):
            of_measure = counts.setdefault(observation.measure, {})
            of_measure[observation.value] = of_measure.get(observation.value, 0) + observation.times
    return counts
