"""What a scenario may ask of the instruments around a device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Switched:
    """A supply that was switched.

    Attributes:
        t_ns: monotonic time at which the device lost or got its supply, ns; the middle of what is possible.
        uncertainty_s: half of what is possible, s.
        journal: first and last journal record.
    """

    t_ns: int
    uncertainty_s: float
    journal: tuple[int, int]


class Power(Protocol):
    """The supply of the device under test."""

    def cut(self) -> Switched:
        """Cut the supply and make sure that it is down.

        Raises:
            RigError: the supply fails or stays up.
            NotAssessedError: a person was to do it, and did not.
        """

    def restore(self) -> Switched:
        """Restore the supply and make sure that it is up; raises as ``cut``."""

    def cycle(self) -> None:
        """Cut the supply, wait until it is down, and restore it."""

    def current_a(self) -> float | None:
        """Current drawn, ampere; None where nothing measures it."""

    def close(self) -> None:
        """Leave the device powered and release the instrument."""


class LuxMeter(Protocol):
    """What measures the light at the place of the device."""

    uncertainty_percent: float
    """Expanded uncertainty (k = 2), percent of what it reads."""

    def illuminance_lx(self) -> float:
        """Illuminance now, lx.

        Raises:
            RigError: the instrument fails.
        """

    def close(self) -> None:
        """Release the instrument."""


class LightSource(Protocol):
    """What lights the device."""

    def set_level(self, percent: float) -> None:
        """Set the level, percent of full, and wait until the light has followed.

        Raises:
            RigError: the instrument fails, or says that it has another level.
        """

    def level(self) -> float:
        """The level it says it has, percent; raises as ``set_level``."""

    def close(self) -> None:
        """Leave the bench dark and release the instrument."""
