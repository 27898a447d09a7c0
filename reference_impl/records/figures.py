"""What a figure of the statistics is: numbers that never travel without the definition they were counted by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

Cell = str | int | float | None
"""A text, a count, a share from 0 to 1, or nothing where there was nothing to divide by."""

COLUMNS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "channel": ("渠道", "channel"),
        "step": ("环节", "step"),
        "state": ("状态", "state"),
        "prefecture": ("市州", "prefecture"),
        "day": ("日期", "day"),
        "scope": ("范围", "scope"),
        "name": ("名称", "name"),
        "org_code": ("机构代码", "institution"),
        "level": ("级别", "level"),
        "cards": ("张数", "cards"),
        "reports": ("环节数", "steps reported"),
        "with_card": ("持卡环节数", "with the card"),
        "share": ("持卡占比", "share"),
        "visits": ("就诊次数", "visits"),
        "visits_with_card": ("持卡就诊次数", "visits with the card"),
        "visit_share": ("持卡次数占比", "share of visits with the card"),
        "persons": ("就诊人数", "persons"),
        "persons_with_card": ("持卡就诊人数", "persons with the card"),
        "person_share": ("持卡人数占比", "share of persons with the card"),
        "target_share": ("目标占比", "target"),
        "outcome": ("结果", "outcome"),
        "verifications": ("验码次数", "verifications"),
        "accepted": ("验码成功次数", "accepted"),
        "accepted_share": ("成功占比", "share accepted"),
        "outcome_share": ("结果占比", "share of all"),
        "scene": ("场景", "scene"),
        "reads": ("现场持卡环节数", "steps at a desk"),
        "filed": ("备案终端", "filed terminal"),
        "not_filed": ("非备案终端", "no filed terminal"),
        "no_serial": ("未报序列号", "no serial"),
        "filed_share": ("备案终端占比", "share through filed terminals"),
    }
)
"""What stands above a column, Chinese and English."""


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
    """All figures of a period, Unix ms, ``to_ms`` excluded; ``mode`` says that they are of synthetic people."""

    from_ms: int
    to_ms: int
    figures: tuple[Figure, ...]
    mode: Literal["TEST"] = "TEST"

    def figure(self, name: str) -> Figure:
        """Return the figure of this name.

        Raises:
            KeyError: there is none.
        """
        return {figure.name: figure for figure in self.figures}[name]

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "mode": self.mode,
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
