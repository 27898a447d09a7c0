"""Tables of the supply of a device."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from rigs.bench_tables.base import Table
from rigs.bench_tables.instruments import InstrumentTable


class EmulatedPowerTable(Table):
    """Start the software twin of a bench supply, and feed the emulated scanner from it."""


class PowerTable(InstrumentTable):
    """The supply of the scanner: a bench supply, or a plug in the operator's hand."""

    driver: Literal["scpi", "operator"]
    resource: str | None = None
    emulated: EmulatedPowerTable | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.driver == "operator":
            if self.resource is not None:
                raise ValueError('driver "operator" has no `resource`: a person switches the supply')
        elif (self.resource is None) == (self.emulated is None):
            raise ValueError("needs either `resource` (a VISA name) or a table [power.emulated], and not both")
        return self
