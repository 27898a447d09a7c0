"""Verdicts: what a run says of each requirement, of the run as a whole, and as an exit code."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from certification.catalogue import Catalogue, Level, Requirement, Text
from certification.decision import ClauseResult, Outcome, judge_criterion, overall
from certification.exit_codes import ExitCode
from certification.observations import Observation

SCHEMA = 1


class Verdict(StrEnum):
    """What can be said of one requirement."""

    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    NOT_ASSESSED = "NOT_ASSESSED"
    RIG_ERROR = "RIG_ERROR"


INVALID = "INVALID"
"""Overall word of a run whose subject changed its identity, or whose load was not as planned; nothing counts."""
INTERRUPTED = "INTERRUPTED"
"""Overall word of a run a person stopped."""


@dataclass(frozen=True)
class Circumstance:
    """Something beside observations that decides a row: why it was left out, or what broke on the bench."""

    verdict: Verdict
    reason: Text


@dataclass(frozen=True)
class Row:
    """The verdict on one requirement with everything it rests on; ``observations`` counts outcomes, not records."""

    requirement: str
    verdict: Verdict
    level: Level
    method: str
    emulated: bool
    planned: bool
    title: Text
    reason: Text
    observations: int
    clauses: Sequence[ClauseResult] = field(default_factory=tuple)

    def as_record(self) -> dict[str, Any]:
        """The row as it stands in ``verdicts.json``."""
        return {
            **asdict(self),
            "title": self.title.model_dump(),
            "reason": self.reason.model_dump(),
        }


_SAID = {
    Outcome.HOLDS: (Verdict.PASS, Text(zh="判据满足", en="the criterion is met")),
    Outcome.BROKEN: (Verdict.FAIL, Text(zh="判据不满足", en="the criterion is not met")),
    Outcome.OPEN: (
        Verdict.INCONCLUSIVE,
        Text(zh="样本不足或落在保护带内", en="too few samples, or inside the guard band"),
    ),
}

_PROVES_NOTHING = Text(
    zh="所申报的文件不满足判据，按要求目录不予评定",
    en="what was declared does not meet the criterion, so that the row is not assessed, as the catalogue says",
)


def judge(
    requirement: Requirement,
    observations: Sequence[Observation],
    circumstance: Circumstance | None,
    *,
    planned: bool,
    emulated: bool,
    options: Collection[str] | None = None,
) -> Row:
    """Derive the verdict on one requirement, by the clauses its subject's ``options`` leave standing (None: all).

    A failure already proved by the observations stands even when the bench broke afterwards; otherwise a
    circumstance (not applicable, not assessed, rig error) outranks the sample, so that nothing measured on a
    broken bench can pass.
    """
    results = judge_criterion(requirement.criterion, observations, options)
    outcome = overall(results) if observations else Outcome.OPEN
    verdict, reason = _SAID[outcome]
    if outcome is Outcome.BROKEN and requirement.unmet == "NOT_ASSESSED":
        verdict, reason = Verdict.NOT_ASSESSED, _PROVES_NOTHING
    if circumstance is not None and outcome is not Outcome.BROKEN:
        verdict, reason = circumstance.verdict, circumstance.reason
    return Row(
        requirement=requirement.id,
        verdict=verdict,
        level=requirement.level,
        method=requirement.method,
        emulated=emulated,
        planned=planned,
        title=requirement.title,
        reason=reason,
        observations=sum(o.times for o in observations),
        clauses=results if observations else (),
    )


def judge_run(
    catalogue: Catalogue,
    requirements: Iterable[str],
    observations: Iterable[Observation],
    circumstances: Mapping[str, Circumstance],
    *,
    plan: frozenset[str],
    emulated: bool,
    options: Collection[str] | None = None,
) -> list[Row]:
    """Derive the verdict on every row of a run from its observations, circumstances and options alone."""
    by_requirement: dict[str, list[Observation]] = {}
    for observation in observations:
        by_requirement.setdefault(observation.requirement, []).append(observation)
    return [
        judge(
            catalogue[requirement_id],
            by_requirement.get(requirement_id, []),
            circumstances.get(requirement_id),
            planned=requirement_id in plan,
            emulated=emulated,
            options=options,
        )
        for requirement_id in requirements
    ]


def overall_verdict(rows: Iterable[Row]) -> Verdict:
    """The one word over a run: the gravest verdict among the planned SHALL rows that apply."""
    found = {
        row.verdict
        for row in rows
        if row.planned and row.level is Level.SHALL and row.verdict is not Verdict.NOT_APPLICABLE
    }
    for grave in (Verdict.FAIL, Verdict.RIG_ERROR, Verdict.NOT_ASSESSED, Verdict.INCONCLUSIVE):
        if grave in found:
            return grave
    return Verdict.PASS if found else Verdict.NOT_ASSESSED


def exit_code(rows: Iterable[Row]) -> ExitCode:
    """The exit code of a run. A proved failure outranks a bench that broke, and both outrank an open row."""
    match overall_verdict(rows):
        case Verdict.PASS:
            return ExitCode.PASSED
        case Verdict.FAIL:
            return ExitCode.FAILED
        case Verdict.RIG_ERROR:
            return ExitCode.RIG_ERROR
        case _:
            return ExitCode.OPEN
