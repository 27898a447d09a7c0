"""The current a device draws when its supply comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from certification.catalogue import Text
from certification.observations import Observation
from reports.svg import ACCENT, Canvas, Plot
from reports.words import CELL_KEYS, MEASURES, axis_label, word

MEASURE, AFTER = "supply_current", "after_ms"
_FEWEST = 5


def supply_plots(name: str, observations: Sequence[Observation]) -> Iterator[Plot]:
    """The current over the time after switching on, where it was followed; none otherwise."""
    points = sorted(
        (float(one.cell[AFTER]), float(one.value))
        for one in observations
        if one.measure == MEASURE and isinstance(one.cell.get(AFTER), int | float)
    )
    if len(points) < _FEWEST:
        return
    canvas = Canvas(f"{name}-{MEASURE}", 190)
    axes = canvas.axes(46, 30, 14, 44)
    times, currents = [time for time, _ in points], [1000 * current for _, current in points]
    axes.plot(times, currents, color=ACCENT, linewidth=1.5, marker="o", markersize=2.5)
    axes.set_xlim(0, times[-1])
    axes.set_ylim(0, 1.12 * max(*currents, 1))
    canvas.label(axes, axis_label(word(CELL_KEYS, AFTER), "ms"), axis_label(word(MEASURES, MEASURE), "mA"))
    peak = max(currents)
    yield canvas.finish(
        Text(
            zh=f"首次断电后恢复供电时终端的电流：最大 {peak:.0f} mA，随后稳定于 {currents[-1]:.0f} mA。",
            en=f"Current of the terminal when its supply came back after the first cut: {peak:.0f} mA at most, then "
            f"{currents[-1]:.0f} mA.",
        )
    )
