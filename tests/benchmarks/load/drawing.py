"""The parts' curves, one beside the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

from tests.benchmarks.load.part import Part

mpl.use("Agg")
from matplotlib import pyplot as plt

_FEW_POINTS = 20
_COLOURS = ("#3b6ea5", "#d9822b", "#7a7a7a", "#8c3b6e")


def _timed(name: str) -> bool:
    return "p95" in name


def draw(parts: Sequence[Part], file: Path) -> None:
    """Draw every part that has curves."""
    drawn = [part for part in parts if part.curves]
    if not drawn:
        return
    figure, every = plt.subplots(len(drawn), 1, figsize=(9, 2.6 * len(drawn)), layout="constrained", squeeze=False)
    for part, axes in zip(drawn, every[:, 0], strict=True):
        timed = any(_timed(name) for name in part.curves)
        beside = axes.twinx() if not all(_timed(name) == timed for name in part.curves) else axes
        for (name, points), colour in zip(part.curves.items(), _COLOURS, strict=False):
            own = axes if _timed(name) == timed else beside
            marker = "." if len(points) < _FEW_POINTS else ""
            own.plot(*zip(*points, strict=True), color=colour, linewidth=1, marker=marker, label=name)
        for one, unit in ((beside, "1/s"), (axes, "ms" if timed else "1/s")):
            one.set_ylim(0, 1.3 * one.get_ylim()[1])
            one.set_ylabel(unit, fontsize=8)
        axes.set_title(f"({part.key}) {part.title}", fontsize=9, loc="left")
        axes.set_xlabel("round" if part.key == "d" else "s", fontsize=8)
        lines = [*axes.get_lines(), *(beside.get_lines() if beside is not axes else ())]
        axes.legend(handles=lines, fontsize=7, loc="upper left")
    figure.savefig(file, dpi=130)
    plt.close(figure)
