"""What a scenario may ask of whatever puts codes in front of a device."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from rigs.optics.frames import Frame
from rigs.optics.stimulus import Stimulus


@dataclass(frozen=True, slots=True)
class Shown:
    """A frame in view.

    Attributes:
        sequence: number of the frame.
        t_ns: monotonic time from which it was fully shown, ns.
        journal: journal record of the showing.
    """

    sequence: int
    t_ns: int
    journal: int


class Presenter(Protocol):
    """Whatever puts a code in front of a device."""

    uncertainty_ms: float
    """Expanded uncertainty (k = 2) of show times, ms."""

    @property
    def watched(self) -> bool:
        """Whether anybody has looked at a frame so far, as far as the presenter can know."""

    def prepare(self, stimulus: Stimulus, check: bool = False) -> Future[Frame]:
        """Render a stimulus in the background."""

    def show(self, frame: Frame) -> Shown:
        """Put a frame in view."""

    def clear(self) -> Shown:
        """Take everything out of view."""

    def close(self) -> None:
        """Stop presenting."""
