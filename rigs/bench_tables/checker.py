"""Tables of a terminal that checks codes itself, by a clock of its own."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rigs.bench_tables.base import Table


class EmulatedCheckerTable(Table):
    """Start the software twin of such a terminal, against the bench's platform."""


class CheckerTable(Table):
    """The part of the terminal under test that asks the platform."""

    driver: Literal["json-line"]
    url: Annotated[str, Field(pattern=r"^socket://[^:/]+:\d+$")] | None = None
    hardware: bool = False
    """Whether a URL is declared to lead to real hardware; the declaration stands in the report."""
    emulated: EmulatedCheckerTable | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.url is None) == (self.emulated is None):
            raise ValueError("needs either `url` (socket://host:port) or a table [checker.emulated], and not both")
        return self
