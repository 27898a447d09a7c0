"""Plots of a requirement's observations: which one a measure calls for, and how each is drawn.

A plot shows the sample; the verdict rests on the decision table beside it. Intervals are two-sided 95 % Wilson
intervals, for display only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from certification.catalogue import Text
from certification.clauses import Clause, CountClause, LimitClause, PercentileClause, ProportionClause, WindowClause
from certification.observations import Cell, Observation
from reports.cell_bars import cell_bars
from reports.column_texts import shortened_apart
from reports.decision_matrix import decision_matrix
from reports.exchange_words import exchange_word
from reports.findings import CellCount, Judged, cell_counts
from reports.hour_plots import hour_plots, told_by_hours
from reports.numbers import grouped, quantity
from reports.response_curves import DASHED, curves, window_curve
from reports.response_maps import condition_map, pose_plots, version_map
from reports.supply_plots import supply_plots
from reports.svg import ACCENT, BAD, GOOD, Canvas, Plot
from reports.words import (
    CELL_KEYS,
    CELL_UNITS,
    MEASURES,
    axis_label,
    cell_value,
    effect_unit,
    joined,
    word,
)

MOST_BARS = 24
MOST_CONDITIONS = 4
FEWEST_FOR_HISTOGRAM = 20
FEWEST_TIMINGS = 3
MOST_TIMINGS = 60
TIMING_COLUMNS = 36
"""Columns of an exchange's name beside its time."""

_READ_RATE = Text(zh="识读率", en="read rate")
_SUCCESS_RATE = Text(zh="成功率", en="success rate")


def plots_of(name: str, judged: Sequence[Judged], observations: Sequence[Observation]) -> list[Plot]:
    """All plots of one requirement.

    Args:
        name: id of the requirement, unique on the page.
        judged: its clauses with their results.
        observations: its observations.
    """
    found: list[Plot] = list(hour_plots(name, observations))
    for measure in dict.fromkeys(one.clause.measure for one in judged if one.clause is not None):
        if found and told_by_hours(measure, observations):
            continue
        clauses = [one.clause for one in judged if one.clause is not None and one.clause.measure == measure]
        sample = [observation for observation in observations if observation.measure == measure]
        if measure == "access_decision":
            found.extend(decision_matrix(f"{name}-{measure}", sample))
        elif any(isinstance(clause, PercentileClause | LimitClause) for clause in clauses):
            found.extend(_number_plots(name, measure, clauses, sample))
        else:
            rate = axis_label(_READ_RATE if measure == "read" else _SUCCESS_RATE, "%")
            counts = cell_counts(judged, sample, measure)
            found.extend(
                _trial_plots(f"{name}-{measure}", counts, rate, clauses, _never_readable(observations, counts))
            )
    found.extend(_timing_plots(name, observations))
    found.extend(supply_plots(name, observations))
    return found


def _trial_plots(
    name: str, counts: Sequence[CellCount], rate: Text, clauses: Sequence[Clause], unreadable: Sequence[Cell]
) -> Iterator[Plot]:
    keys = list(dict.fromkeys(key for count in counts for key in count.cell))
    windows = [clause for clause in clauses if isinstance(clause, WindowClause)]
    if posed := _counted_by(counts, "axis", "angle"):
        yield from pose_plots(name, posed, rate)
    elif worn := _counted_by(counts, "effect", "level"):
        for effect in dict.fromkeys(str(count.cell["effect"]) for count in worn):
            of_effect = [count for count in worn if count.cell["effect"] == effect]
            if len(of_effect) > 1:
                level = axis_label(cell_value("effect", effect), effect_unit(effect))
                yield curves(f"{name}-{effect}", [of_effect], "level", level, rate)
    elif versions := _counted_by(counts, "level", "version"):
        yield version_map(name, versions)
    elif windows and (placed := _counted_by(counts, *[windows[0].along] * 2)):
        along = axis_label(word(CELL_KEYS, windows[0].along), windows[0].unit)
        yield window_curve(name, placed, windows[0], along, rate)
    elif 2 <= len(keys) <= MOST_CONDITIONS and all(len(_counted_by(counts, key, key)) == len(counts) for key in keys):
        yield condition_map(name, keys, counts, unreadable)
    elif (
        _one_rule(counts) and len(keys) == 1 and len(counts) > 3 and len(_counted_by(counts, *keys * 2)) == len(counts)
    ):
        along = axis_label(word(CELL_KEYS, keys[0]), CELL_UNITS.get(keys[0], "1"))
        yield curves(name, [counts], keys[0], along, rate)
    elif keys and 2 <= len(counts) <= MOST_BARS and max(count.trials for count in counts) > 1:
        yield cell_bars(name, counts, rate)


