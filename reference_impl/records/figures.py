"""What a figure of the statistics is: numbers that never travel without the definition they were counted by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Cell = str | int | float | None
"""A text, a count, a share from 0 to 1, or nothing where there was nothing to divide by."""


@dataclass(frozen=True)
class Figure:
    """One table of numbers.

    Attributes:
        name: stable name, for programs.
        title_zh, title_en: what stands above it.
        definition_zh, definition_en: what was counted, to be printed with it.
        columns: names of the columns; those that end in ``share`` hold shares.
        rows: the numbers.
    """

    name: str
    title_zh: str
    title_en: str
    definition_zh: str
    definition_en: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def as_json(self) -> dict[str, Any]:
        """Return the figure as JSON values, each row an object."""
        return {
            "name": self.name,
            "title": {"zh": self.title_zh, "en": self.title_en},
            "definition": {"zh": self.definition_zh, "en": self.definition_en},
            "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
        }

    def text_rows(self) -> list[list[str]]:
        """Return the rows as text for a printed table: shares in per cent, "–" where there is nothing."""
        return [
            [_text(cell, column.endswith("share")) for column, cell in zip(self.columns, row, strict=True)]
            for row in self.rows
        ]


@dataclass(frozen=True)
class Statistics:
    """All figures of a period, Unix ms, ``to_ms`` excluded."""

    from_ms: int
    to_ms: int
    figures: tuple[Figure, ...]

    def figure(self, name: str) -> Figure:
        """Return the figure of this name.

        Raises:
            KeyError: there is none.
        """
        return {figure.name: figure for figure in self.figures}[name]

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "from_ms": self.from_ms,
            "to_ms": self.to_ms,
            "figures": [figure.as_json() for figure in self.figures],
        }


def share(part: int, whole: int) -> float | None:
    """Return ``part`` of ``whole`` as a number from 0 to 1, None of nothing."""
    return part / whole if whole else None


def _text(cell: Cell, is_share: bool) -> str:
    if cell is None:
        return "–"
    return f"{cell:.2%}" if is_share and isinstance(cell, float) else str(cell)
