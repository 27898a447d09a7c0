"""Driver for scanners that are nothing but a keyboard. Tried on: the project's emulator; no hardware yet.

The stream is that of boot reports, as ``hid-stream`` has it; the host is one with a US layout, CapsLock off and no
input method, so that what it makes of the keys is what the scanner meant.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from rigs.drivers.plain_line import PlainLineScanner
from rigs.journal import Journal
from rigs.protocols.keyboard_host import KeyboardHost
from rigs.roles import Exchange
from rigs.serial_line import Chunk, LineSettings, SerialLine
from rigs.serial_urls.protocol_reports import SCHEME


class KeyboardLine(SerialLine):
    """Boot reports that a driver for a plain line can read: what they type, as the characters arrive.

    The journal holds the reports themselves, one record a content.
    """

    def __init__(self, url: str, settings: LineSettings | int, channel: str, journal: Journal) -> None:
        self._keyboard_host = KeyboardHost()
        self._reports = b""
        self._text = ""
        super().__init__(url, settings, channel, journal)

    def _address(self, url: str) -> str:
        return url.replace("socket://", SCHEME, 1)

    def read(self, timeout_s: float) -> Chunk | None:
        """The next characters whose keys have been let go of, or None when there are none in time.

        Raises:
            RigError: the line is gone.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            chunk = super().read(max(deadline - time.monotonic(), 0.0))
            if chunk is None:
                return None
            self._reports += chunk.data
            self._text += self._keyboard_host.feed(chunk.data).text
            if self._text and self._keyboard_host.at_rest:
                text, self._text = self._text, ""
                return Chunk(text.encode(), chunk.t_ns)

    def record(self, data: bytes, t_ns: int) -> int:
        """Journal the reports that typed what was read since the last call; returns the record's number."""
        reports, self._reports = self._reports, b""
        return super().record(reports or data, t_ns)

    def close(self) -> None:
        """Release the port, and journal what nobody has read."""
        if self._reports:
            self.record(b"", time.monotonic_ns())
        super().close()


class KeyboardWedgeScanner(PlainLineScanner):
    """A scanner whose only wire is that of a keyboard: all that holds of a plain line holds of it too.

    It has no serial link that could be certified.
    """

    def exchanges(self) -> list[Callable[[], Exchange]]:
        """None: they are about a serial line."""
        return []