def _never_readable(observations: Sequence[Observation], counts: Sequence[CellCount]) -> list[Cell]:
    """Cells in which nothing was judged, because the reference decoder could read none of what was to be shown."""
    taken = [count.cell for count in counts]
    found: list[Cell] = []
    for observation in observations:
        if observation.measure == "stimulus" and observation.cell not in (*taken, *found):
            found.append(observation.cell)
    return found


def _one_rule(counts: Sequence[CellCount]) -> bool:
    """Whether success means the same in every cell that is judged, so that cells can be joined by a line."""
    rules = [count.clause for count in counts if isinstance(count.clause, ProportionClause | CountClause)]
    return len({(rule.success, rule.failure) for rule in rules}) <= 1


def _counted_by(counts: Sequence[CellCount], key: str, number: str) -> list[CellCount]:
    """Counts whose cell has a key, and a number under another (or the same) key."""
    return [count for count in counts if key in count.cell and isinstance(count.cell.get(number), int | float)]


@dataclass(frozen=True)
class Mark:
    """A line across a distribution: a percentile found, or a limit."""

    name: str
    at: float


def _number_plots(name: str, measure: str, clauses: Sequence[Clause], sample: Sequence[Observation]) -> Iterator[Plot]:
    values: list[float] = np.repeat(
        [float(observation.value) for observation in sample], [observation.times for observation in sample]
    ).tolist()
    values.sort()
    if len(values) < FEWEST_FOR_HISTOGRAM or values[0] < 0 or values[-1] == 0:
        return
    found: list[Mark] = []
    limits: list[Mark] = []
    for clause in clauses:
        if isinstance(clause, PercentileClause):
            percentile = f"p{clause.percentile:g}"
            found.append(Mark(percentile, values[min(int(clause.percentile / 100 * len(values)), len(values) - 1)]))
            limits.append(Mark(percentile, clause.at_most))
        elif isinstance(clause, LimitClause) and clause.statistic == "each":
            limits.extend(Mark("", limit) for limit in (clause.at_least, clause.at_most) if limit is not None)
    yield _distribution(f"{name}-{measure}", word(MEASURES, measure), sample[0].unit, values, found, limits)


