"""A run under another catalogue than it was made by: which rows can still be judged, and what the catalogue changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from certification.catalogue import Catalogue, Requirement, Text
from certification.observations import Observation
from certification.plan import does_not_apply
from certification.standing import Standing
from certification.verdicts import Circumstance, Row, Verdict

_UNKNOWN_THEN = Circumstance(
    Verdict.NOT_ASSESSED,
    Text(zh="运行所用的要求目录中没有此项", en="the catalogue the run was made by does not have it"),
)
_NOT_RUN_THEN = Circumstance(
    Verdict.NOT_ASSESSED,
    Text(zh="运行时此项不适用，故未进行", en="it did not apply when the run was made, so it was not run"),
)

_GRAVITY: Mapping[Verdict, int] = {
    Verdict.PASS: 0,
    Verdict.NOT_APPLICABLE: 0,
    Verdict.INCONCLUSIVE: 1,
    Verdict.NOT_ASSESSED: 1,
    Verdict.RIG_ERROR: 1,
    Verdict.FAIL: 2,
}


def is_worse(before: Verdict, now: Verdict) -> bool:
    """Whether a verdict says less for the subject: open in place of met, or failed in place of either."""
    return _GRAVITY[now] > _GRAVITY[before]


def judged_by(
    catalogue: Catalogue, before: Catalogue, standing: Standing, observations: Iterable[Observation]
) -> list[Row]:
    """Verdicts of a run by another catalogue than ``before``, the one it was made by.

    A row the run's catalogue did not have, or that did not apply then, stays open: nobody measured it. It counts for
    the last word of a run of a whole plan. One that no longer applies is so whatever was measured.
    """
    circumstances = _circumstances(catalogue, before, standing)
    asked = catalogue.asked_of(standing.kind)
    void = {requirement.id for requirement in asked if not _applies(requirement, standing)}
    rows = [requirement.id for requirement in asked]
    if standing.whole:
        unmeasured = {row for row, found in circumstances.items() if found in (_UNKNOWN_THEN, _NOT_RUN_THEN)}
        standing = replace(standing, chosen=standing.chosen | unmeasured)
    return standing.judged(catalogue, rows, (o for o in observations if o.requirement not in void), circumstances)


def _circumstances(catalogue: Catalogue, before: Catalogue, standing: Standing) -> dict[str, Circumstance]:
    found = dict(standing.circumstances)
    for requirement in catalogue.asked_of(standing.kind):
        row = requirement.id
        if row not in before:
            found[row] = _UNKNOWN_THEN
        elif not _applies(requirement, standing):
            if _applies(before[row], standing):
                found[row] = does_not_apply(declared=standing.declared)
        elif not _applies(before[row], standing):
            found[row] = _NOT_RUN_THEN
    return found


def _applies(requirement: Requirement, standing: Standing) -> bool:
    return requirement.applies_if is None or requirement.applies_if in standing.options


@dataclass(frozen=True)
class Changed:
    """One value of a requirement that another catalogue has otherwise.

    Attributes:
        where: dotted name within the requirement.
        before, now: the values as JSON has them; None where there is none.
    """

    where: str
    before: Any
    now: Any


def changes(before: Requirement, now: Requirement) -> list[Changed]:
    """Everything in which two editions of one requirement differ."""
    return list(_differing("", before.model_dump(mode="json"), now.model_dump(mode="json")))


def _differing(where: str, before: Any, now: Any) -> Iterator[Changed]:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in before | now:
            yield from _differing(f"{where}.{key}" if where else key, before.get(key), now.get(key))
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for place, (one, other) in enumerate(zip(before, now, strict=True), start=1):
            yield from _differing(f"{where}.{place}", one, other)
    elif before != now:
        yield Changed(where, before, now)
