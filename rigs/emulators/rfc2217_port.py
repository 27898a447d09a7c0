"""A serial line behind an RFC 2217 server: the host's rate, parity, modem lines and break are seen at the device.

The protocol is pyserial's ``serial.rfc2217.PortManager``, which asks a serial port for its state; ``HostUart`` stands
in for that port.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import serial
from serial.rfc2217 import PortManager

from rigs.emulators.tcp_port import TcpPort
from rigs.framing import PLAIN, Framing, Parity, understood

_IAC = b"\xff"
_PARITIES: dict[str, Parity] = {serial.PARITY_NONE: "none", serial.PARITY_EVEN: "even", serial.PARITY_ODD: "odd"}
_RTS_LOOK_S = 0.2


@dataclass
class HostUart:
    """The host's side of the line as it was last set: what ``PortManager`` reads and writes.

    Attributes:
        dtr, rts: outputs of the host.
        cts, dsr, cd, ri: outputs of the device.
        breaks: how many breaks have begun.
    """

    baudrate: int
    parity: str = serial.PARITY_NONE
    stopbits: float = serial.STOPBITS_ONE
    bytesize: int = serial.EIGHTBITS
    xonxoff: bool = False
    rtscts: bool = False
    dtr: bool = False
    cts: bool = True
    dsr: bool = True
    cd: bool = True
    ri: bool = False
    breaks: int = 0
    arrived: bytearray = field(default_factory=bytearray)
    """Characters on their way to the device."""
    ready: threading.Event = field(default_factory=threading.Event)
    """Set while the host holds RTS."""

    @property
    def rts(self) -> bool:
        """Whether the host is ready to receive."""
        return self.ready.is_set()

    @rts.setter
    def rts(self, on: bool) -> None:
        if on:
            self.ready.set()
        else:
            self.ready.clear()

    @property
    def break_condition(self) -> bool:
        """Not kept: a break arrives as one NUL whose stop bit is missing, as a UART hands it on."""
        return False

    @break_condition.setter
    def break_condition(self, on: bool) -> None:
        if on:
            self.breaks += 1
            self.arrived.append(0)

    @property
    def framing(self) -> Framing | None:
        """How the host frames its characters, None where no device of ours could read it."""
        parity = _PARITIES.get(self.parity)
        if parity is None or self.bytesize != serial.EIGHTBITS:
            return None
        return Framing(parity, 2 if self.stopbits == serial.STOPBITS_TWO else 1)

    def reset_input_buffer(self) -> None:
        """Nothing is held back for the host."""

    def reset_output_buffer(self) -> None:
        """Nothing is held back for the device."""


class Rfc2217Port(TcpPort):
    """An RFC 2217 server for one host at a time.

    At a rate or parity other than the device's own, the device drops what it cannot make out, and the host gets
    characters that are not the ones sent. While the host holds RTS down, nothing is sent to it; the device raises DSR,
    CTS and DCD while it has power.

    Args:
        baud: the device's line rate, bit/s.
        pace: ``uart`` as said; ``usb`` is a virtual serial port that minds neither rate nor parity.
        framing: how the device frames its characters.
    """

    scheme = "rfc2217"

    def __init__(self, baud: int, pace: str, framing: Framing = PLAIN) -> None:
        self.uart = HostUart(baud)
        self._minds = pace == "uart"
        self._framing = framing
        self.uart.rts = True
        self._closing = False
        self._manager: PortManager | None = None
        super().__init__(baud, pace, framing)

    def read(self, timeout_s: float) -> bytes:
        """Bytes from the host that the device can make out; empty when none came in time."""
        data = super().read(timeout_s)
        if self._manager is not None and self._host is not None:
            self._manager.check_modem_lines()
        return data

    def power(self, on: bool) -> None:
        """Lower or raise DSR, CTS and DCD."""
        self.uart.dsr = self.uart.cts = self.uart.cd = on

    def close(self) -> None:
        """Unplug: the host's connection ends."""
        self._closing = True
        super().close()

    def _met(self) -> None:
        self._manager = PortManager(cast(Any, self.uart), cast(Any, _Connection(self._put)))

    def _parted(self) -> None:
        # What waits for RTS is lost with the host; and the next one may never say a word of RTS.
        self.uart.rts = True

    def _heard(self, data: bytes) -> bytes:
        assert self._manager is not None  # noqa: S101 - made when the host was met
        arrived = self.uart.arrived
        try:
            for character in self._manager.filter(data):
                arrived += character if self._makes_out(character[0]) else b""
        except (struct.error, KeyError, TypeError, ValueError):
            self._part()  # no RFC 2217: there is no telling what of it is data
        found = bytes(arrived)
        arrived.clear()
        return found

    def _makes_out(self, byte: int) -> bool:
        if not self._minds:
            return True
        framing = self.uart.framing
        return framing is not None and self.uart.baudrate == self.baud and understood(byte, framing, self._framing)

    def _write(self, piece: bytes) -> None:
        while not self.uart.ready.wait(_RTS_LOOK_S):
            if self._closing:
                return
        seen = bytes(byte if self._makes_out(byte) else byte ^ 0xA5 for byte in piece)
        self._put(seen.replace(_IAC, _IAC * 2))


@dataclass(frozen=True)
class _Connection:
    """Where ``PortManager`` writes its own words."""

    write: Callable[[bytes], None]
