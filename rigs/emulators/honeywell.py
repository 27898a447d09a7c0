"""The Honeywell menu's side of the line: two tables of settings, replies, deliveries."""

from __future__ import annotations

import time

from rigs.emulators.hardware import Hardware
from rigs.emulators.settings_memory import SettingsMemory
from rigs.protocols import honeywell
from rigs.protocols.honeywell import Entry, Menu, Setting, Trigger

_MODEL = "EMU-HW"
_SERIAL = "EMU0002"
_HARDWARE = "V1.00"
_FIRMWARE = 0x7B
"""Hundredths: V1.23."""
_SWITCH = "0-1"
_MODE_MANUAL, _MODE_PRESENTATION = "0", "3"
_MODES = {Setting.MANUAL_TRIGGER: _MODE_MANUAL, Setting.PRESENTATION: _MODE_PRESENTATION}
_SETTING_CODES_ALLOWED = "MNUENA"
"""1 lets printed menu codes change settings. The name is the emulator's own; the factory value is the locked state
in which a terminal is handed over, not that of an engine bought alone."""
_FACTORY: dict[str, tuple[str, str]] = {
    Setting.TRIGGER_MODE: (_MODE_MANUAL, "0|3"),
    Setting.READ_TIMEOUT: ("30000", "0-300000"),
    Setting.REREAD_DELAY: ("750", "0-30000"),
    Setting.GOOD_READ_DELAY: ("0", "0-30000"),
    Setting.BEEPER: ("1", _SWITCH),
    Setting.BEEPER_VOLUME: ("3", "0-3"),
    Setting.CODABAR: ("1", _SWITCH),
    Setting.CODABAR_SHORTEST: ("4", "2-60"),
    Setting.CODABAR_LONGEST: ("60", "2-60"),
    Setting.CODE_128: ("1", _SWITCH),
    Setting.EAN_13: ("1", _SWITCH),
    Setting.QR: ("1", _SWITCH),
    Setting.QR_SHORTEST: ("1", "1-7089"),
    Setting.QR_LONGEST: ("7089", "1-7089"),
    Setting.DATA_MATRIX: ("1", _SWITCH),
    Setting.PDF417: ("1", _SWITCH),
    Setting.BAUD: ("", "2-9"),
    _SETTING_CODES_ALLOWED: ("0", _SWITCH),
}
"""Default and range of each setting; the default line rate is the one the port was made with."""


