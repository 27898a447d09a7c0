"""A load minute by minute: what clauses about durations count as trials."""

from __future__ import annotations

from collections.abc import Iterable

from loadtests.record import Second

MINUTE = 60
NEARLY = 58
"""Seconds of a minute that is whole: the first and the last may have fallen to their neighbours."""


def minutes(seconds: Iterable[Second], stage: str) -> list[list[Second]]:
    """The whole minutes of a stage; of one that is shorter than a minute, all there is.

    A part of a minute never completes a sample, so what is left over at the end is dropped.
    """
    rows = [second for second in seconds if second.stage == stage]
    if not rows:
        return []
    begun = rows[0].t
    parts: dict[int, list[Second]] = {}
    for row in rows:
        parts.setdefault((row.t - begun) // MINUTE, []).append(row)
    whole = [part for part in parts.values() if len(part) >= NEARLY]
    return whole or [rows]


def share(part: float, whole: float) -> float:
    """Percent; of nothing, nothing is missing."""
    return 100.0 * part / whole if whole else 100.0
