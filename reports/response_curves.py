"""Response curves: the share of successes over one parameter, with its confidence band and what the criterion asks.

Bands are two-sided 95 % Wilson intervals and only shown; what is judged is in the decision table beside the plot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from certification.catalogue import Text
from certification.clauses import Clause, CountClause, ProportionClause, WindowClause
from certification.decision import Outcome
from certification.statistics import two_sided_bounds
from reports.findings import CellCount
from reports.numbers import quantity
from reports.svg import BAD, FAINT, GOOD, INK, SERIES, Canvas, Plot
from reports.words import joined

MARKERS = ("o", "s", "^", "D")
DASHED = (0, (3, 2))
BAND = 0.16
"""Opacity of a confidence band."""


def required_share(clause: Clause | None) -> float | None:
    """The share of successes a clause asks of its full sample, %."""
    match clause:
        case ProportionClause():
            return 100 * clause.at_least
        case CountClause() | WindowClause():
            return 100 - 100 * clause.failures / clause.trials
        case _:
            return None


def shown_interval(count: CellCount) -> tuple[float, float]:
    """The Wilson interval of a cell, %, wide enough to hold the share itself."""
    low, high = two_sided_bounds(count.successes, count.trials)
    return 100 * min(low, count.share), 100 * max(high, count.share)


def curves(
    name: str, lines: Sequence[Sequence[CellCount]], along: str, x: Text, rate: Text, names: Sequence[Text] = ()
) -> Plot:
    """Share of successes over a numeric cell key, one line or several."""
    canvas = Canvas(name, 226)
    axes = canvas.axes(40, 32, 14, 46)
    _judged_range(axes, [count for line in lines for count in line], along)
    for line, colour, marker in zip(lines, SERIES, MARKERS, strict=False):
        _curve(axes, sorted(line, key=lambda count: float(count.cell[along])), along, colour, marker)
    for number, text in enumerate(names):
        place = 0.8 - 0.2 * (len(names) - 1 - number)
        style: dict[str, Any] = {
            "marker": MARKERS[number],
            "color": SERIES[number],
            "transform": axes.transAxes,
            "clip_on": False,
        }
        axes.plot(place, 1.085, markersize=6, **style)
        canvas.write(axes, place + 0.025, 1.045, text, INK)
    _scaled(axes)
    canvas.label(axes, x=x, y=rate)
    about = joined(names, "、", ", ") if names else x
    if all(count.outcome is None for line in lines for count in line):
        return canvas.finish(
            Text(
                zh=f"{about.zh}：色带为 95 % Wilson 区间。",
                en=f"{about.en}: the band is the 95 % Wilson interval.",
            )
        )
    return canvas.finish(
        Text(
            zh=f"{about.zh}：色带为 95 % Wilson 区间，浅色底为判定范围，虚线为判据要求，✕ 为不满足。",
            en=f"{about.en}: bands are 95 % Wilson intervals, shaded the range judged, "
            "dashed what the criterion asks, ✕ not met.",
        )
    )


def window_curve(name: str, counts: Sequence[CellCount], clause: WindowClause, x: Text, rate: Text) -> Plot:
    """Share of successes over position, with the widest window in which every position holds."""
    line = sorted(counts, key=lambda count: float(count.cell[clause.along]))
    canvas = Canvas(name, 236)
    axes = canvas.axes(40, 42, 14, 46)
    window = widest_window(line, clause)
    if window is not None:
        wide_enough = window[1] - window[0] >= clause.width
        axes.axvspan(*window, color=GOOD if wide_enough else BAD, alpha=0.12, linewidth=0, zorder=0)
        found = quantity(window[1] - window[0], clause.unit)
        asked = quantity(clause.width, clause.unit)
        told = Text(zh=f"窗口 {found.zh}（要求 {asked.zh}）", en=f"window {found.en} (asked: {asked.en})")
        canvas.write(axes, 1, 1.045, told, GOOD if wide_enough else BAD, "right")
    required = required_share(clause)
    if required is not None:
        axes.plot([clause.first, clause.last], [required] * 2, color=INK, linewidth=1.2, linestyle=DASHED, zorder=2)
    short = [count for count in line if not _holds(count, clause)]
    _curve(axes, line, clause.along, SERIES[0], MARKERS[0], short)
    axes.set_xlim(clause.first - clause.step, clause.last + clause.step)
    _scaled(axes)
    canvas.label(axes, x=x, y=rate)
    return canvas.finish(
        Text(
            zh=f"{x.zh}：色带为 95 % Wilson 区间，虚线为每一档的要求，✕ 为未达到的档，底色为最宽的连续窗口。",
            en=f"{x.en}: the band is the 95 % Wilson interval, dashed what each step must reach, ✕ a step that does "
            "not, shaded the widest window.",
        )
    )


def widest_window(line: Sequence[CellCount], clause: WindowClause) -> tuple[float, float] | None:
    """First and last position of the widest run of registered positions that hold; None where none does."""
    holding = {float(count.cell[clause.along]) for count in line if _holds(count, clause)}
    best: tuple[float, float] | None = None
    start: float | None = None
    for number in range(round((clause.last - clause.first) / clause.step) + 1):
        position = clause.first + number * clause.step
        if position not in holding:
            start = None
            continue
        start = position if start is None else start
        if best is None or position - start > best[1] - best[0]:
            best = start, position
    return best


def _holds(count: CellCount, clause: WindowClause) -> bool:
    return count.trials >= clause.trials and count.trials - count.successes <= clause.failures


def _scaled(axes: Axes) -> None:
    axes.set_ylim(-4, 104)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.margins(x=0.04)


def _curve(
    axes: Axes,
    line: Sequence[CellCount],
    along: str,
    colour: str,
    marker: str,
    short: Sequence[CellCount] | None = None,
) -> None:
    """A line with its band; ``short`` are the cells marked as falling short, those judged so unless given."""
    places = [float(count.cell[along]) for count in line]
    lows, highs = zip(*(shown_interval(count) for count in line), strict=True)
    axes.fill_between(places, lows, highs, color=colour, alpha=BAND, linewidth=0)
    axes.plot(places, [100 * count.share for count in line], color=colour, linewidth=1.6)
    marked = [count for count in line if count.outcome is Outcome.BROKEN] if short is None else short
    sound = [(place, count) for place, count in zip(places, line, strict=True) if count not in marked]
    failed = [(place, count) for place, count in zip(places, line, strict=True) if count in marked]
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
    required = required_share(judged[0].clause)
    if required is not None:
        axes.plot([min(places), max(places)], [required] * 2, color=INK, linewidth=1.2, linestyle=DASHED, zorder=2)
