"""A load minute by minute: what clauses about durations count as trials."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from loadtests.record import LoadRecord, Second

MINUTE = 60
NEARLY = 58
"""Seconds of a minute that is whole: the first and the last may have fallen to their neighbours."""


@dataclass(frozen=True)
class Minute:
    """What became of requests in the end: how many were due, answered rightly, and refused or not answered rightly."""

    offered: int
    ok: int
    wrong: int


def minutes(seconds: Iterable[Second], stage: str) -> list[list[Second]]:
    """A stage in parts of equal length, each a minute or longer; one that is shorter than a minute is one part.

    So none of its seconds is left out, and none weighs more than another in a mean over the parts. Those at the end of
    a load in which nothing is due any more, for answers are waited for, are not of its length.
    """
    rows = [second for second in seconds if second.stage == stage]
    while rows and not rows[-1].offered:
        rows.pop()
    parts = max(1, (len(rows) + MINUTE - NEARLY) // MINUTE)
    edges = [len(rows) * number // parts for number in range(parts + 1)]
    return [rows[begin:end] for begin, end in pairwise(edges)] if rows else []


def whole_minutes(record: LoadRecord, stage: str) -> list[Minute]:
    """The same of the requests that were due in a stage, whenever it was known what became of them.

    A timeout shows seconds after its request was due, in another minute or stage: what the totals of the stage tell and
    its seconds do not belongs to the last minute.
    """
    found = [
        Minute(
            sum(second.offered for second in part),
            sum(second.ok for second in part),
            sum(second.refused + second.errors for second in part),
        )
        for part in minutes(record.seconds, stage)
    ]
    if not found:
        return []
    [totals] = [one for one in record.stages if one.name == stage]
    wrong = sum(totals.refused.values()) + sum(totals.errors.values())
    earlier = found[:-1]
    last = Minute(
        max(0, totals.offered - sum(minute.offered for minute in earlier)),
        max(0, totals.ok - sum(minute.ok for minute in earlier)),
        max(0, wrong - sum(minute.wrong for minute in earlier)),
    )
    return [*earlier, last]


def share(part: float, whole: float) -> float:
    """Percent; of nothing, nothing is missing."""
    return 100.0 * part / whole if whole else 100.0
