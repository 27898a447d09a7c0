"""An emulated lux meter as a process: SCPI on a loopback port, its sensor in the beam of an emulated lamp.

SCPI-1999 names no illuminance; the header is modelled on its measurement instructions.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from rigs.emulators.scpi_instrument import COMMON, ScpiInstrument, header, serve

IDENTITY = "XIANGKA,EMU-LUX,0001,1.0"
ROOM_LX = 120.0
"""What reaches the sensor with every lamp of the bench dark, lx."""
PATIENCE_S = 5.0


@dataclass(frozen=True)
class LuxMeterOptions:
    """What an emulated lux meter is started with.

    Attributes:
        port: loopback port of the SCPI interface, 0 for any free one.
        beam: ``host:port`` of the beam its sensor is in, or None for the light of the room alone.
        tethered: end when standard input closes.
    """

    port: int = 0
    beam: str | None = None
    tethered: bool = False


class EmulatedLuxMeter(ScpiInstrument):
    """A meter whose sensor stands at the place of the device."""

    def __init__(self) -> None:
        super().__init__(IDENTITY)
        self._beam_lx = 0.0

    async def stand_in(self, beam: str) -> None:
        """Follow the light of a beam until the lamp is gone, which leaves the sensor in the dark."""
        host, _, port = beam.rpartition(":")
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), PATIENCE_S)
            with contextlib.closing(writer):
                while line := await reader.readline():
                    self._beam_lx = float(line)
        self._beam_lx = 0.0

    def illuminance(self) -> str:
        """``MEAS:ILL?``, lx."""
        return f"{ROOM_LX + self._beam_lx:.1f}"


EmulatedLuxMeter.commands = (
    *COMMON,
    (header("MEASure[:SCALar]:ILLuminance?"), 0, EmulatedLuxMeter.illuminance),
)


def run_lux_meter(options: LuxMeterOptions) -> None:
    """Run an emulated lux meter until SIGTERM, SIGINT, or the end of its tether; prints its VISA resource.

    Raises:
        RigError: its port is taken.
    """
    asyncio.run(_run(options))


async def _run(options: LuxMeterOptions) -> None:
    meter = EmulatedLuxMeter()
    sensor = None if options.beam is None else asyncio.create_task(meter.stand_in(options.beam))
    await serve("lux_meter", [(meter.serve_scpi, options.port)], tethered=options.tethered)
    if sensor is not None:
        sensor.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sensor
