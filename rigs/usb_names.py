"""Under which name a device comes back: its own, another that a published rule foresees, or any other."""

from __future__ import annotations

import re
from pathlib import Path

from rigs.roles.usb import PortName

_SERIAL = re.compile(r"tty(ACM|USB)\d+")
_DEV = Path("/dev")


class PortNames:
    """The names of one device's port.

    Args:
        path: the path the bench file names, in ``/dev/serial/by-id`` or ``/dev``.
        rule: expression that every name the device's published rule allows matches in full, or None for no rule.
    """

    def __init__(self, path: Path, rule: str | None) -> None:
        self._path = path
        self._rule = None if rule is None else re.compile(rule)
        self._others: frozenset[str] = frozenset()

    def look_without_it(self) -> bool:
        """Remember what is there while the device is not; whether it is really gone."""
        self._others = self._names()
        return self._path.name not in self._others

    def now(self) -> str | None:
        """Path of the device's port, or None while there is none."""
        names = self._names()
        if self._path.name in names:
            return str(self._path)
        new = sorted(names - self._others)
        return str(self._path.parent / new[0]) if new else None

    def named(self, port: str) -> PortName:
        """What has become of the name."""
        name = Path(port).name
        if name == self._path.name:
            return "same"
        return "documented_rule" if self._rule is not None and self._rule.fullmatch(name) else "changed"

    def _names(self) -> frozenset[str]:
        folder = self._path.parent
        if not folder.is_dir():
            return frozenset()  # /dev/serial/by-id goes away with its last device
        names = (entry.name for entry in folder.iterdir() if entry.exists())
        return frozenset(name for name in names if folder != _DEV or _SERIAL.fullmatch(name))
