"""How a load's answers are distributed: percentile spectrum, kinds of refusals and errors, send delay, card bases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from certification.catalogue import Text
from certification.observations import Observation
from reports.load_plots import Limit, log_axis
from reports.load_series import Spectrum, spectrum
from reports.load_words import CELL_KEYS, ERRORS, KINDS, MEASURES, REFUSALS, STAGES
from reports.numbers import grouped, part, plain, quantity
from reports.svg import ACCENT, BAD, INK, OPEN, REPORTED, SERIES, Canvas, Plot
from reports.words import axis_label, joined, shortened, word

_DASHED = (0, (4, 2.5))
MAIN_KIND = "verification"
_TOLD = (50.0, 95.0, 99.0, 99.9)
_TICKS = {2: "50 %", 10: "90 %", 100: "99 %", 1_000: "99.9 %", 10_000: "99.99 %"}
MOST_BARS = 16
LATE_MS = 50.0
"""A request that leaves later than this after its plan is late."""

Histogram = Sequence[tuple[float, int]]


def spectrum_plot(name: str, stage: str, histograms: Mapping[str, Histogram], limits: Sequence[Limit]) -> Plot | None:
    """The percentile spectrum of the main stage, a curve for each kind of request; None for too small a sample.

    Args:
        name: unique on the page.
        stage: the main stage.
        histograms: latency in ms and how often it came, by kind of request.
        limits: what the criterion asks of verifications.
    """
    found = {kind: one for kind, histogram in histograms.items() if (one := spectrum(histogram)) is not None}
    if not found:
        return None
    canvas = Canvas(name, 252)
    axes = canvas.axes(46, 58, 16, 44)
    colours = dict(zip(found, (ACCENT, *SERIES[1:], REPORTED), strict=False))
    for kind, one in reversed(found.items()):
        main = kind == MAIN_KIND
        axes.plot(
            one.odds, one.ms, color=colours.get(kind, REPORTED), linewidth=2 if main else 1, zorder=3 if main else 2
        )
    values = np.concatenate([one.ms[one.ms > 0] for one in found.values()])
    log_axis(axes, values if len(values) else np.array([1.0]), [limit.at_most for limit in limits])
    _odds_axis(canvas, axes, max(float(one.odds[-1]) for one in found.values()))
    for limit in limits:
        _bound(canvas, axes, limit)
    canvas.write(axes, -0.09, 1.14, Text(zh="ms", en="ms"))
    for place, kind in enumerate(found):
        across, down = divmod(place, 2)
        text = word(KINDS, kind)
        canvas.write(
            axes,
            0.09 + 0.33 * across,
            1.14 - 0.1 * down,
            Text(zh=f"─ {text.zh}", en=f"─ {text.en}"),
            colours.get(kind, REPORTED),
        )
    return canvas.finish(_spectrum_caption(stage, next(iter(found)), next(iter(found.values())), bool(limits)))


def _odds_axis(canvas: Canvas, axes: Axes, farthest: float) -> None:
    axes.set_xscale("log")
    axes.set_xlim(2, max(1.15 * farthest, 22))
    axes.xaxis.set_major_locator(FixedLocator([tick for tick in _TICKS if tick <= max(1.15 * farthest, 22)]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _TICKS.get(round(value), "")))
    axes.xaxis.set_minor_locator(NullLocator())
    canvas.label(axes, x=Text(zh="百分位", en="percentile"))


def _bound(canvas: Canvas, axes: Axes, limit: Limit) -> None:
    """A limit as a corner: up to its percentile the curve has to stay below it."""
    odds = 100 / (100 - limit.percentile)
    axes.plot([2, odds, odds], [limit.at_most, limit.at_most, axes.get_ylim()[1]], color=BAD, linewidth=1.2, ls=_DASHED)
    amount = plain(limit.at_most)
    axes.annotate(
        canvas.say(Text(zh=f"p{limit.percentile:g} {amount} ms", en=f"p{limit.percentile:g} {amount} ms")),
        (odds, limit.at_most),
        (-3, 2),
        textcoords="offset points",
        ha="right",
        va="bottom",
        color=BAD,
        fontsize=10,
    )


def _spectrum_caption(stage: str, kind: str, main: Spectrum, limited: bool) -> Text:
    reached = [percentile for percentile in _TOLD if 100 / (100 - percentile) <= main.odds[-1] + 1e-6]
    named = joined(
        (
            Text(zh=f"p{percentile:g} {amount.zh}", en=f"p{percentile:g} {amount.en}")
            for percentile, amount in ((one, quantity(main.at(one), "ms")) for one in reached)
        ),
        "，",
        ", ",
    )
    of_stage, of_kind, n = word(STAGES, stage), word(KINDS, kind), grouped(main.count)
    return Text(
        zh=f"“{of_stage.zh}”阶段的时延百分位谱，自计划发送时刻起算；{of_kind.zh}（n = {n}）：{named.zh}"
        f"{'；红虚线为限值，曲线须在其下' if limited else ''}。",
        en=f"Percentile spectrum of the latency in stage {of_stage.en}, from the intended send time; "
        f"{of_kind.en} (n = {n}): {named.en}"
        f"{'; red dashed: limits, below which the curve has to stay' if limited else ''}.",
    )


def kinds_plot(name: str, refusals: Mapping[str, int], errors: Mapping[str, int], sent: int) -> Plot | None:
    """How often each refusal and each error came, the most frequent first; None where none came."""
    bars = [(word(REFUSALS, kind), count, OPEN) for kind, count in refusals.items() if count]
    bars += [(word(ERRORS, kind), count, BAD) for kind, count in errors.items() if count]
    if not bars:
        return None
    bars.sort(key=lambda bar: -bar[1])
    left_out = bars[MOST_BARS:]
    bars = bars[:MOST_BARS]
    canvas = Canvas(name, 54 + 24 * len(bars))
    axes = canvas.axes(158, 4, 96, 44)
    for place, (_, count, colour) in enumerate(bars):
        axes.barh(place, count, height=0.56, color=colour, alpha=0.75, linewidth=0)
        told = f"{grouped(count)} ({part(count, sent)})"
        axes.annotate(
            canvas.say(Text(zh=told, en=told)),
            (count, place),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
        )
    names = [canvas.say(shortened(name_, 26)) for name_, _, _ in bars]
    axes.set_yticks(range(len(bars)), names, fontsize=10)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_xlim(0, max(count for _, count, _ in bars))
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=3, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: grouped(value)))
    canvas.label(axes, x=Text(zh="次数（括号内为占发出请求的比例）", en="count (share of the requests sent)"))
    return canvas.finish(_kinds_caption(refusals, errors, sum(count for _, count, _ in left_out)))


def _kinds_caption(refusals: Mapping[str, int], errors: Mapping[str, int], left_out: int) -> Text:
    refused, wrong = grouped(sum(refusals.values())), grouped(sum(errors.values()))
    rest = Text(zh=f"；另有 {grouped(left_out)} 次未列出", en=f"; {grouped(left_out)} more are not drawn")
    return Text(
        zh=f"拒绝（橙，共 {refused} 次）与错误（红，共 {wrong} 次）的种类{rest.zh if left_out else ''}。",
        en=f"Kinds of refusals (amber, {refused} in all) and of errors (red, {wrong} in all)"
        f"{rest.en if left_out else ''}.",
    )


def delay_plot(name: str, histogram: Histogram, late: int, limits: Sequence[Limit]) -> Plot | None:
    """How much later than planned the generator sent, counts on a logarithmic axis; None without a sample."""
    points = spectrum(histogram, 99.999)
    if points is None:
        return None
    values, counts = (np.array(column, dtype=float) for column in zip(*histogram, strict=True))
    bound = min((limit.at_most for limit in limits), default=LATE_MS)
    low, high = max(float(values.min()), 0.01), max(float(values.max()), bound) * 1.3
    edges = np.geomspace(low, high, 60)
    tall, _ = np.histogram(np.clip(values, low, None), edges, weights=counts)
    canvas = Canvas(name, 220)
    axes = canvas.axes(56, 36, 14, 44)
    middle = np.sqrt(edges[:-1] * edges[1:])
    for colour, chosen in ((ACCENT, middle <= bound), (BAD, middle > bound)):
        axes.bar(edges[:-1][chosen], tall[chosen], np.diff(edges)[chosen], align="edge", color=colour, alpha=0.7, lw=0)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(0.7, 2 * max(float(tall.max()), 1))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    axes.axvline(bound, color=BAD, linewidth=1.2, linestyle=_DASHED)
    canvas.label(axes, x=axis_label(word(MEASURES, "send_delay"), "ms"), y=Text(zh="次数", en="count"))
    amount = quantity(bound, "ms")
    canvas.write(axes, 1, 1.045, Text(zh=f"限值 {amount.zh}", en=f"limit {amount.en}"), BAD, "right")
    return canvas.finish(_delay_caption(points, late, bound))


def _delay_caption(points: Spectrum, late: int, bound: float) -> Text:
    n, share, over = grouped(points.count), part(late, points.count), plain(bound)
    middle, tail = (quantity(points.at(percentile), "ms") for percentile in (50.0, 99.9))
    return Text(
        zh=f"实际发送晚于计划的时间（n = {n}，两轴均为对数）：p50 {middle.zh}，p99.9 {tail.zh}；"
        f"迟于 {over} ms 的 {grouped(late)} 次（{share}），超过 0.1 % 则试验无效。",
        en=f"How much later than planned requests were sent (n = {n}, both axes logarithmic): p50 {middle.en}, p99.9 "
        f"{tail.en}; {grouped(late)} ({share}) later than {over} ms; with more than 0.1 % the run is invalid.",
    )


def growth_plot(name: str, observations: Sequence[Observation]) -> Plot | None:
    """The p95 of a verification at each size of the card base; None for fewer than two sizes."""
    sizes = sorted(
        (float(one.cell["cards"]), float(one.value))
        for one in observations
        if one.unit == "ms" and isinstance(one.cell.get("cards"), int | float) and isinstance(one.value, int | float)
    )
    if len({cards for cards, _ in sizes}) < 2:
        return None
    canvas = Canvas(name, 200)
    axes = canvas.axes(46, 30, 24, 44)
    cards, times = zip(*sizes, strict=True)
    axes.plot(cards, times, color=ACCENT, linewidth=1.5, marker="o", markersize=5, clip_on=False)
    axes.axhline(1.2 * times[0], color=BAD, linewidth=1.2, linestyle=_DASHED)
    axes.set_xscale("log")
    axes.set_ylim(0, 1.25 * max(*times, 1.2 * times[0]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(FixedLocator(sorted(set(cards))))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: grouped(value)))
    axes.margins(x=0.06)
    canvas.label(axes, word(CELL_KEYS, "cards"), axis_label(word(MEASURES, "verification_p95"), "ms"))
    growth = plain(100 * (times[-1] / times[0] - 1))
    few, many = grouped(cards[0]), grouped(cards[-1])
    return canvas.finish(
        Text(
            zh=f"各卡量下的验码 p95：由 {few} 张增至 {many} 张，增长 {growth} %；红虚线为最小卡量之上 20 %。",
            en=f"p95 of a verification at each size of the card base: from {few} to {many} cards it grows by "
            f"{growth} %; red dashed: 20 % above the smallest.",
        )
    )
