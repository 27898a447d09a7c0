"""Tables of whatever puts codes in front of a device."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rigs.bench_tables.base import Table

GAP_MS = 60.0
"""How long the empty bench stands between two codes unless the file says otherwise: four frames of a 60 Hz camera."""


class FramePortTable(Table):
    """A presenter that shows frames to lookers on loopback HTTP."""

    gap_ms: float = Field(default=GAP_MS, ge=0)

    driver: Literal["frame-port"]
    frame_port: int = Field(default=0, ge=0, le=65535)


class ScreenTable(Table):
    """A presenter that shows frames full screen on a display in front of the device."""

    driver: Literal["screen"]
    display: str = ":0"
    left: int = 0
    top: int = 0
    width: int = Field(default=1920, ge=320)
    height: int = Field(default=1080, ge=240)
    refresh_hz: float = Field(default=60.0, gt=0)
    lag_ms: float = Field(default=0.0, ge=0)
    gap_ms: float = Field(default=GAP_MS, ge=0)
