"""Plots of a requirement's observations: which one a measure calls for, and how each is drawn.

A plot shows the sample; the verdict rests on the decision table beside it. Intervals are two-sided 95 % Wilson
intervals, for display only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from certification.catalogue import Text
from certification.clauses import Clause, CountClause, LimitClause, PercentileClause, ProportionClause, WindowClause
from certification.decision import Outcome
from certification.observations import Observation
from certification.statistics import two_sided_bounds
from reports.decision_matrix import decision_matrix
from reports.findings import CellCount, Judged, cell_counts
from reports.numbers import grouped, quantity
from reports.svg import ACCENT, BAD, FAINT, GOOD, INK, LINE, OPEN, REPORTED, SERIES, Canvas, Plot
from reports.words import (
    CELL_KEYS,
    CELL_UNITS,
    MEASURES,
    as_recorded,
    axis_label,
    cell_text,
    cell_value,
    effect_unit,
    joined,
    shortened,
    word,
)

MOST_BARS = 24
FEWEST_FOR_HISTOGRAM = 20
FEWEST_TIMINGS = 3
MOST_TIMINGS = 60

_READ_RATE = Text(zh="识读率", en="read rate")
_SUCCESS_RATE = Text(zh="成功率", en="success rate")
_COLOURS = {Outcome.HOLDS: GOOD, Outcome.BROKEN: BAD, Outcome.OPEN: OPEN, None: REPORTED}
_MARKERS = ("o", "s", "^", "D")
_DASHED = (0, (3, 2))


def plots_of(name: str, judged: Sequence[Judged], observations: Sequence[Observation]) -> list[Plot]:
    """All plots of one requirement.

    Args:
        name: id of the requirement, unique on the page.
        judged: its clauses with their results.
        observations: its observations.
    """
    found: list[Plot] = []
    for measure in dict.fromkeys(one.clause.measure for one in judged if one.clause is not None):
        clauses = [one.clause for one in judged if one.clause is not None and one.clause.measure == measure]
        sample = [observation for observation in observations if observation.measure == measure]
        if measure == "access_decision":
            found.extend(decision_matrix(f"{name}-{measure}", sample))
        elif any(isinstance(clause, PercentileClause | LimitClause) for clause in clauses):
            found.extend(_number_plots(name, measure, clauses, sample))
        else:
            rate = axis_label(_READ_RATE if measure == "read" else _SUCCESS_RATE, "%")
            found.extend(_trial_plots(f"{name}-{measure}", cell_counts(judged, sample, measure), rate))
    found.extend(_timing_plots(name, observations))
    return found


def _trial_plots(name: str, counts: Sequence[CellCount], rate: Text) -> Iterator[Plot]:
    keys = list(dict.fromkeys(key for count in counts for key in count.cell))
    if posed := _counted_by(counts, "axis", "angle"):
        yield from _pose_plots(name, posed, rate)
    elif worn := _counted_by(counts, "effect", "level"):
        for effect in dict.fromkeys(str(count.cell["effect"]) for count in worn):
            of_effect = [count for count in worn if count.cell["effect"] == effect]
            if len(of_effect) > 1:
                level = axis_label(cell_value("effect", effect), effect_unit(effect))
                yield _curves(f"{name}-{effect}", [of_effect], "level", level, rate)
    elif versions := _counted_by(counts, "level", "version"):
        yield _heat_map(name, versions)
    elif (
        _one_rule(counts) and len(keys) == 1 and len(counts) > 3 and len(_counted_by(counts, *keys * 2)) == len(counts)
    ):
        along = axis_label(word(CELL_KEYS, keys[0]), CELL_UNITS.get(keys[0], "1"))
        yield _curves(name, [counts], keys[0], along, rate)
    elif keys and 2 <= len(counts) <= MOST_BARS and max(count.trials for count in counts) > 1:
        yield _bars(name, counts, rate)


def _one_rule(counts: Sequence[CellCount]) -> bool:
    """Whether success means the same in every cell that is judged, so that cells can be joined by a line."""
    rules = [count.clause for count in counts if isinstance(count.clause, ProportionClause | CountClause)]
    return len({(rule.success, rule.failure) for rule in rules}) <= 1


def _counted_by(counts: Sequence[CellCount], key: str, number: str) -> list[CellCount]:
    """Counts whose cell has a key, and a number under another (or the same) key."""
    return [count for count in counts if key in count.cell and isinstance(count.cell.get(number), int | float)]


def _pose_plots(name: str, counts: Sequence[CellCount], rate: Text) -> Iterator[Plot]:
    by_axis: dict[str, list[CellCount]] = {}
    for count in counts:
        by_axis.setdefault(str(count.cell.get("axis")), []).append(count)
    roll = by_axis.pop("roll", [])
    if len(roll) > 2:
        yield _polar(f"{name}-roll", roll)
    if sum(map(len, by_axis.values())) > 2:
        angle = axis_label(CELL_KEYS["angle"], "°")
        names = [cell_value("axis", axis) for axis in by_axis]
        yield _curves(f"{name}-tilt", list(by_axis.values()), "angle", angle, rate, names)


def _required(clause: Clause | None) -> float | None:
    """The share of successes a clause asks of its full sample, %."""
    match clause:
        case ProportionClause():
            return 100 * clause.at_least
        case CountClause() | WindowClause():
            return 100 - 100 * clause.failures / clause.trials
        case _:
            return None


def _interval(count: CellCount) -> tuple[float, float]:
    low, high = two_sided_bounds(count.successes, count.trials)
    return 100 * min(low, count.share), 100 * max(high, count.share)


def _bars(name: str, counts: Sequence[CellCount], rate: Text) -> Plot:
    """One horizontal bar a cell: share of successes, its interval, and what the criterion asks."""
    canvas = Canvas(name, 54 + 24 * len(counts))
    axes = canvas.axes(166, 4, 58, 44)
    for place, count in enumerate(counts):
        colour = _COLOURS[count.outcome]
        axes.barh(place, 100 * count.share, height=0.56, color=colour, alpha=0.3, linewidth=0)
        axes.plot(_interval(count), [place, place], color=colour, linewidth=2, solid_capstyle="butt")
        axes.plot(100 * count.share, place, marker="o", markersize=5, color=colour, clip_on=False)
        required = _required(count.clause)
        if required is not None:
            axes.plot([required] * 2, [place - 0.42, place + 0.42], color=INK, linewidth=1.2, linestyle=_DASHED)
        shown = f"{grouped(count.successes)}/{grouped(count.trials)}"
        axes.text(103.5, place, canvas.say(as_recorded(shown)), va="center", fontsize=10)
        _swatch(axes, place, count)
    names = [canvas.say(shortened(cell_text(count.cell), 34)) for count in counts]
    axes.set_yticks(range(len(counts)), names, fontsize=10)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_xlim(0, 100)
    axes.set_ylim(len(counts) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.set_xticks([0, 25, 50, 75, 100])
    canvas.label(axes, x=rate)
    return canvas.finish(_bars_caption(counts))


def _bars_caption(counts: Sequence[CellCount]) -> Text:
    keys = dict.fromkeys(key for count in counts for key in count.cell)
    split = joined((word(CELL_KEYS, key) for key in keys), "、", " and ")
    grey = any(count.outcome is None for count in counts)
    return Text(
        zh=f"按{split.zh}分列；细横线为 95 % Wilson 区间，虚线为判据要求{'；灰色只报告，不判定' if grey else ''}。",
        en=f"By {split.en}; thin bars: 95 % Wilson interval, dashed: what the criterion asks"
        f"{'; grey is reported, not judged' if grey else ''}.",
    )


def _swatch(axes: Axes, place: int, count: CellCount) -> None:
    """A patch of the colour a cell is about, at the foot of its bar."""
    colour = count.cell.get("colour")
    if isinstance(colour, str) and re.fullmatch("#[0-9A-Fa-f]{6}", colour):
        axes.plot(2.5, place, marker="s", markersize=8, color=colour, markeredgecolor="white", clip_on=False)


def _curves(
    name: str, lines: Sequence[Sequence[CellCount]], along: str, x: Text, rate: Text, names: Sequence[Text] = ()
) -> Plot:
    """Share of successes over a numeric cell key, one line or several."""
    canvas = Canvas(name, 226)
    axes = canvas.axes(40, 32, 14, 46)
    _judged_range(axes, [count for line in lines for count in line], along)
    for line, colour, marker in zip(lines, SERIES, _MARKERS, strict=False):
        _curve(axes, sorted(line, key=lambda count: float(count.cell[along])), along, colour, marker)
    for number, text in enumerate(names):
        place = 0.8 - 0.2 * (len(names) - 1 - number)
        style: dict[str, Any] = {
            "marker": _MARKERS[number],
            "color": SERIES[number],
            "transform": axes.transAxes,
            "clip_on": False,
        }
        axes.plot(place, 1.085, markersize=6, **style)
        canvas.write(axes, place + 0.025, 1.045, text, INK)
    axes.set_ylim(-4, 104)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.margins(x=0.04)
    canvas.label(axes, x=x, y=rate)
    about = joined(names, "、", ", ") if names else x
    return canvas.finish(
        Text(
            zh=f"{about.zh}：竖线为 95 % Wilson 区间，浅色底为判定范围，虚线为判据要求，✕ 为不满足。",
            en=f"{about.en}: bars are 95 % Wilson intervals, shaded the range judged, "
            "dashed what the criterion asks, ✕ not met.",
        )
    )


def _curve(axes: Axes, line: Sequence[CellCount], along: str, colour: str, marker: str) -> None:
    places = [float(count.cell[along]) for count in line]
    axes.plot(places, [100 * count.share for count in line], color=colour, linewidth=1.6)
    for place, count in zip(places, line, strict=True):
        axes.plot([place, place], _interval(count), color=colour, linewidth=1.2, alpha=0.55)
    sound = [(place, count) for place, count in zip(places, line, strict=True) if count.outcome is not Outcome.BROKEN]
    failed = [(place, count) for place, count in zip(places, line, strict=True) if count.outcome is Outcome.BROKEN]
    edge: dict[str, Any] = {
        "linestyle": "none",
        "markeredgecolor": "white",
        "markeredgewidth": 0.7,
        "clip_on": False,
        "zorder": 3,
    }
    axes.plot(*_points(sound), marker=marker, markersize=5.5, color=colour, **edge)
    axes.plot(*_points(failed), marker="X", markersize=9, color=BAD, **edge)


def _points(pairs: Sequence[tuple[float, CellCount]]) -> tuple[list[float], list[float]]:
    return [place for place, _ in pairs], [100 * count.share for _, count in pairs]


def _judged_range(axes: Axes, counts: Sequence[CellCount], along: str) -> None:
    judged = [count for count in counts if count.outcome is not None]
    if not judged:
        return
    places = [float(count.cell[along]) for count in judged]
    axes.axvspan(min(places), max(places), color=FAINT, alpha=0.65, linewidth=0, zorder=0)
    required = _required(judged[0].clause)
    if required is not None:
        axes.plot([min(places), max(places)], [required] * 2, color=INK, linewidth=1.2, linestyle=_DASHED, zorder=2)


def _polar(name: str, counts: Sequence[CellCount]) -> Plot:
    """Read rate all the way round, as the code is turned in its plane."""
    canvas = Canvas(name, 294)
    axes = canvas.axes(77, 24, 77, 24, projection="polar")
    line = sorted(counts, key=lambda count: float(count.cell["angle"]))
    turned = [math.radians(float(count.cell["angle"])) for count in line]
    rates = [100 * count.share for count in line]
    axes.plot([*turned, turned[0]], [*rates, rates[0]], color=ACCENT, linewidth=1.6)
    for angle, rate, count in zip(turned, rates, line, strict=True):
        marker, size, colour = ("X", 9, BAD) if count.outcome is Outcome.BROKEN else ("o", 5, ACCENT)
        axes.plot(angle, rate, marker=marker, markersize=size, color=colour, clip_on=False)
    axes.set_ylim(0, 100)
    axes.set_yticks([50, 100], ["50 %", "100 %"], fontsize=9.5)
    axes.tick_params(axis="x", pad=9)
    axes.set_xticks([math.radians(angle) for angle in range(0, 360, 45)], [f"{angle}°" for angle in range(0, 360, 45)])
    axes.spines["polar"].set_color(LINE)
    return canvas.finish(
        Text(
            zh="旋转角 / ° 与识读率 / %：外圈为 100 %，✕ 为不满足判据的角度。",
            en="Roll / ° and read rate / %: the outer ring is 100 %, ✕ marks an angle that falls short.",
        )
    )


def _heat_map(name: str, counts: Sequence[CellCount]) -> Plot:
    """Failures for every QR version and error-correction level."""
    versions = sorted({float(count.cell["version"]) for count in counts})
    levels = sorted({str(count.cell["level"]) for count in counts}, key=lambda level: ("LMQH".find(level), level))
    canvas = Canvas(name, 72 + 30 * len(levels))
    axes = canvas.axes(26, 26, 4, 44)
    for count in counts:
        x, y = versions.index(float(count.cell["version"])), levels.index(str(count.cell["level"]))
        step = min(math.ceil((1 - count.share) * 8), len(_HEAT) - 1)
        axes.barh(y, 0.92, left=x - 0.46, height=0.88, color=_HEAT[step], linewidth=0)
        if count.trials > count.successes:
            on = "white" if step == len(_HEAT) - 1 else INK
            axes.text(x, y, f"{count.trials - count.successes}", ha="center", va="center", fontsize=10, color=on)
    judged = [float(count.cell["version"]) for count in counts if count.outcome is not None]
    if judged and max(judged) < versions[-1]:
        edge = versions.index(max(judged)) + 0.5
        axes.axvline(edge, color=INK, linewidth=1.2, linestyle=_DASHED)
        canvas.write(axes, (edge + 0.65) / len(versions), 1.045, Text(zh="只报告 →", en="reported only →"))
    axes.set_xlim(-0.5, len(versions) - 0.5)
    axes.set_ylim(len(levels) - 0.5, -0.5)
    axes.set_xticks(range(len(versions)), [f"{version:g}" for version in versions], fontsize=10)
    axes.set_yticks(range(len(levels)), levels)
    axes.grid(visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    canvas.label(axes, x=Text(zh="二维码版本", en="QR version"), y=Text(zh="纠错等级", en="EC level"))
    return canvas.finish(
        Text(
            zh="每格一种版本与纠错等级：颜色越深失败越多，数字为失败次数，无数字为全部成功。",
            en="One cell for each version and level: the darker, the more failures; the number counts them, "
            "no number means all were read.",
        )
    )


_HEAT = ("#cfe6dc", "#f6e3b5", "#efbf8a", "#e59c7c", "#b3261e")


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
                axes.axvline(limit.at, color=BAD, linewidth=1.2, linestyle=_DASHED)
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
    axes = canvas.axes(164, 4, 14, 44)
    for place, timing in enumerate(timings):
        marker, size, colour = ("o", 5, ACCENT) if timing.exact else ("X", 8, BAD)
        axes.plot([0, timing.ms], [place, place], color=colour, linewidth=1, alpha=0.4)
        axes.plot(timing.ms, place, marker=marker, markersize=size, color=colour)
    names = [canvas.say(shortened(as_recorded(timing.name), 28)) for timing in timings]
    axes.set_yticks(range(len(timings)), names, fontsize=9.5)
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
