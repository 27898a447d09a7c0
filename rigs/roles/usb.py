"""The USB connection between a device and its host, as a hand or a switch handles it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

PortName = Literal["same", "documented_rule", "changed"]


@dataclass(frozen=True, slots=True)
class Moment:
    """When a device was connected, or its host awake: somewhere in a stretch of monotonic time.

    Attributes:
        earliest_s, latest_s: its ends, s.
    """

    earliest_s: float
    latest_s: float

    def seconds_to(self, t_s: float) -> tuple[float, float]:
        """Seconds from the moment to a later one, and by how much that may be wrong."""
        half = (self.latest_s - self.earliest_s) / 2
        return t_s - self.earliest_s - half, half


class UsbPort(Protocol):
    """The plug of the device under test, and the sleep of its host."""

    def unplug(self) -> None:
        """Part the device from its host, and see its port go away.

        Raises:
            RigError: the port stays.
        """

    def plug(self) -> Moment:
        """Put the plug back; returns the moment from which the device counts as connected."""

    def suspend(self) -> None:
        """Put the host to sleep, or at least its side of the bus."""

    def resume(self) -> Moment:
        """Wake it; returns the moment from which it counts as awake."""

    def port(self) -> str | None:
        """What the host opens now, or None while there is no port."""

    def named(self, port: str) -> PortName:
        """What has become of the port's name."""
