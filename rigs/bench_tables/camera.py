"""Table of the camera over the bench."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from rigs.bench_tables.base import Table

DEVICE = "/dev/"


class EmulatedCameraTable(Table):
    """Start a software camera that looks at the frame port."""


class CameraTable(Table):
    """A camera that sees what the device sees."""

    driver: Literal["opencv"]
    source: str | None = None
    """``/dev/video0``, a URL, a film, or a pattern of numbered pictures."""
    timeout_s: float = Field(default=5.0, gt=0, le=60)
    """How long a picture may take."""
    emulated: EmulatedCameraTable | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.source is None) == (self.emulated is None):
            raise ValueError("needs either `source` (a camera) or a table [camera.emulated], and not both")
        return self


def runs_by_itself(source: str) -> bool:
    """Whether a source goes on while nobody looks; a film and a sequence of pictures wait."""
    return "://" in source or source.startswith(DEVICE)