class HoneywellEmulator:
    """An emulated Honeywell engine on a port.

    Args:
        hardware: what it is made of.
    """

    def __init__(self, hardware: Hardware) -> None:
        port, behaviour = hardware.port, hardware.behaviour
        self._port = port
        self._behaviour = behaviour
        self._reader = honeywell.CommandReader()
        self._baud = port.baud
        self._defaults = {name: default for name, (default, _) in _FACTORY.items()}
        self._defaults[Setting.BAUD] = str(honeywell.BAUD_RATES.index(port.baud))
        self._memory = SettingsMemory(self._defaults, behaviour)
        self._stored = self._memory.read()
        self._working = dict(self._stored)
        self._hardware = hardware
        self._firmware = hardware.firmware(_FIRMWARE)
        self._powered = True
        self._device = hardware.device(self._deliver, self._configure)
        self._apply()

    def receive(self, data: bytes) -> None:
        """Take bytes from the host."""
        if not self._device.alive:
            return
        if not self._behaviour.takes_split_commands:
            self._reader = honeywell.CommandReader()
        for command in self._reader.feed(data, time.monotonic()):
            match command:
                case Trigger.START:
                    if not self._device.presentation:
                        self._device.trigger()
                case Trigger.STOP:
                    self._device.stop()
                case Menu():
                    self._answer_host(self._reply(command))
                    self._apply()

    def power(self, on: bool) -> None:
        """Cut or restore the supply; volatile settings are lost."""
        if on == self._powered:
            return
        self._powered = on
        self._device.power(on)
        self._memory.power(on)
        if on:
            self._firmware = self._hardware.firmware(self._firmware) + self._behaviour.firmware_drift(
                self._device.outage_s
            )
            self._stored = self._memory.read()
            self._working = dict(self._stored)
            self._reader = honeywell.CommandReader()
            self._apply()

    def close(self) -> None:
        """Stop the device."""
        self._device.close()

    def _answer_host(self, reply: bytes) -> None:
        self._port.send(reply)

    def _reply(self, menu: Menu) -> bytes:
        """Carry out a menu; its answer, empty where the supply failed before it was stored."""
        before = dict(self._stored)
        answer = b"".join(self._answer(entry, stored=menu.stored) + entry.mark for entry in menu.entries)
        return answer if self._stored == before or self._memory.write(self._stored) else b""

    def _answer(self, entry: Entry, *, stored: bool) -> bytes:
        """The echo and its status, without the punctuation after it."""
        if entry.query:
            return self._query(entry, self._stored if stored else self._working)
        if entry.name == Setting.REVISION:
            return entry.echo + self._revision() + honeywell.DONE
        return entry.echo + self._set(entry, stored=stored)

    def _set(self, entry: Entry, *, stored: bool) -> bytes:
        """Change what an entry asks for; its status."""
        if entry.name == Setting.DEFAULTS:
            changed = self._defaults
        elif entry.name in _MODES:
            changed = {} if entry.data else {Setting.TRIGGER_MODE: _MODES[Setting(entry.name)]}
        elif entry.name in _FACTORY:
            changed = {entry.name: str(int(entry.data))} if _allowed(entry.data, _FACTORY[entry.name][1]) else {}
        else:
            return honeywell.BAD_TAG
        self._working.update(changed)
        if stored:
            self._stored.update(changed)
        return honeywell.DONE if changed else honeywell.OUT_OF_RANGE

    def _query(self, entry: Entry, table: dict[str, str]) -> bytes:
        if entry.subtag or entry.data:
            names = [name for name in _FACTORY if name == entry.name and not entry.data]
        else:
            names = [name for name in _FACTORY if entry.tag in ("", name[:3])]
        if not names:
            return entry.echo + entry.query.encode() + honeywell.BAD_TAG
        answer, tag = b"", ""
        for name in names:
            mark, key = (b",", name[3:]) if name[:3] == tag else (b";", name)
            tag = name[:3]
            value = {"?": table[name], "^": self._defaults[name], "*": _FACTORY[name][1]}[entry.query]
            answer += (mark if answer else b"") + key.encode() + value.encode() + honeywell.DONE
        return answer if names != [entry.name] else entry.echo + answer[len(names[0]) :]

    def _revision(self) -> bytes:
        lines = {"Product Name": _MODEL, "Boot Revision": _HARDWARE}
        if self._behaviour.reports_firmware:
            lines["Software Revision"] = f"V{self._firmware / 100:.2f}"
        lines |= {"Serial Number": _SERIAL, "Supported IF": "Standard"}
        return "".join(f"{key}: {value}\r\n" for key, value in lines.items()).encode()

    def _apply(self) -> None:
        self._device.presentation = self._working[Setting.TRIGGER_MODE] == _MODE_PRESENTATION
        self._device.read_timeout_s = int(self._working[Setting.READ_TIMEOUT]) / 1000
        self._device.same_code_delay_s = int(self._working[Setting.REREAD_DELAY]) / 1000
        baud = honeywell.BAUD_RATES[int(self._working[Setting.BAUD])]
        if baud != self._baud:
            self._baud = baud
            self._port.change_baud(baud)

    def _deliver(self, text: bytes) -> None:
        self._port.send(text + b"\r")

    def _configure(self, content: bytes) -> bool:
        if content not in honeywell.SETTING_CODES:
            return False
        if self._behaviour.lets_codes_configure or self._working[_SETTING_CODES_ALLOWED] == "1":
            self._reply(honeywell.parse_menu(content))
            self._apply()
        return True


def _allowed(data: str, values: str) -> bool:
    """Whether data is one of ``a|b|c`` or within ``a-b``."""
    if not data.isascii() or not data.isdigit():
        return False
    low, dash, high = values.partition("-")
    return int(low) <= int(data) <= int(high) if dash else data in values.split("|")
