"""A scanner without commands: it reads what it sees, sends it with an ending, and minds nothing it is sent."""

from __future__ import annotations

from rigs.emulators.behaviour import Behaviour
from rigs.emulators.device import ScanDevice
from rigs.emulators.keyboard_port import KeyboardPort
from rigs.emulators.looker import Looker
from rigs.emulators.pty_port import PtyPort
from rigs.protocols.plain_line import Ending


class PlainLineEmulator:
    """An emulated scanner without commands on a port.

    Args:
        port: the device's end of the line.
        looker: what it sees with.
        behaviour: how it behaves.
        time_scale: how much faster than the wall clock the device's own clock runs.
        keyboard: its keyboard link, or None.
        ending: what it sends after each content.
    """

    def __init__(
        self,
        port: PtyPort,
        looker: Looker,
        behaviour: Behaviour,
        time_scale: float,
        keyboard: KeyboardPort | None = None,
        ending: Ending = Ending.CR,
    ) -> None:
        self._port = port
        self._ending = ending
        self._device = ScanDevice(looker, behaviour, self._deliver, self._configure, time_scale, keyboard)
        self._device.presentation = True

    def receive(self, data: bytes) -> None:
        """Take bytes from the host, and mind none."""

    def power(self, on: bool) -> None:
        """Cut or restore the supply."""
        self._device.power(on)

    def close(self) -> None:
        """Stop the device."""
        self._device.close()

    def _deliver(self, text: bytes) -> None:
        self._port.send(text + self._ending.value)

    def _configure(self, content: bytes) -> bool:
        """No printed code sets it up: its settings could not be read back."""
        del content
        return False
