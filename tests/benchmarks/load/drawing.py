"""The parts' curves, one beside the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

from tests.benchmarks.load.part import Part

mpl.use("Agg")
from matplotlib import pyplot as plt

_COLOURS = ("#3b6ea5", "#d9822b", "#7a7a7a", "#8c3b6e")


def draw(parts: Sequence[Part], file: Path) -> None:
    """Draw every part that has curves."""
    drawn = [part for part in parts if part.curves]
    if not drawn:
        return
    figure, every = plt.subplots(len(drawn), 1, figsize=(9, 2.6 * len(drawn)), layout="constrained", squeeze=False)
    for part, axes in zip(drawn, every[:, 0], strict=True):
        for (name, points), colour in zip(part.curves.items(), _COLOURS, strict=False):
            own = axes.twinx() if name.startswith("offered") and any("ms" in other for other in part.curves) else axes
            own.plot(*zip(*points, strict=True), color=colour, linewidth=1, label=name)
            own.set_ylabel(name if own is not axes else "", fontsize=8)
            own.set_ylim(bottom=0)
        axes.set_title(f"({part.key}) {part.title}", fontsize=9, loc="left")
        axes.set_xlabel("round" if part.key == "d" else "s", fontsize=8)
        axes.legend(fontsize=7, loc="upper left")
    figure.savefig(file, dpi=130)
    plt.close(figure)
