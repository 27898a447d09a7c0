"""Plots over hours: what a terminal did in days of work, or sent over its network, hour by hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from certification.catalogue import Text
from certification.observations import Observation
from reports.numbers import grouped
from reports.svg import ACCENT, BAD, MUTED, SERIES, Canvas, Plot
from reports.words import CELL_KEYS, MEASURES, axis_label, word

_FEWEST = 2
_PANEL, _GAP, _FOOT = 62, 38, 44
_HARDLY = 1.5
"""Compression up to which an hour was an hour, give or take a pause."""


@dataclass(frozen=True)
class _Panel:
    """One series over the hours.

    Attributes:
        label: what it shows, with its unit.
        points: value by hour.
        bad: hours that are marked.
        floor: where its axis begins, or None to let the values say.
        ceiling: where its axis ends, or None to let the values say.
        counted: whether its values are whole numbers.
    """

    label: Text
    points: dict[float, float]
    bad: frozenset[float] = frozenset()
    floor: float | None = None
    ceiling: float | None = None
    counted: bool = False


def hour_plots(name: str, observations: Sequence[Observation]) -> Iterator[Plot]:
    """Plots of observations that were made hour by hour; none where there are no hours, or hardly any."""
    of_hours = [one for one in observations if isinstance(one.cell.get("hour"), int | float)]
    if len({one.cell["hour"] for one in of_hours}) < _FEWEST:
        return
    measures = {one.measure for one in of_hours}
    if "latency_p95" in measures:
        yield _stacked(f"{name}-hours", list(_soak_panels(of_hours)), _interruptions(of_hours), _soak_caption(of_hours))
    elif "traffic_hour" in measures:
        yield _stacked(f"{name}-hours", list(_traffic_panels(of_hours)), [], _traffic_caption(of_hours))


def told_by_hours(measure: str, observations: Sequence[Observation]) -> bool:
    """Whether a measure's own plot would repeat what the hours tell."""
    return any(one.measure == measure and "hour" in one.cell for one in observations)


def _soak_panels(observations: Sequence[Observation]) -> Iterator[_Panel]:
    reads: dict[float, list[int]] = {}
    for one in observations:
        if one.measure == "read":
            counted = reads.setdefault(float(one.cell["hour"]), [0, 0])
            counted[0] += one.times if one.value == "exact" else 0
            counted[1] += one.times
    rates = {hour: 100 * exact / all_ for hour, (exact, all_) in reads.items()}
    missed = frozenset(hour for hour, (exact, all_) in reads.items() if exact < all_)
    yield _Panel(axis_label(Text(zh="识读率", en="read rate"), "%"), rates, missed, ceiling=100.0)
    for measure, floor in (("latency_p95", 0.0), ("memory", None), ("resets", 0.0)):
        made = [one for one in observations if one.measure == measure]
        values = {float(one.cell["hour"]): float(one.value) for one in made}
        bad = frozenset(hour for hour, value in values.items() if value) if measure == "resets" else frozenset()
        if values:
            label = axis_label(word(MEASURES, measure), made[0].unit)
            yield _Panel(label, values, bad, floor, counted=measure == "resets")


def _traffic_panels(observations: Sequence[Observation]) -> Iterator[_Panel]:
    hours = {float(one.cell["hour"]): one for one in observations if one.measure == "traffic_hour"}
    bad = frozenset(hour for hour, one in hours.items() if one.value != "declared_only")
    packets = {hour: float(one.detail.get("packets", 0)) for hour, one in hours.items()}
    yield _Panel(Text(zh="每小时数据包数", en="packets an hour"), packets, bad, 0.0)


def _interruptions(observations: Sequence[Observation]) -> list[float]:
    return [float(one.cell["hour"]) for one in observations if one.measure == "interruption"]


def _stacked(name: str, panels: Sequence[_Panel], interrupted: Sequence[float], caption: Text) -> Plot:
    height = len(panels) * (_PANEL + _GAP) + _FOOT
    canvas = Canvas(name, height)
    last = max(hour for panel in panels for hour in panel.points)
    for number, panel in enumerate(panels):
        top = _GAP - 6 + number * (_PANEL + _GAP)
        axes = canvas.axes(46, top, 10, height - top - _PANEL)
        _draw(axes, panel, SERIES[number % len(SERIES)])
        for hour in interrupted:
            axes.axvline(hour, color=MUTED, linewidth=1.1, linestyle=(0, (3, 2)))
        axes.set_xlim(0.5, last + 0.5)
        canvas.write(axes, -0.09, 1.14, panel.label)
        if number < len(panels) - 1:
            axes.tick_params(axis="x", labelbottom=False)
        else:
            canvas.label(axes, x=axis_label(word(CELL_KEYS, "hour"), "h"))
    return canvas.finish(caption)


def _draw(axes: Axes, panel: _Panel, colour: str) -> None:
    hours = sorted(panel.points)
    axes.plot(hours, [panel.points[hour] for hour in hours], color=colour or ACCENT, linewidth=1.5)
    if marked := [hour for hour in hours if hour in panel.bad]:
        values = [panel.points[hour] for hour in marked]
        axes.plot(marked, values, linestyle="none", marker="X", markersize=6, color=BAD, clip_on=False)
    low, high = min(panel.points.values()), max(panel.points.values())
    if panel.ceiling is not None:
        axes.set_ylim(min(low, panel.ceiling - 1), panel.ceiling)
    elif panel.floor is not None:
        axes.set_ylim(panel.floor, max(1.15 * high, panel.floor + 1))
    elif high - low < 0.01 * abs(high):
        axes.set_ylim(0.99 * low, 1.01 * high)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=panel.counted))


def _soak_caption(observations: Sequence[Observation]) -> Text:
    reads = grouped(sum(one.times for one in observations if one.measure == "read"))
    factors = [float(one.detail["time_compression"]) for one in observations if "time_compression" in one.detail]
    squeezed = max(factors, default=1.0) > _HARDLY
    zh, en = (
        f"逐小时的序列（{reads} 次识读）：✕ 为有漏读或复位的小时",
        f"Hour by hour ({reads} readings): ✕ marks an hour with a miss or a reset",
    )
    if _interruptions(observations):
        zh, en = f"{zh}，虚线为中断后继续之处", f"{en}, dashed, where the run went on after an interruption"
    if squeezed:
        zh, en = f"{zh}；时间被压缩，横轴为设备小时", f"{en}; time was compressed, hours are the device's"
    return Text(zh=f"{zh}。", en=f"{en}.")


def _traffic_caption(observations: Sequence[Observation]) -> Text:
    del observations
    return Text(
        zh="设备每小时发出的数据包；✕ 为向声明清单以外主机发包的小时。",
        en="Packets the device sent in each hour; ✕ marks an hour with packets to hosts outside the declared list.",
    )
