"""Tables of the supply of a device."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from rigs.bench_tables.base import Table


class EmulatedPowerTable(Table):
    """Start the software twin of a bench supply, and feed the emulated scanner from it."""


class PowerTable(Table):
    """The supply of the scanner."""

    driver: Literal["scpi"]
    resource: str | None = None
    emulated: EmulatedPowerTable | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.resource is None) == (self.emulated is None):
            raise ValueError("needs either `resource` (a VISA name) or a table [power.emulated], and not both")
        return self
