"""A scanner that is nothing but a keyboard: it reads what it sees, and types it."""

from __future__ import annotations

import time
from collections.abc import Callable

from rigs.emulators.keyboard_port import KeyboardPort
from rigs.emulators.plain_line import PlainLineEmulator


class KeyboardWedgeEmulator(PlainLineEmulator):
    """An emulated scanner that types on its keyboard link alone; its hardware must have one."""

    def _deliver(self, text: bytes) -> None:
        """Nothing: the device types it."""


class NoPort:
    """A device's other end of no line: where its keyboard is, and nothing to say or hear.

    Args:
        keyboard: the keyboard link a host opens instead.
    """

    baud = 0

    def __init__(self, keyboard: KeyboardPort) -> None:
        self.url = f"socket://{keyboard.address}"

    def read(self, timeout_s: float) -> bytes:
        """Nothing, after a while."""
        time.sleep(timeout_s)
        return b""

    def send(self, data: bytes) -> None:
        """Nobody to hear it."""

    def change_baud(self, rate: int) -> None:
        """Nothing has a rate."""

    def when_sent(self, action: Callable[[], None]) -> None:
        """Call something: there is nothing to wait for."""
        action()

    def power(self, on: bool) -> None:
        """Nothing tells."""

    def close(self) -> None:
        """Nothing to unplug."""
