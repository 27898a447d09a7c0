"""The device's end of a line, whatever carries it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Port(Protocol):
    """What an emulated device speaks through."""

    @property
    def baud(self) -> int:
        """The device's line rate, bit/s."""

    @property
    def url(self) -> str:
        """What a host opens: a device path or a pyserial URL."""

    def read(self, timeout_s: float) -> bytes:
        """Bytes from the host; empty when none came in time, or none that this end understands."""

    def send(self, data: bytes) -> None:
        """Queue bytes to the host; they arrive as fast as the line carries them, and nowhere while no host is there."""

    def change_baud(self, rate: int) -> None:
        """Go to another line rate once everything queued so far has been sent."""

    def when_sent(self, action: Callable[[], None]) -> None:
        """Call something, on a thread of the port's, once everything queued so far has been sent."""

    def power(self, on: bool) -> None:
        """Lower or raise what the device holds up on the line while it has power."""

    def close(self) -> None:
        """Unplug: the host sees its port go away."""
