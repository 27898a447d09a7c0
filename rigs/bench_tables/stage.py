"""Table of whatever sets distance and light."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rigs.bench_tables.base import Table


class StageTable(Table):
    """A person who moves a phone along a rail and sets its brightness, a polariser and the light."""

    driver: Literal["operator"]
    pixel_mm: float = Field(gt=0.01, lt=2)
    """Width of one frame pixel as it stands on the display, mm: measure the shown code and divide."""
