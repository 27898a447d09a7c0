"""Bars of shares of success, one a cell: each named so that it can be told from the others.

Where the names of the cells are too long for the column beside the bars, what all cells have in common goes into the
caption, and what several have in common into a line above them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from certification.catalogue import Text
from certification.decision import Outcome
from certification.observations import Cell
from reports.column_texts import fits, shortened_apart
from reports.findings import CellCount
from reports.numbers import grouped
from reports.response_curves import DASHED, required_share, shown_interval
from reports.svg import BAD, GOOD, INK, OPEN, REPORTED, WIDTH, Canvas, Plot
from reports.words import CELL_KEYS, as_recorded, cell_text, joined, word

COLUMNS = 34
"""Columns of a name beside its bar."""
MARGIN, RIGHT = 166, 58
COLUMNS_BELOW, MARGIN_BELOW = 22, 110
"""The same where a line above says the rest."""

_COLOURS = {Outcome.HOLDS: GOOD, Outcome.BROKEN: BAD, Outcome.OPEN: OPEN, None: REPORTED}


@dataclass(frozen=True)
class _Line:
    """A line of the plot: a bar with its name, or what the bars below it have in common."""

    name: Text
    count: CellCount | None


def cell_bars(name: str, counts: Sequence[CellCount], rate: Text) -> Plot:
    """One horizontal bar a cell: share of successes, its interval, and what the criterion asks."""
    lines, common = _lines(counts)
    headed = any(line.count is None for line in lines)
    margin = MARGIN_BELOW if headed else MARGIN
    canvas = Canvas(name, 54 + (21 if headed else 24) * len(lines))
    axes = canvas.axes(margin, 4, RIGHT, 44)
    for place, line in enumerate(lines):
        if line.count is not None:
            _bar(canvas, axes, place, line.count)
        else:
            left = -margin / (WIDTH - margin - RIGHT)
            axes.text(
                left, place, canvas.say(line.name), transform=axes.get_yaxis_transform(), va="center", fontsize=10
            )
    bars = [place for place, line in enumerate(lines) if line.count is not None]
    axes.set_yticks(bars, [canvas.say(lines[place].name) for place in bars], fontsize=10)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_xlim(0, 100)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.set_xticks([0, 25, 50, 75, 100])
    canvas.label(axes, x=rate)
    return canvas.finish(_caption(counts, common))


def _bar(canvas: Canvas, axes: Axes, place: int, count: CellCount) -> None:
    colour = _COLOURS[count.outcome]
    axes.barh(place, 100 * count.share, height=0.56, color=colour, alpha=0.3, linewidth=0)
    axes.plot(shown_interval(count), [place, place], color=colour, linewidth=2, solid_capstyle="butt")
    axes.plot(100 * count.share, place, marker="o", markersize=5, color=colour, clip_on=False)
    required = required_share(count.clause)
    if required is not None:
        axes.plot([required] * 2, [place - 0.42, place + 0.42], color=INK, linewidth=1.2, linestyle=DASHED)
    shown = f"{grouped(count.successes)}/{grouped(count.trials)}"
    axes.text(103.5, place, canvas.say(as_recorded(shown)), va="center", fontsize=10)
    _swatch(axes, place, count)


def _swatch(axes: Axes, place: int, count: CellCount) -> None:
    """A patch of the colour a cell is about, at the foot of its bar."""
    colour = count.cell.get("colour")
    if isinstance(colour, str) and re.fullmatch("#[0-9A-Fa-f]{6}", colour):
        axes.plot(2.5, place, marker="s", markersize=8, color=colour, markeredgecolor="white", clip_on=False)


def _lines(counts: Sequence[CellCount]) -> tuple[list[_Line], Cell]:
    """The lines from the top, and what is left to the caption since it holds for all of them."""
    whole = [cell_text(count.cell) for count in counts]
    if all(fits(text, COLUMNS) for text in whole):
        return _named(counts, whole), {}
    varying = [key for key in _keys(counts) if len({count.cell.get(key) for count in counts}) > 1]
    common: Cell = {key: value for key, value in counts[0].cell.items() if key not in varying}
    texts = [_told(count, varying) for count in counts]
    if all(fits(text, COLUMNS) for text in texts):
        return _named(counts, texts), common
    for place in range(1, len(varying)):
        above, beside = varying[:place], varying[place:]
        if all(fits(_told(count, beside), COLUMNS_BELOW) for count in counts):
            return _below_heads(counts, above, beside), common
    return _named(counts, shortened_apart(texts, COLUMNS)), common


def _named(counts: Sequence[CellCount], names: Sequence[Text]) -> list[_Line]:
    return [_Line(name, count) for name, count in zip(names, counts, strict=True)]


def _below_heads(counts: Sequence[CellCount], above: Sequence[str], beside: Sequence[str]) -> list[_Line]:
    lines: list[_Line] = []
    for head in dict.fromkeys(tuple(count.cell.get(key) for key in above) for count in counts):
        members = [count for count in counts if tuple(count.cell.get(key) for key in above) == head]
        if all(isinstance(count.cell.get(key), int | float) for count in members for key in beside):
            members.sort(key=lambda count: [float(count.cell[key]) for key in beside])
        lines.append(_Line(_told(members[0], above), None))
        lines += _named(members, [_told(count, beside) for count in members])
    return lines


def _told(count: CellCount, keys: Collection[str]) -> Text:
    part: Cell = {key: value for key, value in count.cell.items() if key in keys}
    return cell_text(part)


def _keys(counts: Sequence[CellCount]) -> list[str]:
    return list(dict.fromkeys(key for count in counts for key in count.cell))


def _caption(counts: Sequence[CellCount], common: Cell) -> Text:
    split = joined((word(CELL_KEYS, key) for key in _keys(counts) if key not in common), "、", ", ")
    alike = cell_text(common)
    grey = any(count.outcome is None for count in counts)
    return Text(
        zh=f"按{split.zh}分列{f'（均为{alike.zh}）' if common else ''}；细横线为 95 % Wilson 区间，"
        f"虚线为判据要求{'；灰色只报告，不判定' if grey else ''}。",
        en=f"By {split.en}{f' (all with {alike.en})' if common else ''}; thin bars: 95 % Wilson interval, "
        f"dashed: what the criterion asks{'; grey is reported, not judged' if grey else ''}.",
    )
