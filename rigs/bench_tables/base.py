"""What every table of a bench file is, and the label a device bears."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from rigs.roles import DeviceIdentity

_PTY = "/dev/pts/"


def is_device(port: str) -> bool:
    """Whether a port is a device of this machine, and no pseudo-terminal."""
    return port.startswith("/dev/") and not os.path.realpath(port).startswith(_PTY)


def program_of(command: str) -> str:
    """The name of the program a command line runs: its arguments may hold a password."""
    return Path((command.split() or [""])[0]).name


class Table(BaseModel):
    """A table whose keys are all checked."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelTable(Table):
    """What the person who set up the bench read from the device's label; the device's own word goes first."""

    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    hardware: str | None = None
    firmware: str | None = None

    def identity(self) -> DeviceIdentity:
        """The label as an identity."""
        return DeviceIdentity(**self.model_dump())
