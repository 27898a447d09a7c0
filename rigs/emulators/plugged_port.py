"""A port that can be unplugged: a pseudo-terminal that goes away and comes back as another, behind a name of its own.

The name is a link in a folder that stands for ``/dev/serial/by-id``: it is there while the device is plugged in.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from rigs.emulators.port import Port

LINK = "usb-Xiangka_EMU_0001-if00"
_SLICE_S = 0.05


class UsbHabits:
    """How a sound device behaves on USB."""

    def link_name(self, times: int) -> str:
        """The name its port gets when it is plugged in; ``times`` counts from 0."""
        del times
        return LINK

    def enumerates(self, times: int) -> bool:
        """Whether it comes back at all when it is plugged in for the n-th time."""
        del times
        return True

    def wakes(self, times: int) -> bool:
        """Whether it answers again after the host has slept for the n-th time, from 1."""
        del times
        return True


class PluggedPort:
    """A device's end of a USB line.

    Args:
        make: makes the pseudo-terminal of one plugging-in.
        names: folder of the stable names.
        habits: how the device behaves on USB.
    """

    def __init__(self, make: Callable[[], Port], names: Path, habits: UsbHabits) -> None:
        self._make = make
        self._names = names
        self._habits = habits
        self._lock = threading.Lock()
        self._port: Port | None = None
        self._link: Path | None = None
        self._plugged = self._slept = 0
        self._asleep = False
        self._baud = 0
        self.plug()

    @property
    def baud(self) -> int:
        """The device's line rate, bit/s."""
        return self._baud if self._port is None else self._port.baud

    @property
    def url(self) -> str:
        """The stable name a host opens."""
        return str(self._names / self._habits.link_name(0))

    def plug(self) -> bool:
        """Plug it in; whether it came back."""
        if self._port is not None:
            return True
        times, self._plugged = self._plugged, self._plugged + 1
        if not self._habits.enumerates(times):
            return False
        spare = os.openpty()  # holds the number the last one had, as a host that was slow to let go would
        port = self._make()
        for descriptor in spare:
            os.close(descriptor)
        self._link = self._names / self._habits.link_name(times)
        self._link.symlink_to(port.url)
        with self._lock:
            self._port, self._asleep = port, False
        return True

    def unplug(self) -> None:
        """Pull it out: the host sees its port go away, and its name with it."""
        with self._lock:
            port, self._port = self._port, None
        if port is None:
            return
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        self._baud = port.baud
        port.close()

    def suspend(self) -> None:
        """The host sleeps: the line is dead, and its port stays."""
        self._asleep = True
        self._slept += 1

    def resume(self) -> None:
        """The host is awake again."""
        self._asleep = not self._habits.wakes(self._slept)

    def read(self, timeout_s: float) -> bytes:
        """Bytes from the host; empty when none came in time, and while nothing connects the two."""
        with self._lock:
            if self._port is not None:
                data = self._port.read(min(timeout_s, _SLICE_S))
                return b"" if self._asleep else data
        time.sleep(_SLICE_S)
        return b""

    def send(self, data: bytes) -> None:
        """Queue bytes to the host, if there is one."""
        if self._port is not None and not self._asleep:
            self._port.send(data)

    def change_baud(self, rate: int) -> None:
        """Go to another line rate."""
        if self._port is not None:
            self._port.change_baud(rate)

    def when_sent(self, action: Callable[[], None]) -> None:
        """Call something once everything queued so far has been sent, or at once where nothing can be sent."""
        if self._port is None:
            action()
        else:
            self._port.when_sent(action)

    def power(self, on: bool) -> None:
        """A USB line has no line that tells."""

    def close(self) -> None:
        """Unplug for good."""
        self.unplug()
