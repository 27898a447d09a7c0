"""A scanner with Datalogic single byte commands: it reads what it sees until it is told otherwise."""

from __future__ import annotations

from rigs.emulators.hardware import Hardware
from rigs.protocols.datalogic import Command, commands
from rigs.protocols.plain_line import Ending


class DatalogicEmulator:
    """An emulated scanner with single byte commands on a port.

    Args:
        hardware: what it is made of.
        ending: what it sends after each content.
    """

    def __init__(self, hardware: Hardware, ending: Ending = Ending.CRLF) -> None:
        self._port = hardware.port
        self._ending = ending
        self._enabled = True
        self._powered = True
        self._device = hardware.device(self._deliver, self._configure)
        self._device.presentation = True

    def receive(self, data: bytes) -> None:
        """Take bytes from the host, and answer none."""
        if not self._device.alive:
            return
        for command in commands(data):
            self._obey(command)

    def power(self, on: bool) -> None:
        """Cut or restore the supply; restored, it reads what it sees."""
        if on == self._powered:
            return
        self._powered = on
        self._device.power(on)
        if on:
            self._read_what_is_seen()

    def close(self) -> None:
        """Stop the device."""
        self._device.close()

    def _obey(self, command: Command) -> None:
        match command:
            case Command.ENABLE:
                self._read_what_is_seen()
            case Command.DISABLE | Command.NOT_ON_FILE:
                self._enabled = False
                self._device.presentation = False
                self._device.stop()
            case Command.RESET:
                self._device.power(False)
                self._device.power(True)
                self._read_what_is_seen()
            case Command.TRIGGER:
                self._device.presentation = False
                if self._enabled:
                    self._device.trigger()
            case Command.STOP:
                self._device.presentation = False
                self._device.stop()
            case Command.BEEP | Command.BEEP_ANYWAY:
                pass  # nobody hears it

    def _read_what_is_seen(self) -> None:
        self._enabled = True
        self._device.presentation = True

    def _deliver(self, text: bytes) -> None:
        self._port.send(text + self._ending.value)

    def _configure(self, content: bytes) -> bool:
        """No printed code sets it up: its settings could not be read back."""
        del content
        return False
