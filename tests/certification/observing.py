"""Invented observations for the tests of the decision rules."""

from __future__ import annotations

from collections.abc import Iterable

from certification.catalogue import load_catalogue
from certification.clauses import Clause
from certification.decision import ClauseResult, Outcome, judge_clause
from certification.observations import Observation

EXACT, NO_READ = "exact", "no_read"


def clause_of(requirement: str, number: int = 0) -> Clause:
    """A clause of the shipped catalogue, by its place in the criterion."""
    return load_catalogue()[requirement].criterion[number]


def observed(
    measure: str, values: Iterable[str | float], *, uncertainty: float = 0.0, requirement: str = "", **cell: str | float
) -> list[Observation]:
    """One observation a value, all in the same cell."""
    return [
        Observation(requirement=requirement, measure=measure, value=value, uncertainty=uncertainty, cell=cell)
        for value in values
    ]


def reads(trials: int, failures: int = 0, **cell: str | float) -> list[Observation]:
    """Readings of which the last ``failures`` are no-reads."""
    return observed("read", [EXACT] * (trials - failures) + [NO_READ] * failures, **cell)


def judged(clause: Clause, sample: Iterable[Observation]) -> ClauseResult:
    """The only result of a clause that does not split its sample."""
    [result] = judge_clause(clause, sample)
    return result


def outcome(clause: Clause, sample: Iterable[Observation]) -> Outcome:
    """What a clause that does not split its sample says of it."""
    return judged(clause, sample).outcome
