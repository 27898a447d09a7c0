"""Verdicts of two runs side by side: what fails anew, what is mended, what is no longer assessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from certification.catalogue import Text
from certification.verdicts import Row, Verdict


class Change(StrEnum):
    """What became of a row from one run to the next."""

    NEW_FAILURE = "new failure"
    """Failed, and was assessed before without failing."""
    UNKNOWN_FAILURE = "failure not known before"
    """Failed, and the earlier run does not say how it was then."""
    NEWLY_OPEN = "no longer decided"
    """Was decided before."""
    FIXED = "fixed"
    NEWLY_MET = "newly met"
    """Met, and was not decided before."""


ORDER = tuple(Change)
"""What matters most first."""

_ASSESSED = (Verdict.PASS, Verdict.INCONCLUSIVE)


@dataclass(frozen=True)
class ChangedRow:
    """A row that is not what it was.

    Attributes:
        requirement: its id.
        title: its title.
        change: what became of it.
        before, now: the verdicts; None where a catalogue does not have the row.
        reason: why it has the verdict it has now.
    """

    requirement: str
    title: Text
    change: Change
    before: Verdict | None
    now: Verdict | None
    reason: Text


def row_changes(before: Sequence[Row], now: Sequence[Row]) -> list[ChangedRow]:
    """Rows that changed, what matters most first."""
    was = {row.requirement: row for row in before}
    is_ = {row.requirement: row for row in now}
    told = {**was, **is_}
    found = []
    for requirement in [*is_, *(row for row in was if row not in is_)]:
        old = was[requirement].verdict if requirement in was else None
        new = is_[requirement].verdict if requirement in is_ else None
        change = _change(old, new)
        if change is not None:
            reason = is_[requirement].reason if requirement in is_ else _NOT_ASKED
            found.append(ChangedRow(requirement, told[requirement].title, change, old, new, reason))
    return sorted(found, key=lambda one: ORDER.index(one.change))


_NOT_ASKED = Text(zh="新运行的要求目录中没有此项", en="the catalogue of the new run does not have it")


def _change(before: Verdict | None, now: Verdict | None) -> Change | None:
    match before, now:
        case Verdict.FAIL, Verdict.FAIL:
            return None
        case _, Verdict.FAIL:
            return Change.NEW_FAILURE if before in _ASSESSED else Change.UNKNOWN_FAILURE
        case Verdict.FAIL, Verdict.PASS:
            return Change.FIXED
        case Verdict.PASS, Verdict.PASS:
            return None
        case ((Verdict.PASS | Verdict.FAIL), _):
            return Change.NEWLY_OPEN
        case _, Verdict.PASS:
            return Change.NEWLY_MET
        case _:
            return None
