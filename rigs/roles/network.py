"""What a device sends over a network, as a bench sees it that stands between the device and everything else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a device sent in a stretch of time.

    Attributes:
        declared: packets to hosts of the declared list.
        undeclared: packets to any other host, by host, protocol and port: ``203.0.113.7 udp/443``.
        housekeeping: packets a network stack sends on its own link to find neighbours and routers, to no host at all.
        canary: whether the capture has seen what the bench had sent along the device's own path.
    """

    declared: int = 0
    undeclared: Counter[str] = field(default_factory=Counter)
    housekeeping: int = 0
    canary: bool = False

    def __add__(self, later: Traffic) -> Traffic:
        return Traffic(
            self.declared + later.declared,
            self.undeclared + later.undeclared,
            self.housekeeping + later.housekeeping,
            self.canary or later.canary,
        )


class NetworkTap(Protocol):
    """The bench's ear on the device's network link."""

    hour_s: float
    """How long an hour of the device's own clock lasts, s: 3600 on anything real."""
    declared: tuple[str, ...]
    """Hosts the device is declared to talk to."""

    def begin(self, pcap: Path) -> None:
        """Capture into a file from now on.

        Raises:
            NotAssessedError: this process may not capture, or could not shut the device off from other networks.
            RigError: there is no such interface.
        """

    def send_canary(self) -> None:
        """Send something along the device's own path that the capture must show."""

    def taken(self) -> Traffic:
        """What was captured since the last call.

        Raises:
            RigError: the capture has lost packets, or has ended by itself, so that nobody knows what was sent.
        """

    def end(self) -> None:
        """Stop capturing; the file is whole."""
