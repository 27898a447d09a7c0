"""Opens the supply of the device."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from rigs.bench_tables.power import PowerTable
from rigs.instruments.power_supply import ScpiPowerSupply
from rigs.opening.opening import Opening
from rigs.opening.operator import give_hand
from rigs.operators.power import OperatorPower
from rigs.roles import Power


@dataclass(frozen=True)
class OpenedPower:
    """A supply and, where it is emulated, the rail that emulated devices are fed from.

    Attributes:
        supply: the role.
        rail: ``host:port``, or None.
        identity: what the instrument says of itself; None where a person switches the supply.
    """

    supply: Power
    rail: str | None = None
    identity: str | None = None


def open_power(table: PowerTable, opening: Opening) -> OpenedPower:
    """The supply of a bench.

    Raises:
        RigError: the instrument is absent or silent.
        BenchFileError: a person is to switch it, and the bench has none.
    """
    resource, rail = table.resource, None
    if table.emulated is not None:
        greeting = opening.start("power", ["emulate", "power-supply", "--tethered"]).greeting
        resource, rail = greeting.split()
    instrument = None
    if resource is not None:
        instrument = ScpiPowerSupply(resource, opening.journal, library=table.visa)
        opening.closing.callback(instrument.close)
    if table.driver == "operator":
        if instrument is not None:
            give_hand(opening.person, "plug", functools.partial(_move_plug, instrument))
        return OpenedPower(OperatorPower(opening.person), rail)
    assert instrument is not None  # noqa: S101 - the bench file has a resource or an emulated supply
    return OpenedPower(instrument, rail, instrument.identity)


def _move_plug(supply: Power, where: str) -> None:
    """What a hand does at the plug of an emulated supply: ``in`` or ``out``."""
    if where == "in":
        supply.restore()
    else:
        supply.cut()
