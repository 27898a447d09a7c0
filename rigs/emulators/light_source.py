"""An emulated lamp as a process: SCPI on one loopback port, what it sheds on the bench on another.

SCPI-1999 knows no lamp; the headers are modelled on its source subsystem.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from dataclasses import dataclass

from rigs.emulators.scpi_instrument import COMMON, ScpiInstrument, header, serve, served

IDENTITY = "XIANGKA,EMU-LAMP,0001,1.0"
FULL_LX = 12_000.0
"""Illuminance it gives at the place of the device at 100 %, lx."""
WARM_S = 0.030
"""Time constant with which its light follows its level, s."""
TOLD_S = 0.010
"""How often those in its beam are told while its light changes, s."""
STILL_LX = 0.1
"""A change below this is none, lx."""


@dataclass(frozen=True)
class LightSourceOptions:
    """What an emulated lamp is started with.

    Attributes:
        port: loopback port of the SCPI interface, 0 for any free one.
        beam_port: loopback port of its beam, 0 for any free one.
        full_lx: illuminance at the place of the device at 100 %, lx.
        tethered: end when standard input closes.
    """

    port: int = 0
    beam_port: int = 0
    full_lx: float = FULL_LX
    tethered: bool = False


class EmulatedLamp(ScpiInstrument):
    """A dimmable lamp, found dark.

    Args:
        full_lx: illuminance at the place of the device at 100 %, lx.
    """

    def __init__(self, full_lx: float) -> None:
        super().__init__(IDENTITY)
        self._full_lx = full_lx
        self._level = 0.0
        self._from_lx = 0.0
        self._set_s = -math.inf

    async def serve_beam(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Shed light on whoever is in the beam: one line with lx at each change, until it hangs up."""
        told = -math.inf
        with served(writer):
            while not reader.at_eof():
                if abs(self._lx() - told) > STILL_LX:
                    told = self._lx()
                    writer.write(f"{told:.3f}\n".encode())
                    await writer.drain()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(64), TOLD_S)

    def reset(self) -> None:
        """``*RST``: dark."""
        self._set(0.0)

    def set_level(self, percent: str) -> None:
        """``LEV``, percent."""
        value = self.number(percent, 0, 100)
        if value is not None:
            self._set(value)

    def level(self) -> str:
        """``LEV?``, percent."""
        return f"{self._level:.2f}"

    def _set(self, level: float) -> None:
        self._from_lx, self._set_s = self._lx(), time.monotonic()
        self._level = level

    def _lx(self) -> float:
        to_lx = self._full_lx * self._level / 100
        return to_lx + (self._from_lx - to_lx) * math.exp((self._set_s - time.monotonic()) / WARM_S)


EmulatedLamp.commands = (
    *COMMON,
    (header("*RST"), 0, EmulatedLamp.reset),
    (header("[SOURce:]LEVel[:IMMediate]"), 1, EmulatedLamp.set_level),
    (header("[SOURce:]LEVel[:IMMediate]?"), 0, EmulatedLamp.level),
)


def run_light_source(options: LightSourceOptions) -> None:
    """Run an emulated lamp until SIGTERM, SIGINT, or the end of its tether.

    Prints one line: the VISA resource of its SCPI interface, a space, and ``host:port`` of its beam.

    Raises:
        RigError: a port is taken.
    """
    lamp = EmulatedLamp(options.full_lx)
    handlers = [(lamp.serve_scpi, options.port), (lamp.serve_beam, options.beam_port)]
    asyncio.run(serve("light_source", handlers, tethered=options.tethered))
