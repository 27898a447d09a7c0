"""What a scenario may ask of a camera over the bench."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2

from rigs.optics.geometry import Image


@dataclass(frozen=True, slots=True)
class Photograph:
    """A picture a camera took.

    Attributes:
        image: RGB (height, width, 3), 8 bit.
        t_ns: monotonic time at which it had arrived, ns; what it shows is older by the camera's own delay.
        journal: its journal record.
    """

    image: Image
    t_ns: int
    journal: int

    def png(self) -> bytes:
        """The picture as PNG, for people and reports."""
        return cv2.imencode(".png", cv2.cvtColor(self.image, cv2.COLOR_RGB2BGR))[1].tobytes()


class Camera(Protocol):
    """A camera that sees what the device sees."""

    def photograph(self, timeout_s: float | None = None) -> Photograph:
        """The next picture that arrives.

        Args:
            timeout_s: how long to wait, s; None for the bench's own choice.

        Raises:
            RigError: none arrives in time, or the camera is gone.
        """

    def close(self) -> None:
        """Release the camera."""
