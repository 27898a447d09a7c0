"""A lux meter that speaks SCPI, in the role of ``LuxMeter``.

Tried on: the emulated meter of ``rigs.emulators.lux_meter`` and one simulated by pyvisa-sim; on no hardware yet.
"""

from __future__ import annotations

from rigs.errors import RigError
from rigs.instruments.scpi_link import ScpiLink
from rigs.journal import Journal
from rigs.roles import LuxMeter

CHANNEL = "lux_meter"
SUNLIGHT_LX = 200_000.0
"""No place on earth is lighter, lx."""


class ScpiLuxMeter(LuxMeter):
    """A lux meter.

    Args:
        resource: VISA resource string.
        journal: where every message is recorded, channel ``lux_meter``.
        query: what it is asked; the answer is in lx.
        uncertainty_percent: expanded uncertainty (k = 2), percent of what it reads.
        timeout_s: how long the instrument may take for one message, s.
        library: VISA library, as ``pyvisa.ResourceManager`` names it.

    Raises:
        RigError: the resource cannot be opened, what answers there is no SCPI instrument, or it reports an error.
    """

    def __init__(
        self,
        resource: str,
        journal: Journal,
        *,
        query: str = "MEAS:ILL?",
        uncertainty_percent: float = 8.0,
        timeout_s: float = 2.0,
        library: str = "@py",
    ) -> None:
        self.uncertainty_percent = uncertainty_percent
        self._query = query
        self._link = ScpiLink(resource, CHANNEL, journal, timeout_s, library)

    @property
    def identity(self) -> str:
        """Manufacturer, model, serial number and firmware, as the instrument gives them."""
        return self._link.identity

    def illuminance_lx(self) -> float:
        """Illuminance now, lx."""
        value = self._link.number(self._query)
        self._link.check()
        if not 0 <= value <= SUNLIGHT_LX:
            raise RigError(
                f"the meter reads {value:g} lx, which cannot be",
                where=CHANNEL,
                remedy="check its sensor, its range and that `query` asks for illuminance",
            )
        return value

    def close(self) -> None:
        """Release the instrument."""
        self._link.close()
