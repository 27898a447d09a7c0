"""An emulated bench supply as a process: SCPI on one loopback port, the state of its rail on another.

The commands and their short forms are those of SCPI-1999, as far as a supply with one output needs them.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
import signal
import socket
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from rigs.errors import RigError
from rigs.tether import when_stdin_closes

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
MAX_ERRORS = 16

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


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


class EmulatedSupply:
    """A supply with one output, found as a technician leaves it: on, at 5 V."""

    def __init__(self) -> None:
        self._on = True
        self._volts = DEFAULT_V
        self._switched_s = -math.inf
        self._rail: set[asyncio.StreamWriter] = set()
        self._errors: deque[str] = deque()

    async def serve_rail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Tell one device whether it has power, now and at each change, until it hangs up."""
        self._rail.add(writer)
        with _served(writer):
            writer.write(self._state())
            while await reader.read(64):
                pass
        self._rail.discard(writer)

    async def serve_scpi(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Obey one controller until it hangs up."""
        with _served(writer):
            while (line := await _line(reader, writer)).endswith(b"\n"):
                reply = self.execute(line.decode("ascii", "replace"))
                if reply is not None:
                    writer.write(reply.encode() + b"\n")
                    await writer.drain()

    def execute(self, line: str) -> str | None:
        """Carry out one program message; the reply to a query, or None."""
        header, *arguments = line.split(maxsplit=1) or [""]
        if not header:
            return None
        for pattern, arity, act in _COMMANDS:
            if pattern.fullmatch(header):
                if len(arguments) == arity:
                    return act(self, *(argument.strip() for argument in arguments))
                self._error('-109,"Missing parameter"' if arity else '-108,"Parameter not allowed"')
                return None
        self._error('-113,"Undefined header"')
        return None

    def identity(self) -> str:
        """``*IDN?``."""
        return IDENTITY

    def reset(self) -> None:
        """``*RST``: output off, voltage at its default."""
        self._set_output(False)
        self._volts = DEFAULT_V

    def clear(self) -> None:
        """``*CLS``."""
        self._errors.clear()

    def output(self, state: str) -> None:
        """``OUTP``."""
        if state.upper() in ("ON", "1", "OFF", "0"):
            self._set_output(state.upper() in ("ON", "1"))
        else:
            self._error('-224,"Illegal parameter value"')

    def output_state(self) -> str:
        """``OUTP?``."""
        return "1" if self._on else "0"

    def set_voltage(self, volts: str) -> None:
        """``VOLT``."""
        try:
            value = float(volts)
        except ValueError:
            self._error('-104,"Data type error"')
            return
        if 0 <= value <= MAX_V:
            self._volts = value
        else:
            self._error('-222,"Data out of range"')

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

    def next_error(self) -> str:
        """``SYST:ERR?``: the oldest error."""
        return self._errors.popleft() if self._errors else '0,"No error"'

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

    def _error(self, entry: str) -> None:
        if len(self._errors) < MAX_ERRORS:
            self._errors.append(entry)
        else:
            self._errors[-1] = '-350,"Queue overflow"'


async def _line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    # A controller that sends two messages in a row holds the second back until the first is acknowledged: 40 ms
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    return await reader.readline()


@contextlib.contextmanager
def _served(writer: asyncio.StreamWriter) -> Iterator[None]:
    # ValueError is a line without end; asyncio would report clients that are cut off at the end as failures
    with contextlib.suppress(OSError, ValueError, asyncio.CancelledError), contextlib.closing(writer):
        yield


def _header(notation: str) -> re.Pattern[str]:
    """A header in the notation of SCPI manuals: the short form in capitals, optional nodes in brackets."""
    pattern = re.escape(notation).replace(r"\[", "(?:").replace(r"\]", ")?")
    return re.compile(":?" + re.sub(r"([A-Z]+)([a-z]+)", r"\1(?:\2)?", pattern), re.IGNORECASE)


_COMMANDS: tuple[tuple[re.Pattern[str], int, Callable[..., str | None]], ...] = (
    (_header("*IDN?"), 0, EmulatedSupply.identity),
    (_header("*RST"), 0, EmulatedSupply.reset),
    (_header("*CLS"), 0, EmulatedSupply.clear),
    (_header("OUTPut[:STATe]"), 1, EmulatedSupply.output),
    (_header("OUTPut[:STATe]?"), 0, EmulatedSupply.output_state),
    (_header("[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]"), 1, EmulatedSupply.set_voltage),
    (_header("[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]?"), 0, EmulatedSupply.voltage),
    (_header("[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude]?"), 0, EmulatedSupply.current_limit),
    (_header("MEASure[:SCALar]:VOLTage[:DC]?"), 0, EmulatedSupply.measured_voltage),
    (_header("MEASure[:SCALar]:CURRent[:DC]?"), 0, EmulatedSupply.measured_current),
    (_header("SYSTem:ERRor[:NEXT]?"), 0, EmulatedSupply.next_error),
)


def run_power_supply(options: PowerSupplyOptions) -> None:
    """Run an emulated supply until SIGTERM, SIGINT, or the end of its tether.

    Prints one line: the VISA resource of its SCPI interface, a space, and ``host:port`` of its rail.

    Raises:
        RigError: a port is taken.
    """
    asyncio.run(_run(options))


async def _run(options: PowerSupplyOptions) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    supply = EmulatedSupply()
    scpi, port = await _listen(supply.serve_scpi, options.port)
    rail, rail_port = await _listen(supply.serve_rail, options.rail_port)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if options.tethered:
        when_stdin_closes(lambda: _stop(loop, stopping))
    print(f"TCPIP::127.0.0.1::{port}::SOCKET 127.0.0.1:{rail_port}", flush=True)  # noqa: T201
    await stopping.wait()
    scpi.close()
    rail.close()


async def _listen(handler: Handler, port: int) -> tuple[asyncio.Server, int]:
    try:
        server = await asyncio.start_server(handler, "127.0.0.1", port)
    except OSError as error:
        raise RigError(
            f"port {port} of the emulated supply cannot be opened ({error.strerror})",
            where="power",
            remedy="stop what holds it, or name another port",
        ) from error
    return server, server.sockets[0].getsockname()[1]


def _stop(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended already
        loop.call_soon_threadsafe(stopping.set)
