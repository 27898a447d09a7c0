"""Driver for Honeywell scanners in HID-POS mode. Tried on: the project's emulator; no hardware yet.

The stream is that of ``/dev/hidraw``, which a relay or an emulator carries over a socket.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from rigs.drivers.honeywell import HoneywellScanner
from rigs.journal import Journal
from rigs.protocols import hid_pos
from rigs.roles import Exchange
from rigs.serial_line import Chunk, LineSettings, SerialLine


class HidPosLine(SerialLine):
    """A line of HID-POS reports that a driver for a serial line can speak on.

    A command goes out in output reports. A message that came in is handed on as a serial scanner would have sent it:
    an answer as it is, a content with CR behind it and, unless it is QR, its AIM identifier in front. The journal holds
    the reports themselves, one record a message.
    """

    def __init__(self, url: str, settings: LineSettings | int, channel: str, journal: Journal) -> None:
        self._messages = hid_pos.MessageReader()
        self._ready: deque[Chunk] = deque()
        self._last_record = 0
        self._unread_is_raw = False
        super().__init__(url, settings, channel, journal)

    def write(self, data: bytes) -> int:
        """Send a command; returns the journal record's number.

        Raises:
            RigError: the line is gone.
        """
        return super().write(hid_pos.command_reports(data))

    def read(self, timeout_s: float) -> Chunk | None:
        """The next message as a serial scanner would have sent it, or None when none is whole in time.

        Raises:
            RigError: the line is gone.
        """
        deadline = time.monotonic() + timeout_s
        while not self._ready:
            left = deadline - time.monotonic()
            chunk = super().read(max(left, 0.0))
            if chunk is None:
                return None
            for message in self._messages.feed(chunk.data):
                self._last_record = super().record(message.reports, chunk.t_ns)
                self._ready.append(Chunk(as_on_a_line(message), chunk.t_ns))
        return self._ready.popleft()

    def record(self, data: bytes, t_ns: int) -> int:
        """The number of the record that holds what was read last: its reports are journaled already."""
        return super().record(data, t_ns) if self._unread_is_raw else self._last_record

    def close(self) -> None:
        """Release the port, and journal what nobody has read."""
        self._unread_is_raw = True
        if self._messages.begun:
            self.record(self._messages.begun, time.monotonic_ns())
        super().close()


class HidPosScanner(HoneywellScanner):
    """A Honeywell scanner whose menu is spoken in HID-POS reports; it has no serial link that could be certified."""

    def exchanges(self) -> list[Callable[[], Exchange]]:
        """None: they are about a serial line."""
        return []


def as_on_a_line(message: hid_pos.Message) -> bytes:
    """A message as a serial scanner would have sent it."""
    if message.identifier in hid_pos.ANSWERS:
        return message.data
    tag = b"" if message.identifier.startswith(hid_pos.QR[:2]) else message.identifier
    return tag + message.data.removesuffix(b"\r") + b"\r"
