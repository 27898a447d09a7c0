"""A serial line that ends in a pseudo-terminal: what a local program opens like any port.

Its far end shows the host's line rate, but neither parity nor modem lines nor a break.
"""

from __future__ import annotations

import contextlib
import os
import select
import termios
import tty

from rigs.emulators.paced_output import PacedOutput, PacedPort
from rigs.framing import PLAIN, Framing

_RATES = {getattr(termios, f"B{rate}"): rate for rate in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)}
_PATIENCE_S = 0.2
"""How often a port whose host does not read looks whether it is being unplugged, s."""


class PtyPort(PacedPort):
    """A pseudo-terminal whose slave side is the port a host opens.

    Args:
        baud: the device's line rate, bit/s.
        pace: ``uart`` understands nothing, and is not understood, at another rate; ``usb`` ignores the rate. How fast
            each sends says ``PacedOutput``.
        framing: counts for the pace only.
    """

    def __init__(self, baud: int, pace: str, framing: Framing = PLAIN) -> None:
        self._pace = pace
        self._master, self._slave = os.openpty()
        os.set_blocking(self._master, False)
        tty.setraw(self._slave)
        attributes = termios.tcgetattr(self._slave)
        attributes[4] = attributes[5] = getattr(termios, f"B{baud}")
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)
        self._url = os.ttyname(self._slave)
        self._unplugged = False
        self._output = PacedOutput(baud, pace, framing, self._write)

    @property
    def url(self) -> str:
        """Path of the port a host opens."""
        return self._url

    def read(self, timeout_s: float) -> bytes:
        """Bytes from the host, empty when none came in time or the host speaks at another rate."""
        ready, _, _ = select.select([self._master], [], [], timeout_s)
        if not ready:
            return b""
        data = os.read(self._master, 4096)
        return data if self._rate_matches() else b""

    def power(self, on: bool) -> None:
        """Nothing on a pseudo-terminal tells."""

    def close(self) -> None:
        """Unplug: both ends are closed, and the host sees its port go away."""
        self._unplugged = True
        self._output.close()
        os.close(self._master)
        os.close(self._slave)

    def _rate_matches(self) -> bool:
        if self._pace == "usb":
            return True
        return _RATES.get(termios.tcgetattr(self._master)[4]) == self.baud

    def _write(self, piece: bytes) -> None:
        if not self._rate_matches():
            piece = bytes(byte ^ 0xA5 for byte in piece)
        while piece and not self._unplugged:
            _, ready, _ = select.select([], [self._master], [], _PATIENCE_S)
            with contextlib.suppress(BlockingIOError):
                piece = piece[os.write(self._master, piece) :] if ready else piece
