"""Plots of a requirement's observations: which one a measure calls for, and how each is drawn.

A plot shows the sample; the verdict rests on the decision table beside it. Intervals are two-sided 95 % Wilson
intervals, for display only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from certification.catalogue import Text
from certification.clauses import Clause, CountClause, LimitClause, PercentileClause, ProportionClause, WindowClause
from certification.decision import Outcome
from certification.observations import Observation
from certification.statistics import two_sided_bounds
from reports.findings import CellCount, Judged, cell_counts
from reports.numbers import grouped, plain, share
from reports.rules import axis_label
from reports.svg import ACCENT, BAD, FAINT, GOOD, INK, LINE, MUTED, OPEN, REPORTED, WIDTH, Canvas, Plot
from reports.words import CELL_KEYS, CELL_UNITS, MEASURES, cell_text, cell_value, joined, word

MOST_BARS = 24
FEWEST_FOR_HISTOGRAM = 20
FEWEST_TIMINGS = 3
MOST_TIMINGS = 60

_READ_RATE = Text(zh="识读率 / %", en="read rate / %")
_SUCCESS_RATE = Text(zh="成功率 / %", en="success rate / %")
_INTERVAL = Text(zh="横线为 95 % Wilson 区间", en="bars: 95 % Wilson interval")
_COLOURS = {Outcome.HOLDS: GOOD, Outcome.BROKEN: BAD, Outcome.OPEN: OPEN, None: REPORTED}
_MARKERS = ("o", "s", "^", "D")


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
        if any(isinstance(clause, PercentileClause | LimitClause) for clause in clauses):
            found.extend(_number_plots(name, measure, clauses, sample))
        else:
            found.extend(_trial_plots(name, measure, cell_counts(judged, sample, measure)))
    found.extend(_timings(name, observations))
    return found


def _trial_plots(name: str, measure: str, counts: Sequence[CellCount]) -> Iterator[Plot]:
    rate = _READ_RATE if measure == "read" else _SUCCESS_RATE
    keys = list(dict.fromkeys(key for count in counts for key in count.cell))
    if {"axis", "angle"} <= set(keys):
        roll = [count for count in counts if count.cell.get("axis") == "roll"]
        if len(roll) > 2:
            yield _polar(f"{name}-roll", roll)
        tilt = [count for count in counts if count.cell.get("axis") in ("pitch", "yaw")]
        if len(tilt) > 2:
            yield _curves(f"{name}-tilt", "axis", "angle", tilt, rate)
    elif {"effect", "level"} <= set(keys):
        for effect in dict.fromkeys(str(count.cell.get("effect")) for count in counts):
            of_effect = [count for count in counts if count.cell.get("effect") == effect]
            if len(of_effect) > 1:
                yield _curves(f"{name}-{effect}", "effect", "level", of_effect, rate)
    elif {"version", "level"} <= set(keys):
        yield _heat_map(f"{name}-versions", counts, rate)
    elif _is_line(keys, counts):
        yield _curves(f"{name}-{keys[0]}", "", keys[0], counts, rate)
    elif keys and 2 <= len(counts) <= MOST_BARS and max(count.trials for count in counts) > 1:
        yield _bars(f"{name}-{measure}", counts, rate)


def _is_line(keys: Sequence[str], counts: Sequence[CellCount]) -> bool:
    return len(keys) == 1 and len(counts) > 3 and all(isinstance(c.cell.get(keys[0]), int | float) for c in counts)


def _required(clause: Clause | None) -> float | None:
    """The share of successes a clause asks of its full sample."""
    match clause:
        case ProportionClause():
            return clause.at_least
        case CountClause() | WindowClause():
            return 1 - clause.failures / clause.trials
        case _:
            return None


def _interval(count: CellCount) -> tuple[float, float]:
    low, high = two_sided_bounds(count.successes, count.trials)
    return 100 * min(low, count.share), 100 * max(high, count.share)


def _bars(name: str, counts: Sequence[CellCount], rate: Text) -> Plot:
    """One horizontal bar a cell: share of successes, its interval, and what the criterion asks."""
    height = 58 + 25 * len(counts)
    canvas = Canvas(name, height)
    axes = canvas.axes(132, 8, 96, 46)
    places = list(range(len(counts)))
    for place, count in zip(places, counts, strict=True):
        colour = _COLOURS[count.outcome]
        low, high = _interval(count)
        axes.barh(place, 100 * count.share, height=0.56, color=colour, alpha=0.3, linewidth=0)
        axes.plot([low, high], [place, place], color=colour, linewidth=2, solid_capstyle="butt")
        axes.plot([100 * count.share], [place], marker="o", markersize=5, color=colour, clip_on=False)
        if (required := _required(count.clause)) is not None:
            axes.plot([100 * required] * 2, [place - 0.4, place + 0.4], color=INK, linewidth=1.2, linestyle=(0, (3, 2)))
        shown = f"{grouped(count.successes)}/{grouped(count.trials)}  {share(count.share)}"
        axes.text(102.5, place, canvas.say(Text(zh=shown, en=shown)), va="center", ha="left", fontsize=10, clip_on=False)
        _swatch(axes, place, count)
    axes.set_yticks(places, [canvas.say(_short(cell_text(count.cell))) for count in counts], fontsize=10)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_xlim(0, 100)
    axes.set_ylim(len(counts) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.set_xticks([0, 25, 50, 75, 100])
    canvas.label(axes, x=rate)
    keys = dict.fromkeys(key for count in counts for key in count.cell)
    split = joined((word(CELL_KEYS, key) for key in keys), "和", " and ")
    return canvas.finish(
        Text(
            zh=f"按{split.zh}分列；细横线为 95 % Wilson 区间，虚线为判据要求" + _grey_note(counts).zh,
            en=f"By {split.en}; thin bars: 95 % Wilson interval, dashed: what the criterion asks" + _grey_note(counts).en,
        )
    )


def _grey_note(counts: Sequence[CellCount]) -> Text:
    if all(count.outcome is not None for count in counts):
        return Text(zh="。", en=".")
    return Text(zh="；灰色只报告，不判定。", en="; grey is reported, not judged.")


def _short(text: Text) -> Text:
    return Text(zh=_cut(text.zh, 14), en=_cut(text.en, 24))


def _cut(text: str, most: int) -> str:
    wide = sum(2 if ord(c) > 0x2E80 else 1 for c in text)
    return text if wide <= 2 * most else text[: most - 1] + "…"


def _swatch(axes: Axes, place: int, count: CellCount) -> None:
    colour = count.cell.get("colour")
    if isinstance(colour, str) and len(colour) == 7 and colour.startswith("#"):
        axes.plot([0.8], [place], marker="s", markersize=8, color=colour, markeredgecolor="white", clip_on=False)


def _curves(name: str, split: str, along: str, counts: Sequence[CellCount], rate: Text) -> Plot:
    """Share of successes over a numeric cell key, one line for each value of ``split``."""
    canvas = Canvas(name, 226)
    axes = canvas.axes(44, 30, 16, 46)
    lines: dict[str, list[CellCount]] = {}
    for count in counts:
        lines.setdefault(str(count.cell.get(split, "")), []).append(count)
    for number, (value, line) in enumerate(lines.items()):
        line.sort(key=lambda count: float(count.cell[along]))
        _curve(canvas, axes, line, along, number)
        if len(lines) > 1:
            _key(canvas, axes, number, cell_value(split, value))
    _judged_range(canvas, axes, counts, along)
    axes.set_ylim(-4, 104)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.margins(x=0.04)
    canvas.label(axes, x=_along_label(split, along, lines, counts), y=rate)
    about = joined((cell_value(split, value) for value in lines), "、", ", ") if split else word(CELL_KEYS, along)
    return canvas.finish(
        Text(
            zh=f"{about.zh}：竖线为 95 % Wilson 区间；浅色底为判定范围，虚线为判据要求。",
            en=f"{about.en}: bars are 95 % Wilson intervals; shaded: range judged, dashed: what the criterion asks.",
        )
    )


def _curve(canvas: Canvas, axes: Axes, line: Sequence[CellCount], along: str, number: int) -> None:
    del canvas
    x = [float(count.cell[along]) for count in line]
    y = [100 * count.share for count in line]
    colour = (ACCENT, "#8a5a1f", "#5b4b8a", "#4a6b3a")[number % 4]
    axes.plot(x, y, color=colour, linewidth=1.6)
    for place, count in zip(x, line, strict=True):
        low, high = _interval(count)
        axes.plot([place, place], [low, high], color=colour, linewidth=1.2, alpha=0.55)
        failed = count.outcome is Outcome.BROKEN
        axes.plot(
            [place],
            [100 * count.share],
            marker="X" if failed else _MARKERS[number % 4],
            markersize=8 if failed else 5,
            color=BAD if failed else colour,
            markeredgecolor="white",
            markeredgewidth=0.7,
            zorder=3,
            clip_on=False,
        )


def _key(canvas: Canvas, axes: Axes, number: int, text: Text) -> None:
    """One entry of the key, right above the axes."""
    x = 1 - 0.19 * (number + 1)
    colour = (ACCENT, "#8a5a1f", "#5b4b8a", "#4a6b3a")[number % 4]
    axes.plot(
        [x], [1.085], marker=_MARKERS[number % 4], markersize=6, color=colour, transform=axes.transAxes, clip_on=False
    )
    axes.text(x + 0.025, 1.085, canvas.say(text), transform=axes.transAxes, va="center", color=INK, fontsize=11)


def _along_label(split: str, along: str, lines: Mapping[str, object], counts: Sequence[CellCount]) -> Text:
    if split == "effect":
        (effect,) = lines
        units = {"damage": "% of the area", "blur": "%"}
        del units, counts
        return axis_label(cell_value("effect", effect), "%")
    return axis_label(word(CELL_KEYS, along), CELL_UNITS.get(along, "1"))


def _judged_range(canvas: Canvas, axes: Axes, counts: Sequence[CellCount], along: str) -> None:
    del canvas
    judged = [count for count in counts if count.outcome is not None]
    if not judged:
        return
    places = [float(count.cell[along]) for count in judged]
    required = _required(judged[0].clause)
    axes.axvspan(min(places), max(places), color=FAINT, alpha=0.65, linewidth=0, zorder=0)
    if required is not None:
        axes.plot(
            [min(places), max(places)], [100 * required] * 2, color=INK, linewidth=1.2, linestyle=(0, (3, 2)), zorder=2
        )


def _polar(name: str, counts: Sequence[CellCount]) -> Plot:
    """Read rate all the way round, as the code is turned in its plane."""
    canvas = Canvas(name, 300)
    axes = canvas.axes(90, 28, 90, 28, projection="polar")
    line = sorted(counts, key=lambda count: float(count.cell["angle"]))
    angles = [math.radians(float(count.cell["angle"])) for count in line]
    rates = [100 * count.share for count in line]
    axes.plot([*angles, angles[0]], [*rates, rates[0]], color=ACCENT, linewidth=1.6)
    for angle, rate, count in zip(angles, rates, line, strict=True):
        failed = count.outcome is Outcome.BROKEN
        axes.plot(
            [angle],
            [rate],
            marker="X" if failed else "o",
            markersize=9 if failed else 5,
            color=BAD if failed else ACCENT,
            clip_on=False,
        )
    axes.set_ylim(0, 100)
    axes.set_yticks([50, 100], ["50 %", "100 %"], fontsize=9)
    axes.set_rlabel_position(22.5)  # type: ignore[attr-defined]
    axes.set_xticks([math.radians(a) for a in range(0, 360, 45)], [f"{a}°" for a in range(0, 360, 45)])
    axes.spines["polar"].set_color(LINE)
    return canvas.finish(
        Text(
            zh="旋转角 / ° 与识读率 / %：外圈为 100 %，✕ 为不满足判据的角度。",
            en="Roll / ° and read rate / %: the outer ring is 100 %, ✕ marks an angle that does not meet the criterion.",
        )
    )


def _heat_map(name: str, counts: Sequence[CellCount], rate: Text) -> Plot:
    """Share of successes for every QR version and error-correction level."""
    versions = sorted({float(count.cell["version"]) for count in counts})
    levels = [level for level in "LMQH" if any(count.cell["level"] == level for count in counts)]
    canvas = Canvas(name, 76 + 32 * len(levels))
    axes = canvas.axes(34, 26, 8, 46)
    for count in counts:
        x, y = versions.index(float(count.cell["version"])), levels.index(str(count.cell["level"]))
        failures = count.trials - count.successes
        axes.barh(y, 0.92, left=x - 0.46, height=0.88, color=_heat(count), linewidth=0)
        if failures:
            dark = count.share < 0.75
            axes.text(x, y, f"{failures}", ha="center", va="center", fontsize=10, color="white" if dark else INK)
    judged = [float(count.cell["version"]) for count in counts if count.outcome is not None]
    if judged and max(judged) < versions[-1]:
        edge = versions.index(max(judged)) + 0.5
        axes.axvline(edge, color=INK, linewidth=1.2, linestyle=(0, (3, 2)))
        only = canvas.say(Text(zh="只报告 →", en="reported only →"))
        axes.text(edge + 0.15, -0.62, only, ha="left", va="bottom", fontsize=10, color=MUTED)
    axes.set_xlim(-0.55, len(versions) - 0.45)
    axes.set_ylim(len(levels) - 0.5, -0.5)
    axes.set_xticks(range(len(versions)), [f"{version:g}" for version in versions], fontsize=10)
    axes.set_yticks(range(len(levels)), levels)
    axes.grid(visible=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    canvas.label(axes, x=Text(zh="二维码版本", en="QR version"), y=Text(zh="纠错等级", en="EC level"))
    del rate
    return canvas.finish(
        Text(
            zh="每格一种版本与纠错等级：颜色越深失败越多，数字为失败次数，无数字为全部成功。",
            en="One cell for each version and level: the darker, the more failures; the number counts them, none means all read.",
        )
    )


def _heat(count: CellCount) -> str:
    steps = ("#cfe6dc", "#f6e3b5", "#efbf8a", "#dd8768", "#b3261e")
    return steps[min(int(math.ceil((1 - count.share) * 8)), 4)]


def _number_plots(name: str, measure: str, clauses: Sequence[Clause], sample: Sequence[Observation]) -> Iterator[Plot]:
    values = [float(o.value) for o in sample if not isinstance(o.value, str)]
    if len(values) < FEWEST_FOR_HISTOGRAM:
        return
    marks: list[Mark] = []
    limits: list[Mark] = []
    for clause in clauses:
        if isinstance(clause, PercentileClause):
            percentile = f"p{clause.percentile:g}"
            at = float(np.sort(values)[min(int(clause.percentile / 100 * len(values)), len(values) - 1)])
            marks.append(Mark(percentile, at))
            limits.append(Mark(percentile, clause.at_most))
        elif isinstance(clause, LimitClause) and clause.statistic == "each":
            limits.extend(Mark("", limit) for limit in (clause.at_least, clause.at_most) if limit is not None)
    yield _distribution(f"{name}-{measure}", word(MEASURES, measure), sample[0].unit, values, marks, limits)


@dataclass(frozen=True)
class Mark:
    """A line across a distribution: a percentile found, or a limit."""

    name: str
    at: float


def _distribution(
    name: str, about: Text, unit: str, values: Sequence[float], marks: Sequence[Mark], limits: Sequence[Mark]
) -> Plot:
    """A histogram over a cumulative curve, with the percentiles found and the limits."""
    canvas = Canvas(name, 330)
    upper, lower = canvas.axes(44, 44, 18, 178), canvas.axes(44, 178, 18, 46)
    highest = max([*values, *(mark.at for mark in marks)])
    farthest = max((limit.at for limit in limits), default=highest)
    end = 1.08 * (max(farthest, highest) if farthest <= 6 * highest else highest)
    edges = np.linspace(0, end, 61)
    tall, _ = np.histogram(values, edges)
    upper.stairs(tall, edges, fill=True, color=ACCENT, alpha=0.55)
    ordered = np.sort(values)
    at = np.linspace(0, len(ordered) - 1, min(len(ordered), 160)).astype(int)
    lower.plot(ordered[at], 100 * (at + 1) / len(ordered), color=ACCENT, linewidth=1.8, drawstyle="steps-post")
    for axes in (upper, lower):
        axes.set_xlim(0, end)
        for mark in marks:
            axes.axvline(mark.at, color=GOOD, linewidth=1.2)
        for limit in limits:
            if limit.at <= end:
                axes.axvline(limit.at, color=BAD, linewidth=1.2, linestyle=(0, (4, 2)))
    upper.set_ylim(0, 1.08 * max(int(tall.max()), 1))
    upper.tick_params(axis="x", labelbottom=False)
    lower.set_ylim(0, 103)
    lower.set_yticks([0, 25, 50, 75, 100])
    _name_lines(canvas, upper, end, marks, limits, unit)
    canvas.label(upper, y=Text(zh="次数", en="count"))
    canvas.label(lower, x=axis_label(about, unit), y=Text(zh="累计 / %", en="cumulative / %"))
    return canvas.finish(
        Text(
            zh=f"{about.zh}的分布（n = {grouped(len(values))}）：绿线为测得的百分位，红虚线为限值。",
            en=f"Distribution of the {about.en} (n = {grouped(len(values))}): green, percentiles found; red dashed, limits.",
        )
    )


def _name_lines(
    canvas: Canvas, axes: Axes, end: float, marks: Sequence[Mark], limits: Sequence[Mark], unit: str
) -> None:
    """Name the percentiles found in one line above the axes and the limits in a second."""
    found = joined((_named(mark, unit) for mark in marks), "，", ", ")
    asked = joined((_named(limit, unit, "≤ ", end) for limit in limits), "，", ", ")
    rows = [(Text(zh=f"测得 {found.zh}", en=f"found {found.en}"), GOOD)] if marks else []
    rows.append((Text(zh=f"限值 {asked.zh}", en=f"limit {asked.en}"), BAD))
    for row, (text, colour) in enumerate(reversed(rows)):
        axes.text(
            1, 1.02 + 0.15 * row, canvas.say(text), transform=axes.transAxes, ha="right", va="bottom", color=colour, fontsize=11
        )


def _named(mark: Mark, unit: str, sign: str = "", end: float = math.inf) -> Text:
    unit_zh = axis_label(Text(zh="", en=""), unit)
    name = f"{mark.name} " if mark.name else ""
    beyond = " →" if mark.at > end else ""
    parts = (unit_zh.zh.removeprefix(" / "), unit_zh.en.removeprefix(" / "))
    zh, en = (f"{name}{sign}{plain(mark.at)} {part}{beyond}" for part in parts)
    return Text(zh=zh, en=en)


def _timings(name: str, observations: Sequence[Observation]) -> Iterator[Plot]:
    """Named exchanges with the time each took."""
    timed: list[tuple[str, float, bool]] = []
    for observation in observations:
        key = next((key for key in observation.detail if key.endswith("_ms")), None)
        if key is None or observation.measure != "exchange" or "name" not in observation.detail:
            continue
        timed.append(
            (str(observation.detail["name"]), float(observation.detail[key]), observation.value == "exact")
        )
    if FEWEST_TIMINGS <= len(timed) <= MOST_TIMINGS:
        yield _timing_dots(f"{name}-timings", timed)


def _timing_dots(name: str, timed: Sequence[tuple[str, float, bool]]) -> Plot:
    canvas = Canvas(name, 62 + 15 * len(timed))
    axes = canvas.axes(176, 8, 18, 46)
    for place, (_, time, exact) in enumerate(timed):
        colour = ACCENT if exact else BAD
        axes.plot([0, time], [place, place], color=colour, linewidth=1, alpha=0.4)
        axes.plot([time], [place], marker="o" if exact else "X", markersize=5 if exact else 8, color=colour)
    names = [canvas.say(Text(zh=_cut(label, 14), en=_cut(label, 14))) for label, _, _ in timed]
    axes.set_yticks(range(len(timed)), names, fontsize=9.5)
    axes.set_ylim(len(timed) - 0.3, -0.7)
    axes.set_xlim(0, 1.06 * max(time for _, time, _ in timed))
    axes.grid(axis="y", visible=False)
    canvas.label(axes, x=Text(zh="用时 / ms", en="time taken / ms"))
    return canvas.finish(
        Text(zh="各组交互的用时；✕ 为不一致的交互。", en="Time each exchange took; ✕ marks an exchange that was not exact.")
    )
