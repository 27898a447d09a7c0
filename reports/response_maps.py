"""Response maps: read rate all the way round, over every direction of tilt, and over two parameters or more at once."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from matplotlib.axes import Axes

from certification.catalogue import Text
from certification.decision import Outcome
from certification.observations import Cell
from reports.findings import CellCount
from reports.response_curves import BAND, DASHED, curves, shown_interval
from reports.svg import ACCENT, BAD, FAINT, GOOD, INK, LINE, MUTED, Canvas, Plot
from reports.words import CELL_KEYS, CELL_UNITS, axis_label, cell_value, joined, number, word

_HEAT = ("#cfe6dc", "#f6e3b5", "#efbf8a", "#e59c7c", "#b3261e")
"""From all successes to many failures."""
_DIRECTIONS = {("yaw", 1): 0.0, ("pitch", 1): 0.5, ("yaw", -1): 1.0, ("pitch", -1): 1.5}
"""Direction of each tilt in the polar plot, half turns."""


def pose_plots(name: str, counts: Sequence[CellCount], rate: Text) -> Iterator[Plot]:
    """Everything there is to draw of angles."""
    by_axis: dict[str, list[CellCount]] = {}
    for count in counts:
        by_axis.setdefault(str(count.cell.get("axis")), []).append(count)
    roll = by_axis.pop("roll", [])
    if len(roll) > 2:
        yield _all_round(f"{name}-roll", roll)
    if {"pitch", "yaw"} <= by_axis.keys():
        yield _tilt_target(f"{name}-target", by_axis["pitch"] + by_axis["yaw"])
    if sum(map(len, by_axis.values())) > 2:
        angle = axis_label(CELL_KEYS["angle"], "°")
        names = [cell_value("axis", axis) for axis in by_axis]
        yield curves(f"{name}-tilt", list(by_axis.values()), "angle", angle, rate, names)


def _all_round(name: str, counts: Sequence[CellCount]) -> Plot:
    """Read rate all the way round, as the code is turned in its plane."""
    canvas, axes = _polar_canvas(name)
    line = sorted(counts, key=lambda count: float(count.cell["angle"]))
    turned = [math.radians(float(count.cell["angle"])) for count in line]
    rates = [100 * count.share for count in line]
    lows, highs = zip(*(shown_interval(count) for count in line), strict=True)
    round_again = [*turned, turned[0] + 2 * math.pi]
    axes.fill_between(
        round_again, [*lows, lows[0]], [*highs, highs[0]], color=ACCENT, alpha=BAND, linewidth=0, clip_on=False
    )
    axes.plot([*turned, turned[0]], [*rates, rates[0]], color=ACCENT, linewidth=1.6)
    for angle, rate, count in zip(turned, rates, line, strict=True):
        marker, size, colour = ("X", 9, BAD) if count.outcome is Outcome.BROKEN else ("o", 5, ACCENT)
        axes.plot(angle, rate, marker=marker, markersize=size, color=colour, clip_on=False)
    axes.set_ylim(0, 100)
    axes.set_yticks([50, 100], ["50 %", "100 %"], fontsize=9.5)
    axes.set_xticks([math.radians(angle) for angle in range(0, 360, 45)], [f"{angle}°" for angle in range(0, 360, 45)])
    return canvas.finish(
        Text(
            zh="旋转角 / ° 与识读率 / %：外圈为 100 %，色带为 95 % Wilson 区间，✕ 为不满足判据的角度。",
            en="Roll / ° and read rate / %: the outer ring is 100 %, the band the 95 % Wilson interval, ✕ an angle "
            "that falls short.",
        )
    )


def _tilt_target(name: str, counts: Sequence[CellCount]) -> Plot:
    """How far the code can be tilted in each direction: the middle is head on, outward is more tilt."""
    canvas, axes = _polar_canvas(name)
    polar: Any = axes
    polar.set_rlabel_position(45)
    farthest = max(abs(float(count.cell["angle"])) for count in counts)
    judged = [abs(float(count.cell["angle"])) for count in counts if count.outcome is not None]
    if judged:
        circle = [math.radians(angle) for angle in range(0, 361, 5)]
        axes.plot(circle, [max(judged)] * len(circle), color=INK, linewidth=1.2, linestyle=DASHED)
    for (axis, sign), half_turns in _DIRECTIONS.items():
        spoke = sorted(
            (count for count in counts if count.cell["axis"] == axis and float(count.cell["angle"]) * sign >= 0),
            key=lambda count: abs(float(count.cell["angle"])),
        )
        turn = half_turns * math.pi
        axes.plot([turn, turn], [0, _reach(spoke)], color=GOOD, alpha=2 * BAND, linewidth=11, solid_capstyle="butt")
        for count in spoke:
            _dot(axes, turn, count)
    axes.set_ylim(0, farthest * 1.12)
    rings = [ring for ring in (15, 30, 45, 60) if ring <= farthest]
    axes.set_yticks(rings, [f"{ring}°" for ring in rings], fontsize=9.5)
    yaw, pitch = cell_value("axis", "yaw"), cell_value("axis", "pitch")
    ends = [(yaw, "+"), (pitch, "+"), (yaw, "−"), (pitch, "−")]
    marks = [canvas.say(Text(zh=f"{text.zh} {sign}", en=f"{text.en} {sign}")) for text, sign in ends]
    axes.set_xticks([0, math.pi / 2, math.pi, 3 * math.pi / 2], marks)
    return canvas.finish(
        Text(
            zh="俯仰与偏转：离中心越远倾角越大；点的颜色为失败多少（✕ 为不满足判据），"
            "色条为该方向上一直全部识读到的倾角，虚线圈为判定范围。",
            en="Pitch and yaw: the farther out, the more tilt; a dot's colour tells failures (✕ falls short), a "
            "bar reaches as far as all were read, the dashed ring is the range judged.",
        )
    )


def _reach(spoke: Sequence[CellCount]) -> float:
    """Largest tilt up to which every code was read."""
    far = 0.0
    for count in spoke:
        if count.successes < count.trials:
            break
        far = abs(float(count.cell["angle"]))
    return far


def _dot(axes: Axes, turn: float, count: CellCount) -> None:
    far = abs(float(count.cell["angle"]))
    if count.outcome is Outcome.BROKEN:
        axes.plot(turn, far, marker="X", markersize=10, color=BAD, clip_on=False)
    else:
        colour = _heat(count) if count.successes < count.trials else GOOD
        axes.plot(turn, far, marker="o", markersize=8, color=colour, markeredgecolor=INK, markeredgewidth=0.6)


def _polar_canvas(name: str) -> tuple[Canvas, Axes]:
    canvas = Canvas(name, 294)
    axes = canvas.axes(77, 24, 77, 24, projection="polar")
    axes.tick_params(axis="x", pad=9)
    axes.spines["polar"].set_color(LINE)
    return canvas, axes


def _heat(count: CellCount) -> str:
    return _HEAT[min(math.ceil((1 - count.share) * 8), len(_HEAT) - 1)]


def version_map(name: str, counts: Sequence[CellCount]) -> Plot:
    """Failures for every QR version and error-correction level."""
    versions = sorted({float(count.cell["version"]) for count in counts})
    levels = sorted({str(count.cell["level"]) for count in counts}, key=lambda level: ("LMQH".find(level), level))
    canvas = Canvas(name, 72 + 30 * len(levels))
    axes = canvas.axes(26, 26, 4, 44)
    for count in counts:
        x, y = versions.index(float(count.cell["version"])), levels.index(str(count.cell["level"]))
        colour = _heat(count)
        axes.barh(y, 0.92, left=x - 0.46, height=0.88, color=colour, linewidth=0)
        if count.trials > count.successes:
            on = "white" if colour == _HEAT[-1] else INK
            axes.text(x, y, f"{count.trials - count.successes}", ha="center", va="center", fontsize=10, color=on)
    judged = [float(count.cell["version"]) for count in counts if count.outcome is not None]
    if judged and max(judged) < versions[-1]:
        edge = versions.index(max(judged)) + 0.5
        axes.axvline(edge, color=INK, linewidth=1.2, linestyle=DASHED)
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


def condition_map(name: str, keys: Sequence[str], counts: Sequence[CellCount], unreadable: Collection[Cell]) -> Plot:
    """Read rate in every combination of conditions: the first key downwards, the others across.

    Args:
        name: unique on the page.
        keys: cell keys, all of them numbers.
        counts: counts by cell.
        unreadable: cells in which the reference decoder could not read what was shown.
    """
    down, *across = keys
    columns = sorted({_part(count.cell, across) for count in counts} | {_part(cell, across) for cell in unreadable})
    levels = {float(count.cell[down]) for count in counts} | {float(cell[down]) for cell in unreadable}
    rows = sorted(levels, reverse=True)
    canvas = Canvas(name, 56 + 34 * len(rows) + 16 * len(across) + 14)
    axes = canvas.axes(62, 30, 4, 16 * len(across) + 18)
    for cell in unreadable:
        x, y = columns.index(_part(cell, across)), rows.index(float(cell[down]))
        axes.barh(y, 0.94, left=x - 0.47, height=0.88, color=FAINT, linewidth=0)
        axes.text(x, y, "—", ha="center", va="center", fontsize=11, color=MUTED)
    for count in counts:
        _tile(axes, columns.index(_part(count.cell, across)), rows.index(float(count.cell[down])), count)
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [_with_unit(down, row) for row in rows], fontsize=10)
    labels = [
        "\n".join(_with_unit(key, value) for key, value in zip(across, column, strict=True)) for column in columns
    ]
    axes.set_xticks(range(len(columns)), labels, fontsize=10)
    axes.grid(visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    canvas.write(axes, -0.16, 1.06, word(CELL_KEYS, down))
    about = joined((word(CELL_KEYS, key) for key in across), " / ", " / ")
    canvas.write(axes, 1, 1.06, about, align="right")
    return canvas.finish(
        Text(
            zh="每格一种条件组合：数字为成功/次数，颜色越深失败越多，黑框为判定的组合（其余只报告），"
            "— 为参考解码器亦不能识读、不计入样本的组合。",
            en="One cell for each combination: successes/trials, the darker the more failures; framed cells are "
            "judged, the others reported; — marks what the reference decoder cannot read either and nobody is "
            "blamed for.",
        )
    )


def _tile(axes: Axes, x: int, y: int, count: CellCount) -> None:
    colour = _heat(count)
    framed = count.outcome is not None
    axes.barh(
        y, 0.94, left=x - 0.47, height=0.88, color=colour, edgecolor=INK if framed else colour, linewidth=1.4 * framed
    )
    on = "white" if colour == _HEAT[-1] else INK
    weight = "bold" if count.outcome is Outcome.BROKEN else "normal"
    axes.text(
        x, y, f"{count.successes}/{count.trials}", ha="center", va="center", fontsize=10.5, color=on, fontweight=weight
    )


def _part(cell: Cell, keys: Sequence[str]) -> tuple[float, ...]:
    return tuple(float(cell[key]) for key in keys)


def _with_unit(key: str, value: float) -> str:
    unit = CELL_UNITS.get(key, "1")
    return number(value) if unit == "1" else f"{number(value)}{'' if unit == '°' else ' '}{unit}"
