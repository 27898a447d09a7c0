"""The M3Y family's side of the line: commands as text, replies, deliveries."""

from __future__ import annotations

import time

from rigs.emulators.hardware import Hardware
from rigs.protocols import m3y
from rigs.protocols.m3y import Body

_FIRMWARE = 0x7B
"""Hundredths: V1.23."""
_GROUPS: dict[str, tuple[Body, ...]] = {
    "mode": (Body.COMMAND_MODE, Body.CONTINUOUS_MODE),
    "ending": (Body.ENDING_CR, Body.ENDING_CRLF),
    "setting codes": (Body.CODES_REFUSED, Body.CODES_OBEYED),
    "light": (Body.LIGHT_AUTO, Body.LIGHT_OFF, Body.LIGHT_ON),
    "aimer": (Body.AIMER_AUTO, Body.AIMER_OFF),
    "beeper": (Body.BEEPER_ON, Body.BEEPER_OFF),
}
"""Settings and the commands that choose between their values, the factory's first."""
_NUMBERS = {Body.READ_TIMEOUT: 5000, Body.SAME_CODE_DELAY: 3000}


class M3yEmulator:
    """An emulated M3Y engine on a port; it keeps every setting at once.

    Args:
        hardware: what it is made of.
    """

    def __init__(self, hardware: Hardware) -> None:
        self._hardware = hardware
        self._port, self._behaviour = hardware.port, hardware.behaviour
        self._powered = True
        self._reader = m3y.CommandReader()
        self._firmware = hardware.firmware(_FIRMWARE)
        self._settings: dict[str, str] = {}
        self._reset()
        self._device = hardware.device(self._deliver, self._configure)
        self._apply()

    def receive(self, data: bytes) -> None:
        """Take bytes from the host."""
        if not self._device.alive:
            return
        if not self._behaviour.takes_split_commands:
            self._reader = m3y.CommandReader()
        for body in self._reader.feed(data, time.monotonic()):
            self._obey(body)

    def power(self, on: bool) -> None:
        """Cut or restore the supply; settings are kept."""
        if on == self._powered:
            return
        self._powered = on
        self._device.power(on)
        if on:
            self._firmware = self._hardware.firmware(self._firmware) + self._behaviour.firmware_drift(
                self._device.outage_s
            )
            self._reader = m3y.CommandReader()

    def close(self) -> None:
        """Stop the device."""
        self._device.close()

    def _obey(self, body: bytes) -> None:
        if body == Body.VERSION.encode() and self._behaviour.reports_firmware:
            self._port.send(m3y.reply(f"V{self._firmware / 100:.2f}\r\n".encode()))
        elif body in (Body.START.encode(), Body.STOP.encode()):
            self._port.send(m3y.ACKNOWLEDGE)
            if body == Body.START.encode():
                self._device.trigger()
            else:
                self._device.stop()
        elif (told := m3y.numbered(body)) is not None and told[0] == Body.BAUD and told[1] in m3y.BAUD_RATES:
            self._port.send(m3y.ACKNOWLEDGE)
            self._port.change_baud(told[1])
        else:
            self._port.send(m3y.ACKNOWLEDGE if self._set(body) else m3y.REFUSAL)

    def _set(self, body: bytes) -> bool:
        """Change what a command asks for; whether there is such a command."""
        text = body.decode("latin-1")
        numbered = m3y.numbered(body)
        chosen = next((name for name, commands in _GROUPS.items() if text in commands), None)
        if text == Body.FACTORY:
            self._reset()
        elif chosen is not None:
            self._settings[chosen] = text
        elif numbered is not None and numbered[0] in _NUMBERS:
            self._settings[numbered[0].value] = str(numbered[1])
        else:
            return False
        self._apply()
        return True

    def _reset(self) -> None:
        self._settings = {name: commands[0].value for name, commands in _GROUPS.items()}
        self._settings |= {command.value: str(number) for command, number in _NUMBERS.items()}

    def _apply(self) -> None:
        self._device.presentation = self._settings["mode"] == Body.CONTINUOUS_MODE
        self._device.read_timeout_s = int(self._settings[Body.READ_TIMEOUT]) / 1000
        self._device.same_code_delay_s = int(self._settings[Body.SAME_CODE_DELAY]) / 1000

    def _deliver(self, text: bytes) -> None:
        self._port.send(text + (b"\r" if self._settings["ending"] == Body.ENDING_CR else b"\r\n"))

    def _configure(self, content: bytes) -> bool:
        if content not in m3y.SETTING_CODES:
            return False
        if self._behaviour.lets_codes_configure or self._settings["setting codes"] == Body.CODES_OBEYED:
            self._set(content)
        return True
