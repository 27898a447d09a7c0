"""What one part of the benchmark found."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass
class Part:
    """A table, single figures, and what a plot is drawn from.

    Attributes:
        key: letter by which it is called.
        title: what was measured.
        columns: headings of the table.
        rows: its rows, each as wide.
        figures: single figures by their name.
        curves: name to the points of a line, x and y.
        notes: what a reader of the figures has to know.
    """

    key: str
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def print(self, console: Console) -> None:
        """Print the table, then the figures."""
        table = Table(title=f"({self.key}) {self.title}", title_justify="left")
        for heading in self.columns:
            table.add_column(heading)
        for row in self.rows:
            table.add_row(*row)
        console.print(table)
        for name, figure in self.figures.items():
            console.print(
                f"  {name}: {figure:.3g}" if abs(figure) < 100 else f"  {name}: {figure:.0f}", highlight=False
            )


def ms(value: float | None) -> str:
    """A latency for the table."""
    return "—" if value is None else f"{value:.1f}"
