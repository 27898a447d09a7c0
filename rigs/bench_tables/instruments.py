"""Tables of measuring and supplying instruments, with the calibration each one has."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rigs.bench_tables.base import Table


class InstrumentTable(Table):
    """What the table of every instrument says of its calibration, as its certificate has it."""

    visa: str = "@py"
    """VISA library it is spoken to through: ``@py``, ``@ivi`` for a vendor's, ``FILE@sim`` for a simulated one."""
    calibrated: date | None = None
    calibration_due: date | None = None
    certificate: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _a_whole_calibration(self) -> Self:
        told = {name: getattr(self, name) for name in ("calibrated", "calibration_due", "certificate")}
        missing = [name for name, value in told.items() if value is None]
        if 0 < len(missing) < len(told):
            raise ValueError(f"a calibration is told whole: {missing[0]!r} is missing")
        if self.calibrated is not None and self.calibration_due is not None and self.calibration_due <= self.calibrated:
            raise ValueError("`calibration_due` must come after `calibrated`")
        return self


class EmulatedInstrumentTable(Table):
    """Start the software twin of the instrument."""


class LuxMeterTable(InstrumentTable):
    """A lux meter whose sensor stands at the place of the device."""

    driver: Literal["scpi", "operator"]
    resource: str | None = None
    query: str = "MEAS:ILL?"
    """What it is asked; no standard names illuminance, so meters differ."""
    label: Annotated[str, Field(min_length=1)] | None = None
    """Maker, model and serial number of a meter that a person reads."""
    uncertainty_percent: float = Field(default=8.0, gt=0, le=50)
    """Expanded uncertainty (k = 2) from its certificate, percent of what it reads."""
    emulated: EmulatedInstrumentTable | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.driver == "scpi":
            _real_or_emulated(self, "lux_meter")
        elif self.resource is not None or self.emulated is not None:
            raise ValueError('driver "operator" has no `resource` and no [lux_meter.emulated]: a person reads it')
        elif self.label is None:
            raise ValueError('driver "operator" needs `label`: maker, model and serial number on the meter')
        return self


class LightSourceTable(InstrumentTable):
    """A dimmable lamp that lights the device."""

    driver: Literal["scpi"]
    resource: str | None = None
    command: str = "LEV"
    """Header that sets its level, percent, and with a question mark reads it back."""
    settle_s: float = Field(default=2.0, gt=0, le=60)
    """How long its light may take to follow its level."""
    emulated: EmulatedInstrumentTable | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        _real_or_emulated(self, "light_source")
        return self


def _real_or_emulated(table: LuxMeterTable | LightSourceTable, name: str) -> None:
    if (table.resource is None) == (table.emulated is None):
        raise ValueError(f"needs either `resource` (a VISA name) or a table [{name}.emulated], and not both")
