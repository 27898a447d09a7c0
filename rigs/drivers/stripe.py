"""A decoding magnetic head on a serial line: one line of ASCII a swipe. Tried on: the project's emulator only."""

from __future__ import annotations

from collections.abc import Callable

from rigs.protocols import track2
from rigs.protocols.card_masking import masked_track
from rigs.serial_line import SerialLine

BAUD = 9600
_LONGEST = 256


class StripeHead:
    """The head. Account numbers are masked in the journal.

    Args:
        line: its line, open.
        watch: told every line as it came, before anything is masked.
    """

    def __init__(self, line: SerialLine, watch: Callable[[str, bytes], None] | None = None) -> None:
        self._line = line
        self._watch = watch
        self._buffer = b""

    @property
    def url(self) -> str:
        """Its port."""
        return self._line.url

    @property
    def channel(self) -> str:
        """Its bench role."""
        return self._line.channel

    @property
    def journal(self) -> int:
        """Number of the last journal record."""
        return self._line.journal.count

    def track(self, timeout_s: float) -> str | None:
        """What the next stripe holds between its sentinels, or None when none is swiped in time.

        Raises:
            StripeError: a line that is no track.
            RigError: the line is gone.
        """
        chunk = self._line.read(timeout_s)
        while chunk is not None:
            self._buffer += chunk.data
            line, end, rest = self._buffer.partition(b"\r")
            if end or len(self._buffer) > _LONGEST:
                self._buffer = rest
                self._record(line + end, chunk.t_ns)
                return track2.parse_line(line + end)
            chunk = self._line.read(timeout_s)
        return None

    def close(self) -> None:
        """Release the port."""
        self._line.close()

    def _record(self, line: bytes, t_ns: int) -> None:
        if self._watch is not None:
            self._watch(self.channel, line)
        self._line.record(masked_track(line.decode("latin-1")).encode("latin-1"), t_ns)
