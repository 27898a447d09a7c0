"""An emulated bench supply as a process: SCPI on one loopback port, the state of its rail on another.

The commands and their short forms are those of SCPI-1999, as far as a supply with one output needs them.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass

from rigs.emulators.scpi_instrument import COMMON, ScpiInstrument, header, serve, served

IDENTITY = "XIANGKA,EMU-PSU,0001,1.0"
DEVICE_A = 0.160
"""What one device on the rail draws, A."""
INRUSH_A = 0.800
"""What one device draws on top of that at the moment of switching on, A."""
INRUSH_S = 0.050
"""Time constant of the inrush, s."""
FALL_S = 0.010
"""Time constant with which the output falls once it is off, s."""
LIMIT_A = 3.0
DEFAULT_V = 5.0
MAX_V = 30.0


@dataclass(frozen=True)
class PowerSupplyOptions:
    """What an emulated supply is started with.

    Attributes:
        port: loopback port of the SCPI interface, 0 for any free one.
        rail_port: loopback port of the rail, 0 for any free one.
        tethered: end when standard input closes, so that no process outlives the bench that started it.
    """

    port: int = 0
    rail_port: int = 0
    tethered: bool = False


class EmulatedSupply(ScpiInstrument):
    """A supply with one output, found as a technician leaves it: on, at 5 V."""

    def __init__(self) -> None:
        super().__init__(IDENTITY)
        self._on = True
        self._volts = DEFAULT_V
        self._switched_s = -math.inf
        self._rail: set[asyncio.StreamWriter] = set()

    async def serve_rail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Tell one device whether it has power, now and at each change, until it hangs up."""
        self._rail.add(writer)
        with served(writer):
            writer.write(self._state())
            while await reader.read(64):
                pass
        self._rail.discard(writer)

    def reset(self) -> None:
        """``*RST``: output off, voltage at its default."""
        self._set_output(False)
        self._volts = DEFAULT_V

    def output(self, state: str) -> None:
        """``OUTP``."""
        if state.upper() in ("ON", "1", "OFF", "0"):
            self._set_output(state.upper() in ("ON", "1"))
        else:
            self.error('-224,"Illegal parameter value"')

    def output_state(self) -> str:
        """``OUTP?``."""
        return "1" if self._on else "0"

    def set_voltage(self, volts: str) -> None:
        """``VOLT``."""
        value = self.number(volts, 0, MAX_V)
        if value is not None:
            self._volts = value

    def voltage(self) -> str:
        """``VOLT?``."""
        return f"{self._volts:.3f}"

    def current_limit(self) -> str:
        """``CURR?``."""
        return f"{LIMIT_A:.3f}"

    def measured_voltage(self) -> str:
        """``MEAS:VOLT?``."""
        return f"{self._volts if self._on else self._volts * self._decay(FALL_S):.3f}"

    def measured_current(self) -> str:
        """``MEAS:CURR?``."""
        each = DEVICE_A + INRUSH_A * self._decay(INRUSH_S)
        return f"{min(len(self._rail) * each, LIMIT_A) if self._on else 0:.3f}"

    def _set_output(self, on: bool) -> None:
        if on == self._on:
            return
        self._on, self._switched_s = on, time.monotonic()
        for device in self._rail:
            device.write(self._state())

    def _state(self) -> bytes:
        return b"1\n" if self._on else b"0\n"

    def _decay(self, constant_s: float) -> float:
        return math.exp((self._switched_s - time.monotonic()) / constant_s)


EmulatedSupply.commands = (
    *COMMON,
    (header("*RST"), 0, EmulatedSupply.reset),
    (header("OUTPut[:STATe]"), 1, EmulatedSupply.output),
    (header("OUTPut[:STATe]?"), 0, EmulatedSupply.output_state),
    (header("[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]"), 1, EmulatedSupply.set_voltage),
    (header("[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]?"), 0, EmulatedSupply.voltage),
    (header("[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude]?"), 0, EmulatedSupply.current_limit),
    (header("MEASure[:SCALar]:VOLTage[:DC]?"), 0, EmulatedSupply.measured_voltage),
    (header("MEASure[:SCALar]:CURRent[:DC]?"), 0, EmulatedSupply.measured_current),
)


def run_power_supply(options: PowerSupplyOptions) -> None:
    """Run an emulated supply until SIGTERM, SIGINT, or the end of its tether.

    Prints one line: the VISA resource of its SCPI interface, a space, and ``host:port`` of its rail.

    Raises:
        RigError: a port is taken.
    """
    supply = EmulatedSupply()
    handlers = [(supply.serve_scpi, options.port), (supply.serve_rail, options.rail_port)]
    asyncio.run(serve("power", handlers, tethered=options.tethered))
