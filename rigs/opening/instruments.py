"""Opens the instruments that light the device and measure the light on it."""

from __future__ import annotations

from dataclasses import dataclass

from rigs.bench_tables.instruments import LightSourceTable, LuxMeterTable
from rigs.instruments.light_source import ScpiLightSource
from rigs.instruments.lux_meter import ScpiLuxMeter
from rigs.opening.opening import Opening
from rigs.operators.light import OperatorLuxMeter


@dataclass(frozen=True)
class OpenedLamp:
    """A lamp and, where it is emulated, its beam, which emulated sensors stand in.

    Attributes:
        lamp: the role.
        beam: ``host:port``, or None.
    """

    lamp: ScpiLightSource
    beam: str | None = None


def open_light_source(table: LightSourceTable, opening: Opening) -> OpenedLamp:
    """The lamp of a bench.

    Raises:
        RigError: the instrument is absent or silent.
    """
    resource, beam = table.resource, None
    if resource is None:
        resource, beam = opening.start("light_source", ["emulate", "light-source", "--tethered"]).greeting.split()
    lamp = ScpiLightSource(
        resource, opening.journal, command=table.command, settle_s=table.settle_s, library=table.visa
    )
    opening.closing.callback(lamp.close)
    return OpenedLamp(lamp, beam)


def open_lux_meter(table: LuxMeterTable, beam: str | None, opening: Opening) -> ScpiLuxMeter | OperatorLuxMeter:
    """The lux meter of a bench; an emulated one stands in the beam of the emulated lamp, where there is one.

    One that a person reads is known by its label.

    Raises:
        RigError: the instrument is absent or silent.
    """
    if table.driver == "operator":
        return OperatorLuxMeter(opening.person, table.label or "", table.uncertainty_percent)
    resource = table.resource
    if resource is None:
        arguments = ["emulate", "lux-meter", "--tethered", *(["--beam", beam] if beam is not None else [])]
        resource = opening.start("lux_meter", arguments).greeting
    meter = ScpiLuxMeter(
        resource,
        opening.journal,
        query=table.query,
        uncertainty_percent=table.uncertainty_percent,
        library=table.visa,
    )
    opening.closing.callback(meter.close)
    return meter
