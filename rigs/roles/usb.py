"""The USB connection between a device and its host, as a hand or a switch handles it."""

from __future__ import annotations

from typing import Literal, Protocol

PortName = Literal["same", "documented_rule", "changed"]


class UsbPort(Protocol):
    """The plug of the device under test, and the sleep of its host."""

    def unplug(self) -> None:
        """Part the device from its host, and see its port go away.

        Raises:
            RigError: the port stays.
        """

    def plug(self) -> float:
        """Put the plug back; returns the monotonic moment from which the device counts as connected, s."""

    def suspend(self) -> None:
        """Put the host to sleep, or at least its side of the bus."""

    def resume(self) -> float:
        """Wake it; returns the monotonic moment from which it counts as awake, s."""

    def port(self) -> str | None:
        """What the host opens now, or None while there is no port."""

    def named(self, port: str) -> PortName:
        """What has become of the port's name."""
