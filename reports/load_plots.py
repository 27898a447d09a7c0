"""A load over time: what was offered and what came back, how long it took, and what both ends spent on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from certification.catalogue import Text
from reports.load_series import Course, Series, ServerCourse, Span, telling, thinned, time_unit, worst_seconds
from reports.load_words import STAGES
from reports.numbers import grouped, plain, quantity
from reports.svg import ACCENT, BAD, FAINT, GOOD, INK, MUTED, OPEN, SERIES, Canvas, Plot
from reports.words import axis_label, joined, word

_LEFT, _RIGHT, _TOP, _FOOT = 46, 12, 46, 44
_WIDE = 400 - _LEFT - _RIGHT
_PANEL, _GAP = 62, 40
_MARKS = 60
"""Most marks of errors along a plot."""
_MIDDLE = 0.5
"""Of a second, where its figures stand."""
_DASHED = (0, (4, 2.5))
FULL_CORE = 0.9
"""Share of a core from which a worker of the generator no longer keeps time."""

P50, P95, P99 = ACCENT, "#a86a00", "#5b4b8a"


@dataclass(frozen=True)
class Limit:
    """What a criterion asks of a percentile of the latency, ms."""

    percentile: float
    at_most: float


def rate_plot(name: str, course: Course) -> Plot:
    """What was offered in each second, and above one another what came back: right answers, refusals, errors."""
    canvas = Canvas(name, 240)
    axes = canvas.axes(_LEFT, _TOP, _RIGHT, _FOOT)
    per = _prepare(canvas, axes, course)
    kept = telling(course.times, (course.offered, course.ok, course.refused, course.errors))
    whole = len(kept) == len(course.times)
    edges = np.cumsum([np.nan_to_num(part[kept]) for part in (course.ok, course.refused, course.errors)], axis=0)
    at, offered = thinned(course.times, course.offered)
    times = course.times[kept]
    if whole:
        edges, offered = np.column_stack([edges, edges[:, -1]]), np.append(offered, offered[-1])
        times = at = np.append(times, times[-1] + 1)
    else:
        times, at = times + _MIDDLE, at + _MIDDLE
    step: Literal["post", "mid"] = "post" if whole else "mid"
    axes.fill_between(times / per, 0, edges[0], step=step, color=GOOD, alpha=0.5, linewidth=0)
    axes.plot(at / per, offered, color=INK, linewidth=0.8 if whole else 0.4, drawstyle=f"steps-{step}")
    for lower, upper, colour in ((edges[0], edges[1], OPEN), (edges[1], edges[2], BAD)):
        # In a long load the edge keeps a single second as wide as a stroke.
        where, wide = (None, 0.0) if whole else (upper > lower, 0.8)
        axes.fill_between(
            times / per, lower, upper, where=where, step=step, color=colour, alpha=0.7, linewidth=wide, zorder=3
        )
    top = 1.08 * max(float(np.nanmax(course.offered, initial=1)), float(edges[-1].max(initial=1)))
    axes.set_ylim(0, top)
    wrong = worst_seconds(course.times, course.errors, _MARKS)
    axes.plot(
        (course.times[wrong] + _MIDDLE) / per, np.full(len(wrong), 0.97 * top), ls="none", marker="X", color=BAD, ms=5
    )
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    _legend(
        canvas,
        axes,
        Text(zh="次/s", en="per s"),
        (
            (0.2, Text(zh="─ 施加", en="─ offered"), INK),
            (0.42, Text(zh="■ 正确应答", en="■ right"), GOOD),
            (0.68, Text(zh="■ 拒绝", en="■ refused"), OPEN),
            (0.86, Text(zh="■ 错误", en="■ errors"), BAD),
        ),
    )
    return canvas.finish(_rate_caption(course))


def _rate_caption(course: Course) -> Text:
    peak, best = (int(np.nanmax(values, initial=0)) for values in (course.offered, course.ok))
    refused, wrong = (int(np.nansum(values)) for values in (course.refused, course.errors))
    staged = Text(zh="", en="")
    if len(course.stages) > 1:
        names = joined((word(STAGES, name) for name in dict.fromkeys(one.name for one in course.stages)), "、", ", ")
        staged = Text(zh=f"；底色交替区分各阶段（{names.zh}）", en=f"; stages are shaded in turn ({names.en})")
    return Text(
        zh=f"到达与有效吞吐：黑线为施加的请求（每秒最多 {grouped(peak)}），其下自下而上为正确应答"
        f"（每秒最多 {grouped(best)}）、拒绝（共 {grouped(refused)}）和错误（共 {grouped(wrong)}"
        f"{'，✕ 标出所在' if wrong else ''}）{staged.zh}。",
        en=f"Arrivals and goodput: the black line is what was offered (at most {grouped(peak)} in a second); from the "
        f"bottom up, right answers (at most {grouped(best)} in a second), refusals ({grouped(refused)} in all) and "
        f"errors ({grouped(wrong)} in all{', a ✕ marks where' if wrong else ''}){staged.en}.",
    )


def latency_plot(name: str, course: Course, limits: Sequence[Limit]) -> Plot | None:
    """Percentiles of the latency second by second with the limits of the criterion; None where nothing came back."""
    series = ((course.p99, P99, "p99"), (course.p95, P95, "p95"), (course.p50, P50, "p50"))
    values = np.concatenate([one[one > 0] for one, _, _ in series])
    if not len(values):
        return None
    canvas = Canvas(name, 240)
    axes = canvas.axes(_LEFT, _TOP, _RIGHT, _FOOT)
    per = _prepare(canvas, axes, course)
    for one, colour, _ in series:
        times, shown = thinned(course.times, np.where(one > 0, one, np.nan))
        _line(axes, (times + _MIDDLE) / per, shown, colour)
    log_axis(axes, values, [limit.at_most for limit in limits])
    for number, limit in enumerate(sorted(limits, key=lambda limit: limit.at_most)):
        axes.axhline(limit.at_most, color=BAD, linewidth=1.2, linestyle=_DASHED)
        left = number % 2 == 1
        axes.annotate(
            canvas.say(_limit_text(limit)),
            (0.01 if left else 0.99, limit.at_most),
            (0, 2),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="left" if left else "right",
            va="bottom",
            color=BAD,
            fontsize=10,
        )
    slots = zip((0.6, 0.74, 0.88), reversed(series), strict=True)
    _legend(canvas, axes, Text(zh="ms", en="ms"), [(x, Text(zh=f"─ {n}", en=f"─ {n}"), c) for x, (_, c, n) in slots])
    return canvas.finish(_latency_caption(course, limits))


def _latency_caption(course: Course, limits: Sequence[Limit]) -> Text:
    worst = quantity(float(np.nanmax(course.p99)), "ms")
    zh, en = ("，红虚线为判据的限值", ", red dashed: limits of the criterion") if limits else ("", "")
    return Text(
        zh=f"每秒时延的百分位（对数轴），自计划发送时刻起算，平台停顿不被掩盖；单秒 p99 最高 {worst.zh}{zh}。",
        en=f"Latency percentiles of each second (logarithmic), counted from the intended send time, so that a stall is "
        f"not hidden; the highest p99 of a second is {worst.en}{en}.",
    )


def _limit_text(limit: Limit) -> Text:
    amount = quantity(limit.at_most, "ms")
    return Text(zh=f"限值 p{limit.percentile:g} {amount.zh}", en=f"limit p{limit.percentile:g} {amount.en}")


def machine_plot(name: str, course: Course, server: ServerCourse | None) -> Plot | None:
    """CPU and memory of the platform above the CPU of the generator; None where neither was seen."""
    panels = list(_machine_panels(course, server))
    if not panels:
        return None
    height = _TOP + len(panels) * (_PANEL + _GAP) - _GAP + _FOOT
    canvas = Canvas(name, height)
    for number, panel in enumerate(panels):
        top = _TOP + number * (_PANEL + _GAP)
        axes = canvas.axes(_LEFT, top, _RIGHT, height - top - _PANEL)
        last = number == len(panels) - 1
        per = _prepare(canvas, axes, course, named=number == 0, foot=last)
        times, values = thinned(panel.times, panel.values)
        _line(axes, times / per, values, SERIES[number % len(SERIES)])
        lowest, highest = float(np.nanmin(panel.values)), max(float(np.nanmax(panel.values)), panel.limit or 0.0)
        axes.set_ylim(0.9 * lowest if panel.floats else 0, 1.12 * highest if highest else 1)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=3))
        if panel.limit is not None:
            axes.axhline(panel.limit, color=BAD, linewidth=1.2, linestyle=_DASHED)
        canvas.write(axes, -0.09, 1.24 if number == 0 else 1.1, panel.label)
    return canvas.finish(_machine_caption(course, server))


@dataclass(frozen=True)
class _Panel:
    """One series over time; ``floats`` where its axis need not begin at zero, so that growth is seen."""

    label: Text
    times: Series
    values: Series
    limit: float | None = None
    floats: bool = False


def _machine_panels(course: Course, server: ServerCourse | None) -> Iterator[_Panel]:
    if server is not None and np.isfinite(server.cpu).any():
        yield _Panel(axis_label(Text(zh="平台 CPU", en="CPU of the platform"), "%"), server.times, 100 * server.cpu)
    if server is not None and np.isfinite(server.resident).any():
        label = axis_label(Text(zh="平台内存", en="memory of the platform"), "MiB")
        yield _Panel(label, server.times, server.resident / 2**20, floats=True)
    if np.isfinite(course.generator).any():
        label = axis_label(Text(zh="发生器最忙进程 CPU", en="CPU of the generator's busiest worker"), "%")
        yield _Panel(label, course.times + _MIDDLE, 100 * course.generator, 100 * FULL_CORE)


def _machine_caption(course: Course, server: ServerCourse | None) -> Text:
    told: list[Text] = []
    if server is None or not (np.isfinite(server.cpu).any() or np.isfinite(server.resident).any()):
        told.append(
            Text(
                zh="没有平台 CPU 和内存的数据：平台未告知，或未作查询",
                en="no CPU and memory of the platform: it told none, or was not asked",
            )
        )
    else:
        told.append(
            Text(zh="平台所占 CPU（100 % 为一个核）与内存", en="CPU (100 % is one core) and memory of the platform")
        )
    if np.isfinite(course.generator).any():
        busiest = plain(100 * float(np.nanmax(course.generator)))
        told.append(
            Text(
                zh=f"负载发生器最忙的进程（最高 {busiest} %），红虚线为 90 %，连续 5 s 超过则试验无效",
                en=f"busiest worker of the generator (at most {busiest} %); red dashed: 90 %, above which for 5 s in a "
                "row the run is invalid",
            )
        )
    return Text(zh="；".join(one.zh for one in told) + "。", en="; ".join(one.en for one in told) + ".")


def _line(axes: Axes, times: Series, values: Series, colour: str) -> None:
    """A line broken where there is no value; a value between two gaps is a dot."""
    gap = np.isnan(np.pad(values, 1, constant_values=np.nan))
    alone = ~gap[1:-1] & gap[:-2] & gap[2:]
    axes.plot(times, values, color=colour, linewidth=1.1)
    if alone.any():
        axes.plot(times[alone], values[alone], linestyle="none", marker=".", markersize=2, color=colour)


def _length(course: Course) -> float:
    return max((stage.end for stage in course.stages), default=float(course.times[-1] + 1))


def _prepare(canvas: Canvas, axes: Axes, course: Course, *, named: bool = True, foot: bool = True) -> float:
    """A time axis with the stages shaded; returns how many seconds its unit has."""
    length = _length(course)
    unit, per = time_unit(length)
    axes.set_xlim(0, length / per)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7))
    for number, stage in enumerate(course.stages):
        if number % 2:
            axes.axvspan(stage.begin / per, stage.end / per, color=FAINT, linewidth=0, zorder=0)
    if named and len(course.stages) > 1:
        for stage in _to_name(course.stages, length):
            middle = (stage.begin + stage.end) / 2 / length
            canvas.write(axes, middle, 1.015, word(STAGES, stage.name), MUTED, "center")
    if foot:
        canvas.label(axes, x=axis_label(Text(zh="时间", en="time"), unit))
    else:
        axes.tick_params(axis="x", labelbottom=False)
    return per


def _to_name(stages: Sequence[Span], length: float) -> Iterator[Span]:
    """The widest stretch of each stage, where its name fits above it."""
    for name in dict.fromkeys(stage.name for stage in stages):
        widest = max((one for one in stages if one.name == name), key=lambda one: one.end - one.begin)
        text = word(STAGES, name)
        if max(11.0 * len(text.zh), 6.2 * len(text.en)) <= _WIDE * (widest.end - widest.begin) / length:
            yield widest


def _legend(canvas: Canvas, axes: Axes, unit: Text, entries: Sequence[tuple[float, Text, str]]) -> None:
    canvas.write(axes, -0.09, 1.12, unit)
    for x, text, colour in entries:
        canvas.write(axes, x, 1.12, text, colour)


def log_axis(axes: Axes, values: Series, marks: Sequence[float]) -> None:
    """Make the y axis logarithmic around positive values and the marks that must be seen, with plain numbers."""
    low = min(float(values.min()), *marks, np.inf)
    # A mark has its name above it, for which a tenth of the height is left.
    high = max([1.35 * float(values.max()), *(mark * (mark / low) ** 0.13 for mark in marks)])
    axes.set_yscale("log")
    axes.set_ylim(low / 1.25, high)
    decades = np.arange(np.floor(np.log10(low)) - 1, np.ceil(np.log10(high)) + 1)
    for steps in ((1,), (1, 3), (1, 2, 5)):
        ticks = [step * 10.0**decade for decade in decades for step in steps]
        shown = [tick for tick in ticks if low / 1.25 <= tick <= high]
        if len(shown) > 3:
            break
    axes.yaxis.set_major_locator(FixedLocator(shown) if len(shown) > 3 else MaxNLocator(nbins=5))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
