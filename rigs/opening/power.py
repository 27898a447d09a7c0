"""Opens the supply of the device."""

from __future__ import annotations

from dataclasses import dataclass

from rigs.bench_tables.power import PowerTable
from rigs.instruments.power_supply import ScpiPowerSupply
from rigs.opening.opening import Opening
from rigs.roles import Power


@dataclass(frozen=True)
class OpenedPower:
    """A supply and, where it is emulated, the rail that emulated devices are fed from.

    Attributes:
        supply: the role.
        rail: ``host:port``, or None.
    """

    supply: Power
    rail: str | None = None


def open_power(table: PowerTable, opening: Opening) -> OpenedPower:
    """The supply of a bench.

    Raises:
        RigError: the instrument is absent or silent.
    """
    rail = None
    resource = table.resource
    if resource is None:
        greeting = opening.start("power", ["emulate", "power-supply", "--tethered"]).greeting
        resource, rail = greeting.split()
    supply = ScpiPowerSupply(resource, opening.journal)
    opening.closing.callback(supply.close)
    return OpenedPower(supply, rail)
