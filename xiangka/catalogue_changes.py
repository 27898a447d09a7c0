"""What another catalogue changes in the rows of a run: demands, limits and bounds, verdicts, and which get worse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from rich.markup import escape

from certification.another_catalogue import Changed, changes, is_worse
from certification.catalogue import Catalogue
from certification.decision import ClauseResult
from certification.verdicts import Row


@dataclass(frozen=True)
class RowChange:
    """A row that another catalogue has, or judges, otherwise.

    Attributes:
        requirement: its id.
        before, now: the row by either catalogue; None where the catalogue does not have it.
        demands: what is demanded otherwise.
        results: results of clauses that differ, those of before beside those of now; None where there is none.
    """

    requirement: str
    before: Row | None
    now: Row | None
    demands: tuple[Changed, ...]
    results: tuple[tuple[ClauseResult | None, ClauseResult | None], ...]

    @property
    def worse(self) -> bool:
        """Whether the verdict says less for the subject; a row that is no longer demanded does not."""
        return self.before is not None and self.now is not None and is_worse(self.before.verdict, self.now.verdict)

    def as_record(self) -> dict[str, Any]:
        """The change as a JSON object."""
        return {
            "requirement": self.requirement,
            "before": self.before and self.before.verdict,
            "now": self.now and self.now.verdict,
            "reason": self.now and self.now.reason.model_dump(),
            "worse": self.worse,
            "demands": [{"where": one.where, "before": one.before, "now": one.now} for one in self.demands],
            "results": [{"before": _numbers(was), "now": _numbers(is_)} for was, is_ in self.results],
        }


def catalogue_changes(
    before: Catalogue, rows_before: Sequence[Row], now: Catalogue, rows_now: Sequence[Row]
) -> list[RowChange]:
    """Rows in which demand or verdict differ, in the order of the catalogue that changes them, then those it lacks."""
    was = {row.requirement: row for row in rows_before}
    is_ = {row.requirement: row for row in rows_now}
    found = []
    for requirement in is_ | was:
        old, new = was.get(requirement), is_.get(requirement)
        demands = tuple(changes(before[requirement], now[requirement])) if old and new else ()
        if old is None or new is None or demands or old.as_record() != new.as_record():
            found.append(RowChange(requirement, old, new, demands, tuple(_results(old, new))))
    return found


def _results(old: Row | None, new: Row | None) -> Iterator[tuple[ClauseResult | None, ClauseResult | None]]:
    was, is_ = _keyed(old), _keyed(new)
    for key in was | is_:
        if was.get(key) != is_.get(key):
            yield was.get(key), is_.get(key)


def _keyed(row: Row | None) -> dict[tuple[object, ...], ClauseResult]:
    """Results by kind, measure and group, and by their place among those that are alike in all of it."""
    found: dict[tuple[object, ...], ClauseResult] = {}
    for result in () if row is None else row.clauses:
        alike = (result.kind, result.measure, *sorted(result.group.items()))
        place = next(n for n in count() if (*alike, n) not in found)
        found[(*alike, place)] = result
    return found


def _numbers(result: ClauseResult | None) -> dict[str, Any] | None:
    if result is None:
        return None
    names = ("kind", "measure", "group", "unit", "trials", "failures", "value", "bound", "limit", "outcome", "rule")
    return {name: getattr(result, name) for name in names}


def change_lines(found: Sequence[RowChange]) -> Iterator[str]:
    """The changes for a console."""
    for change in found:
        verdicts = f"{_verdict(change.before)} → {_verdict(change.now)}"
        colour = "red" if change.worse else "default"
        title = next(row.title.zh for row in (change.now, change.before) if row is not None)
        yield f"  {change.requirement}  [{colour}]{verdicts}[/]  {escape(title)}"
        for one in change.demands:
            yield f"      {escape(one.where)}: {escape(_value(one.before))} → {escape(_value(one.now))}"
        for was, is_ in change.results:
            yield f"      {escape(_result_line(was, is_))}"
        if change.now is not None and (change.before is None or change.before.reason != change.now.reason):
            yield f"      {escape(change.now.reason.zh)} · {escape(change.now.reason.en)}"


def _verdict(row: Row | None) -> str:
    return "—" if row is None else str(row.verdict)


def _value(value: Any) -> str:
    text = "—" if value is None else str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _result_line(was: ClauseResult | None, is_: ClauseResult | None) -> str:
    shown = is_ or was
    if shown is None:
        return ""
    group = "".join(f" {key}={value}" for key, value in shown.group.items())
    fields = []
    for name in ("trials", "failures", "value", "bound", "limit", "outcome"):
        old, new = (None if one is None else getattr(one, name) for one in (was, is_))
        if old != new:
            fields.append(f"{name} {_number(old)} → {_number(new)}")
        elif name in ("bound", "limit") and old is not None:
            fields.append(f"{name} {_number(old)}")
    unit = "" if shown.unit == "1" else f" [{shown.unit}]"
    return f"{shown.kind} {shown.measure}{group}{unit}: {', '.join(fields)}"


def _number(value: Any) -> str:
    return "—" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
