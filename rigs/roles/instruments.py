"""What a scenario may ask of the instruments around a device."""

from __future__ import annotations

from typing import Protocol


class Power(Protocol):
    """The supply of the device under test."""

    def cycle(self) -> None:
        """Cut the supply, wait until it is down, and restore it."""

    def current_a(self) -> float:
        """Current drawn, ampere."""

    def close(self) -> None:
        """Leave the device powered and release the instrument."""
