"""Tables of a terminal that checks codes itself, by a clock of its own."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rigs.bench_tables.base import Table


class EmulatedCheckerTable(Table):
    """Start the software twin of such a terminal, against the bench's platform."""


class CheckerTable(Table):
    """The part of the terminal under test that asks the platform."""

    driver: Literal["json-line", "operator"]
    url: Annotated[str, Field(pattern=r"^socket://[^:/]+:\d+$")] | None = None
    hardware: bool = False
    """Whether a URL is declared to lead to real hardware; the declaration stands in the report."""
    emulated: EmulatedCheckerTable | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        bound = self.url is not None, self.emulated is not None
        if self.driver == "operator" and any(bound):
            raise ValueError('driver "operator" has neither `url` nor a table [checker.emulated]: a person serves it')
        if self.driver != "operator" and sum(bound) != 1:
            raise ValueError("needs either `url` (socket://host:port) or a table [checker.emulated], and not both")
        return self

    @property
    def software(self) -> bool:
        """Whether it is, or may be, software of ours; what a person serves stands on the desk."""
        return self.driver != "operator" and not self.hardware
