"""A scanner without commands: it reads what it sees, sends it with an ending, and minds nothing it is sent."""

from __future__ import annotations

from rigs.emulators.hardware import Hardware
from rigs.protocols.plain_line import Ending


class PlainLineEmulator:
    """An emulated scanner without commands on a port.

    Args:
        hardware: what it is made of.
        ending: what it sends after each content.
    """

    def __init__(self, hardware: Hardware, ending: Ending = Ending.CR) -> None:
        self._port = hardware.port
        self._ending = ending
        self._device = hardware.device(self._deliver, self._configure)
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
