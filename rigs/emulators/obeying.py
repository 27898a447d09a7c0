"""What a hand does to an emulated scanner over its tether: pull and put in its plug, put its host to sleep, slow it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from rigs.emulators.behaviour import Behaviour
from rigs.emulators.device_log import DeviceLog
from rigs.emulators.plugged_port import PluggedPort


class Powered(Protocol):
    """Whatever has a supply."""

    def power(self, on: bool) -> None:
        """Cut or restore it."""


class Obeying:
    """Does what it is told, a line at a time: ``unplug``, ``plug``, ``suspend``, ``resume``, ``frame-ms N``,
    ``export FOLDER``.

    Args:
        device: the emulator.
        behaviour: its behaviour.
        port: its USB line, where it has one.
        log: its log, where it keeps one.
    """

    def __init__(
        self, device: Powered, behaviour: Behaviour, port: PluggedPort | None, log: DeviceLog | None = None
    ) -> None:
        self._device = device
        self._behaviour = behaviour
        self._port = port
        self._log = log

    def do(self, order: str) -> str:
        """Do one thing; returns ``done``, ``absent`` where the device did not come back, or what was not understood."""
        word, _, rest = order.partition(" ")
        if word == "frame-ms":
            self._behaviour.frame_s = float(rest) / 1000
            return "done"
        if word == "export" and self._log is not None:
            self._log.export(Path(rest))
            return "done"
        if self._port is None:
            return f"no USB line: {word}"
        match word:
            case "unplug":
                self._port.unplug()
                self._device.power(on=False)
            case "plug":
                if not self._port.plug():
                    return "absent"
                self._device.power(on=True)
            case "suspend":
                self._port.suspend()
            case "resume":
                self._port.resume()
            case _:
                return f"not understood: {word}"
        return "done"