def _distribution(
    name: str, about: Text, unit: str, values: Sequence[float], found: Sequence[Mark], limits: Sequence[Mark]
) -> Plot:
    """A histogram over a cumulative curve of sorted values, with the percentiles found and the limits."""
    canvas = Canvas(name, 320)
    upper, lower = canvas.axes(40, 50, 14, 168), canvas.axes(40, 178, 14, 44)
    farthest = max((limit.at for limit in limits), default=0.0)
    end = 1.06 * (max(farthest, values[-1]) if farthest <= 8 * values[-1] else values[-1])
    tall, edges = np.histogram(values, 72, range=(0, end))
    upper.stairs(tall, edges, fill=True, color=ACCENT, alpha=0.55)
    at = np.unique(np.linspace(0, len(values) - 1, 160).astype(int))
    reached = 100 * (at + 1) / len(values)
    lower.plot([values[i] for i in at], reached, color=ACCENT, linewidth=1.8, drawstyle="steps-post")
    for axes in (upper, lower):
        axes.set_xlim(0, end)
        for mark in found:
            axes.axvline(mark.at, color=GOOD, linewidth=1.2)
        for limit in limits:
            if limit.at <= end:
                axes.axvline(limit.at, color=BAD, linewidth=1.2, linestyle=DASHED)
    upper.set_ylim(0, 1.08 * max(int(tall.max()), 1))
    upper.tick_params(axis="x", labelbottom=False)
    lower.set_ylim(0, 103)
    lower.set_yticks([0, 25, 50, 75, 100])
    canvas.label(upper, y=Text(zh="次数", en="count"))
    canvas.label(lower, x=axis_label(about, unit), y=axis_label(Text(zh="累计", en="cumulative"), "%"))
    if found:
        named = joined((_named(mark, unit, "") for mark in found), "，", ", ")
        canvas.write(upper, 1, 1.24, Text(zh=f"测得 {named.zh}", en=f"found {named.en}"), GOOD, "right")
    if limits:
        named = joined((_named(limit, unit, "" if limit.at <= end else " →") for limit in limits), "，", ", ")
        canvas.write(upper, 1, 1.045, Text(zh=f"限值 {named.zh}", en=f"limit {named.en}"), BAD, "right")
    n = grouped(len(values))
    return canvas.finish(
        Text(
            zh=f"{about.zh}的分布与累计曲线（n = {n}）：绿线为测得的百分位，红虚线为限值。",
            en=f"Distribution and cumulative curve of the {about.en} (n = {n}): "
            "green, percentiles found; red dashed, limits.",
        )
    )


def _named(mark: Mark, unit: str, beyond: str) -> Text:
    amount = quantity(mark.at, unit)
    name = f"{mark.name} " if mark.name else ""
    return Text(zh=f"{name}{amount.zh}{beyond}", en=f"{name}{amount.en}{beyond}")


@dataclass(frozen=True)
class _Timing:
    """A named exchange and the time it took."""

    name: str
    ms: float
    exact: bool


def _timing_plots(name: str, observations: Sequence[Observation]) -> Iterator[Plot]:
    timings: list[_Timing] = []
    for observation in observations:
        detail = observation.detail
        if observation.measure == "exchange" and "name" in detail and "seconds" in detail:
            exact = observation.value == "exact"
            timings.append(_Timing(str(detail["name"]), 1000 * float(detail["seconds"]), exact))
    if FEWEST_TIMINGS <= len(timings) <= MOST_TIMINGS:
        yield _timing_dots(f"{name}-timings", timings)


def _timing_dots(name: str, timings: Sequence[_Timing]) -> Plot:
    canvas = Canvas(name, 54 + 15 * len(timings))
    axes = canvas.axes(190, 4, 14, 44)
    for place, timing in enumerate(timings):
        marker, size, colour = ("o", 5, ACCENT) if timing.exact else ("X", 8, BAD)
        axes.plot([0, timing.ms], [place, place], color=colour, linewidth=1, alpha=0.4)
        axes.plot(timing.ms, place, marker=marker, markersize=size, color=colour)
    names = shortened_apart([exchange_word(timing.name) for timing in timings], TIMING_COLUMNS)
    axes.set_yticks(range(len(timings)), [canvas.say(name) for name in names], fontsize=9.5)
    axes.set_ylim(len(timings) - 0.3, -0.7)
    axes.set_xlim(0, 1.06 * max(timing.ms for timing in timings) or 1)
    axes.grid(axis="y", visible=False)
    canvas.label(axes, x=axis_label(Text(zh="用时", en="time taken"), "ms"))
    return canvas.finish(
        Text(
            zh="各组交互的用时；✕ 为不一致的交互。",
            en="Time each exchange took; ✕ marks an exchange that was not exact.",
        )
    )
