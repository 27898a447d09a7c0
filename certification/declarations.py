"""What a vendor declares beside options: documents of others that a row of method D rests on."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Filled = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EnvironmentReport(_Declaration):
    """The report of a laboratory on climate, mechanics, electromagnetic compatibility and reliability (WS/T 543.5)."""

    file: Filled
    """Path of the report, relative to the subject file."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    laboratory: Filled
    accreditation: Filled
    """Number under which the laboratory is accredited (CNAS, CMA)."""
    issued: date
    """Date of the report."""
    model: Filled
    """Model the report is of."""
    device: Filled
    """Sample the laboratory had, by its serial number or as the report names it."""


class Declarations(_Declaration):
    """Every declaration a subject file may hold."""

    environment: EnvironmentReport | None = None

    @property
    def names(self) -> frozenset[str]:
        """Declarations that stand in the file."""
        return frozenset(name for name, declared in self if declared is not None)


def age_in_years(issued: date, today: date) -> float:
    """How old a document is: whole years, and the share of the year that has begun; below 0 for one of the future.

    Counted by anniversaries, so that a document is exactly 3 years old on the third of them.
    """
    years = today.year - issued.year
    if _anniversary(issued, years) > today:
        years -= 1
    last, following = _anniversary(issued, years), _anniversary(issued, years + 1)
    return years + (today - last).days / (following - last).days


def _anniversary(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February: a document of that day is a year older on 1 March
        return date(day.year + years, 3, 1)
