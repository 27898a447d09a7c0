"""Datalogic single byte commands: what a host says to a scanner that otherwise only sends what it reads.

Follows the appendix "Host Commands" of the Magellan 800i, 9300i and QuickScan QD2300 product reference guides. Each
command is one byte, none of them is answered, and any other byte is ignored. ``T`` and ``X`` are reconstructed: the
guides at hand do not list them, and they are taken to start and stop one reading, as a trigger would. The identity,
health and status requests (``i``, ``h``, ``s``) are answered at a length and in a form the guides do not give, so they
are not used.
"""

from __future__ import annotations

from enum import Enum


class Command(Enum):
    """Single byte commands."""

    ENABLE = b"E"
    """Read what is seen; also after ``DISABLE`` and ``NOT_ON_FILE``."""
    DISABLE = b"D"
    """Read nothing until enabled, reset, or without power for a moment."""
    RESET = b"R"
    """Restart; further commands may be ignored for up to 30 s."""
    BEEP = b"B"
    """Beep as after a good reading, if that beep is on."""
    BEEP_ANYWAY = b"\x01"
    NOT_ON_FILE = b"F"
    """Beep long, and read nothing until enabled."""
    TRIGGER = b"T"
    """Start one reading; from then on nothing is read without a trigger, until enabled or reset (reconstructed)."""
    STOP = b"X"
    """End it (reconstructed)."""


_BY_BYTE = {command.value[0]: command for command in Command}


def commands(data: bytes) -> list[Command]:
    """The commands in a row of bytes; all other bytes mean nothing."""
    return [_BY_BYTE[byte] for byte in data if byte in _BY_BYTE]
