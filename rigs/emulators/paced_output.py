"""What a device sends, at the pace of its line."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from rigs.framing import Framing

_SLICE_S = 0.002
_USB_PACKET, _USB_FRAME_S = 64, 0.001


class PacedOutput:
    """A queue of bytes, and the thread that lets them out in time.

    Args:
        baud: line rate, bit/s.
        pace: ``uart`` sends at ``baud``; ``usb`` is a virtual serial port that sends 64 bytes a millisecond.
        framing: how many bit times a character takes.
        write: puts a piece on the line; called on the thread.
    """

    def __init__(self, baud: int, pace: str, framing: Framing, write: Callable[[bytes], None]) -> None:
        self.baud = baud
        self._pace = pace
        self._framing = framing
        self._write = write
        self._queue: queue.SimpleQueue[bytes | int | Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="paced-output", daemon=True)
        self._thread.start()

    def put(self, item: bytes | int | Callable[[], None]) -> None:
        """Queue bytes, a new line rate, or something to call when all before it has left."""
        self._queue.put(item)

    def close(self) -> None:
        """Let nothing more out than what is queued already."""
        self._queue.put(None)
        self._thread.join(1)

    def _run(self) -> None:
        free_at = 0.0
        while (item := self._queue.get()) is not None:
            if isinstance(item, int):
                self.baud = item
                continue
            if callable(item):
                item()
                continue
            size, duration = self._slice()
            for start in range(0, len(item), size):
                piece = item[start : start + size]
                free_at = max(free_at, time.monotonic()) + duration * len(piece) / size
                time.sleep(max(0.0, free_at - time.monotonic()))
                self._write(piece)

    def _slice(self) -> tuple[int, float]:
        """How many characters leave together, and how long they take, s."""
        if self._pace == "usb":
            return _USB_PACKET, _USB_FRAME_S
        character_s = self._framing.bits_per_character / self.baud
        size = max(1, int(_SLICE_S / character_s))
        return size, size * character_s


class PacedPort:
    """The part of a port that lets a device's output out in time; a subclass sets ``_output``."""

    _output: PacedOutput

    @property
    def baud(self) -> int:
        """The device's line rate, bit/s."""
        return self._output.baud

    def send(self, data: bytes) -> None:
        """Queue bytes to the host."""
        self._output.put(data)

    def change_baud(self, rate: int) -> None:
        """Go to another line rate once everything queued so far has been sent."""
        self._output.put(rate)

    def when_sent(self, action: Callable[[], None]) -> None:
        """Call something, on a thread of the port's, once everything queued so far has been sent."""
        self._output.put(action)
