"""The device's end of a serial line: a pty that paces its output and minds the host's line rate."""

from __future__ import annotations

import os
import queue
import select
import termios
import threading
import time
import tty
from collections.abc import Callable

_RATES = {getattr(termios, f"B{rate}"): rate for rate in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)}
_BITS_PER_CHARACTER = 10
_SLICE_S = 0.002
_USB_PACKET, _USB_FRAME_S = 64, 0.001


class PtyPort:
    """A pseudo-terminal whose slave side is the port a host opens.

    Args:
        baud: the device's line rate, bit/s.
        pace: ``uart`` sends ten bits a character at ``baud`` and understands nothing at another rate; ``usb`` is a
            virtual serial port that sends 64 bytes a millisecond and ignores the rate.
    """

    def __init__(self, baud: int, pace: str) -> None:
        self.baud = baud
        self._pace = pace
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        attributes = termios.tcgetattr(self._slave)
        attributes[4] = attributes[5] = getattr(termios, f"B{baud}")
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)
        self.path = os.ttyname(self._slave)
        self._outgoing: queue.SimpleQueue[bytes | int | Callable[[], None] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_paced, name="pty-writer", daemon=True)
        self._writer.start()

    def read(self, timeout_s: float) -> bytes:
        """Bytes from the host, empty when none came in time or the host speaks at another rate."""
        ready, _, _ = select.select([self._master], [], [], timeout_s)
        if not ready:
            return b""
        data = os.read(self._master, 4096)
        return data if self._rate_matches() else b""

    def send(self, data: bytes) -> None:
        """Queue bytes to the host; they arrive as fast as the line carries them."""
        self._outgoing.put(data)

    def change_baud(self, rate: int) -> None:
        """Go to another line rate once everything queued so far has been sent."""
        self._outgoing.put(rate)

    def when_sent(self, action: Callable[[], None]) -> None:
        """Call something, on a thread of the port's, once everything queued so far has been sent."""
        self._outgoing.put(action)

    def close(self) -> None:
        """Unplug: both ends are closed, and the host sees its port go away."""
        self._outgoing.put(None)
        self._writer.join(1)
        os.close(self._master)
        os.close(self._slave)

    def _rate_matches(self) -> bool:
        if self._pace == "usb":
            return True
        return _RATES.get(termios.tcgetattr(self._master)[4]) == self.baud

    def _write_paced(self) -> None:
        free_at = 0.0
        while (data := self._outgoing.get()) is not None:
            if isinstance(data, int):
                self.baud = data
                continue
            if callable(data):
                data()
                continue
            if self._pace == "usb":
                size, duration = _USB_PACKET, _USB_FRAME_S
            else:
                size = max(1, int(_SLICE_S * self.baud / _BITS_PER_CHARACTER))
                duration = size * _BITS_PER_CHARACTER / self.baud
            for start in range(0, len(data), size):
                piece = data[start : start + size]
                free_at = max(free_at, time.monotonic()) + duration * len(piece) / size
                time.sleep(max(0.0, free_at - time.monotonic()))
                self._write(piece if self._rate_matches() else bytes(byte ^ 0xA5 for byte in piece))

    def _write(self, piece: bytes) -> None:
        while piece:
            written = os.write(self._master, piece)
            piece = piece[written:]
