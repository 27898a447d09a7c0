"""How the group of a result is called, and what of a sample that was to be split was never measured."""

from __future__ import annotations

import re
from collections.abc import Mapping

from certification.catalogue import Text
from certification.clauses import Clause
from certification.decision import ClauseResult
from certification.observations import Cell
from reports.findings import Judged
from reports.words import CELL_KEYS, cell_text, joined, word

WHOLE_SAMPLE = Text(zh="全部样本", en="whole sample")

_NAMED: Mapping[str, re.Pattern[str]] = {"colour": re.compile("#[0-9A-F]{6}")}
"""Values of a key that stand in a requirement's title as they stand in cells."""


def group_text(judged: Judged, result: ClauseResult, title: Text) -> Text:
    """Which group of the sample a result is of.

    Args:
        judged: the clause with its results.
        result: one of them.
        title: title of the requirement.
    """
    fixed = _fixed(judged.clause)
    if result.group:
        return cell_text({**fixed, **result.group})
    missing = _missing(judged)
    if judged.clause is None or not missing:
        return WHOLE_SAMPLE
    name = _named(judged, missing, title) or _counted(judged.clause, missing)
    told = joined((name, Text(zh="（未测）", en="(not measured)")), "", " ")
    return joined((cell_text(fixed), told)) if fixed else told


def groups_wanted(judged: Judged) -> int:
    """How many groups a clause judges, those never measured among them."""
    fixed = None if judged.clause is None else judged.clause.groups
    return max(len(judged.results), fixed or 0)


def _missing(judged: Judged) -> int:
    """How many groups were never measured; 0 where their number is not fixed, or none was measured."""
    found = sum(bool(result.group) and "" not in result.group.values() for result in judged.results)
    fixed = None if judged.clause is None else judged.clause.groups
    return 0 if fixed is None or not found else fixed - found


def _named(judged: Judged, missing: int, title: Text) -> Text | None:
    """The groups by their values, where the title names just as many that have no result."""
    (key, *others) = judged.clause.per if judged.clause is not None else ("",)
    if others or key not in _NAMED:
        return None
    measured = {result.group.get(key) for result in judged.results}
    values = [value for value in dict.fromkeys(_NAMED[key].findall(title.zh)) if value not in measured]
    if len(values) != missing:
        return None
    return joined((word(CELL_KEYS, key), Text(zh="、".join(values), en=", ".join(values))), " ", " ")


def _counted(clause: Clause, missing: int) -> Text:
    split = joined((word(CELL_KEYS, key) for key in clause.per), "、", ", ")
    return Text(
        zh=f"按{split.zh}的 {clause.groups} 组中其余 {missing} 组",
        en=f"the other {missing} of {clause.groups} groups by {split.en}",
    )


def _fixed(clause: Clause | None) -> Cell:
    """What a clause asks of every cell it judges, as far as that is one value."""
    fixed: Cell = {}
    for key, wanted in ({} if clause is None else clause.where).items():
        if isinstance(wanted, str):
            fixed[key] = wanted
        elif isinstance(wanted, tuple) and wanted[0] == wanted[1]:
            fixed[key] = wanted[0]
    return fixed
