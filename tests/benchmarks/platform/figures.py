"""The results as a table and as a plot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import median

import matplotlib as mpl
from rich.console import Console
from rich.table import Table

from tests.benchmarks.platform.load import Measured

mpl.use("Agg")
from matplotlib import pyplot as plt


def print_table(
    console: Console, bursts: Mapping[str, list[Measured]], figures: Mapping[str, float], ratios: Mapping[str, float]
) -> None:
    """Print every contestant, every ratio and every single figure."""
    table = Table(title="Verifications under load", title_justify="left")
    for heading in ("what", "per second", "per CPU second", "p50 ms", "p95 ms", "p99 ms"):
        table.add_column(heading)
    for name, measured in bursts.items():
        table.add_row(
            name,
            f"{median(one.rate for one in measured):.0f}",
            f"{1e6 / median(one.cpu_us for one in measured):.0f}",
            *(f"{median(getattr(one, p) for one in measured):.1f}" for p in ("p50_ms", "p95_ms", "p99_ms")),
        )
    console.print(table)
    for name, ratio in ratios.items():
        console.print(f"{name}: {ratio:.2f}", highlight=False)
    for name, figure in figures.items():
        console.print(f"{name}: {figure:.1f}", highlight=False)


def draw(bursts: Mapping[str, list[Measured]], file: Path) -> None:
    """Draw accepted answers a second, each burst a point, the median a bar."""
    names = list(reversed(bursts))
    figure, axes = plt.subplots(figsize=(9, 0.6 + 0.4 * len(names)), layout="constrained")
    for row, name in enumerate(names):
        rates = [one.rate for one in bursts[name]]
        axes.barh(row, median(rates), color="#3b6ea5", height=0.6)
        axes.plot(rates, [row] * len(rates), "o", color="#d9822b", markersize=4)
        axes.text(max(*rates, median(rates)) * 1.08, row, f"{median(rates):.0f}", va="center", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.margins(x=0.15)
    axes.set_xscale("log")
    axes.set_xlabel("accepted answers a second (log), 64 connections; dots: single bursts")
    figure.savefig(file, dpi=130)
    plt.close(figure)
