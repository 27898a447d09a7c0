"""The GM65 family's side of the line: registers, replies, deliveries."""

from __future__ import annotations

import time

from rigs.emulators.hardware import Hardware
from rigs.emulators.settings_memory import SettingsMemory
from rigs.protocols import gm65

_FACTORY = {
    gm65.Register.MODE: 0xD4,
    gm65.Register.READ_TIMEOUT: 0x32,
    gm65.Register.SAME_CODE_DELAY: 0x9E,
    gm65.Register.HARDWARE_VERSION: 0x64,
    gm65.Register.SOFTWARE_VERSION: 0x7B,
}
_READ_ONLY = (gm65.Register.HARDWARE_VERSION, gm65.Register.SOFTWARE_VERSION)


class Gm65Emulator:
    """An emulated GM65 engine on a port.

    Args:
        hardware: what it is made of.
    """

    def __init__(self, hardware: Hardware) -> None:
        port, behaviour = hardware.port, hardware.behaviour
        self._port = port
        self._behaviour = behaviour
        self._powered = True
        self._reader = gm65.CommandReader()
        factory = bytearray(gm65.REGISTER_COUNT)
        for address, value in _FACTORY.items():
            factory[address] = value
        factory[gm65.Register.BAUD : gm65.Register.BAUD + 2] = gm65.baud_value(port.baud)
        self._hardware = hardware
        self._firmware = hardware.firmware(factory[gm65.Register.SOFTWARE_VERSION])
        self._memory = SettingsMemory(bytes(factory), behaviour)
        self._registers = self._remembered()
        self._device = hardware.device(self._deliver, self._configure)
        self._apply()

    def receive(self, data: bytes) -> None:
        """Take bytes from the host."""
        if not self._device.alive:
            return
        if not self._behaviour.takes_split_commands:
            self._reader = gm65.CommandReader()
        for command in self._reader.feed(data, time.monotonic()):
            self._obey(command)

    def power(self, on: bool) -> None:
        """Cut or restore the supply; unsaved settings are lost."""
        if on == self._powered:
            return
        self._powered = on
        self._device.power(on)
        self._memory.power(on)
        if on:
            self._firmware = self._hardware.firmware(self._firmware) + self._behaviour.firmware_drift(
                self._device.outage_s
            )
            self._registers = self._remembered()
            self._reader = gm65.CommandReader()
            self._set_line_rate()
            self._apply()

    def close(self) -> None:
        """Stop the device."""
        self._device.close()

    def _remembered(self) -> bytearray:
        registers = bytearray(self._memory.read())
        registers[gm65.Register.SOFTWARE_VERSION] = self._firmware if self._behaviour.reports_firmware else 0
        return registers

    def _obey(self, command: gm65.Command) -> None:
        match command.kind:
            case gm65.Kind.READ:
                count = command.data[0] or 256
                self._port.send(gm65.reply(bytes(self._registers[command.address : command.address + count])))
            case gm65.Kind.WRITE:
                self._write(command.address, command.data)
            case gm65.Kind.SAVE:
                if self._memory.write(bytes(self._registers)):
                    self._port.send(gm65.ACKNOWLEDGE)

    def _write(self, address: int, data: bytes) -> None:
        if address + len(data) > gm65.REGISTER_COUNT:
            return
        for offset, value in enumerate(data):
            if address + offset not in _READ_ONLY:
                self._registers[address + offset] = value
        self._port.send(gm65.ACKNOWLEDGE)
        self._apply()
        if address == gm65.Register.TRIGGER:
            self._registers[gm65.Register.TRIGGER] = 0
            if data[0] & 1:
                self._device.trigger()
            else:
                self._device.stop()
        if address == gm65.Register.BAUD:
            self._set_line_rate()

    def _set_line_rate(self) -> None:
        value = bytes(self._registers[gm65.Register.BAUD : gm65.Register.BAUD + 2])
        if (rate := gm65.baud_from_value(value)) is not None:
            self._port.change_baud(rate)

    def _apply(self) -> None:
        self._device.presentation = self._registers[gm65.Register.MODE] & 3 == gm65.MODE_SENSING
        self._device.read_timeout_s = self._registers[gm65.Register.READ_TIMEOUT] / 10
        self._device.same_code_delay_s = (self._registers[gm65.Register.SAME_CODE_DELAY] & 0x7F) / 10

    def _deliver(self, text: bytes) -> None:
        self._port.send(text + b"\r")

    def _configure(self, content: bytes) -> bool:
        if content not in gm65.SETTING_CODES:
            return False
        if self._behaviour.lets_codes_configure or self._registers[gm65.Register.SETTING_CODES] & 1:
            address, value = gm65.SETTING_CODES[content]
            self._registers[address] = value
            self._apply()
        return True
