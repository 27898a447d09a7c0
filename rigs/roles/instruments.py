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
