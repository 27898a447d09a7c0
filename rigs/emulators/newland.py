"""The Newland side of the line: two tables of settings, replies, deliveries, and the older command set beside them."""

from __future__ import annotations

import threading
import time

from rigs.emulators.hardware import Hardware
from rigs.emulators.settings_memory import SettingsMemory
from rigs.protocols import newland, newland_legacy
from rigs.protocols.newland import Code, Entry, Menu, Setting, State

_MODEL = "EMU-NLS"
_SERIAL = "EMU0003"
_HARDWARE = "V1.00"
_FIRMWARE = 0x7B
"""Hundredths: V1.23."""
_SWITCH = "0-1"
_BYTES = "00-FF"
_FACTORY: dict[str, tuple[str, str]] = {
    Setting.SCAN_MODE: (newland.MODE_TRIGGER, f"{newland.MODE_TRIGGER}|{newland.MODE_SENSING}"),
    Setting.READ_TIMEOUT: ("3000", "0-3600000"),
    Setting.REREAD: ("1", _SWITCH),
    Setting.REREAD_DELAY: ("1500", "1-3600000"),
    Setting.BEEPER: ("1", _SWITCH),
    Setting.CODE_11: ("0", _SWITCH),
    Setting.CODE_11_SHORTEST: ("4", "1-127"),
    Setting.CODE_11_LONGEST: ("48", "1-127"),
    Setting.CODE_128: ("1", _SWITCH),
    Setting.QR: ("1", _SWITCH),
    Setting.QR_SHORTEST: ("1", "1-65535"),
    Setting.QR_LONGEST: ("65535", "1-65535"),
    Setting.PDF417: ("1", _SWITCH),
    Setting.SUFFIX_ON: ("0", _SWITCH),
    Setting.SUFFIX: ("20", _BYTES),
    Setting.TERMINATOR_ON: ("1", _SWITCH),
    Setting.TERMINATOR: ("0D", _BYTES),
    Setting.BAUD: ("", "0-8"),
    Setting.SETTING_CODES: ("0", _SWITCH),
}
"""Default and range of each setting; the default line rate is the one the port was made with. Setting codes are locked,
as a terminal is handed over, not as an engine is bought."""
_MOST_BYTES = 7
"""Bytes a suffix or terminator may have."""


class NewlandEmulator:
    """An emulated Newland engine on a port.

    Args:
        hardware: what it is made of.
    """

    def __init__(self, hardware: Hardware) -> None:
        port, behaviour = hardware.port, hardware.behaviour
        self._port = port
        self._behaviour = behaviour
        self._reader = newland.CommandReader()
        self._baud = port.baud
        self._defaults = {name: default for name, (default, _) in _FACTORY.items()}
        self._defaults[Setting.BAUD] = str(newland.BAUD_RATES.index(port.baud))
        self._memory = SettingsMemory(self._defaults, behaviour)
        self._stored = self._memory.read()
        self._working = dict(self._stored)
        self._hardware = hardware
        self._firmware = hardware.firmware(_FIRMWARE)
        self._powered = True
        self._configuring = False
        self._leaving: threading.Timer | None = None
        self._device = hardware.device(self._deliver, self._configure)
        self._apply()

    def receive(self, data: bytes) -> None:
        """Take bytes from the host."""
        if not self._device.alive:
            return
        if not self._behaviour.takes_split_commands:
            self._reader = newland.CommandReader()
        for command in self._reader.feed(data, time.monotonic()):
            match command:
                case Menu():
                    self._obey(command)
                case State():
                    self._change_state(command)
                case Code():
                    self._obey_code(command.code)

    def power(self, on: bool) -> None:
        """Cut or restore the supply; temporary settings are lost."""
        if on == self._powered:
            return
        self._powered = on
        self._device.power(on)
        self._memory.power(on)
        self._stop_waiting()
        self._configuring = False
        if on:
            self._firmware = self._hardware.firmware(self._firmware) + self._behaviour.firmware_drift(
                self._device.outage_s
            )
            self._stored = self._memory.read()
            self._working = dict(self._stored)
            self._reader = newland.CommandReader()
            self._apply()

    def close(self) -> None:
        """Stop the device."""
        self._stop_waiting()
        self._device.close()

    def _obey(self, menu: Menu) -> None:
        answer = self._reply(menu)
        if not answer:
            return
        self._port.send(newland.reply(menu.storage, answer))
        self._apply()
        for entry in menu.entries:
            if entry.name == Setting.TRIGGER and entry.data == "0":
                self._device.stop()
            elif entry.name == Setting.TRIGGER and entry.data == "1" and not self._device.presentation:
                self._device.trigger()

    def _reply(self, menu: Menu) -> bytes:
        """Carry out a menu; its answer, empty where the supply failed before it was stored."""
        before, stored = dict(self._stored), menu.storage == newland.STORED
        answer = b"".join(self._answer(entry, stored=stored) + entry.mark for entry in menu.entries)
        return answer if self._stored == before or self._memory.write(self._stored) else b""

    def _answer(self, entry: Entry, *, stored: bool) -> bytes:
        """The echo and its status, without the punctuation after it."""
        if entry.query:
            return self._query(entry)
        if entry.name == Setting.PRODUCT:
            return entry.echo + self._product() + newland.DONE
        return entry.echo + self._set(entry, stored=stored)

    def _set(self, entry: Entry, *, stored: bool) -> bytes:
        """Change what an entry asks for; its status."""
        changed: dict[str, str] = {}
        if entry.name == Setting.TRIGGER:
            return newland.DONE if entry.data in ("0", "1") else newland.OUT_OF_RANGE
        if entry.name == Setting.DEFAULTS:
            changed = self._defaults
        elif entry.name not in _FACTORY:
            return newland.BAD_TAG
        elif _allowed(entry.data, _FACTORY[entry.name][1]):
            changed = {entry.name: entry.data}
        self._working.update(changed)
        if stored:
            self._stored.update(changed)
        return newland.DONE if changed else newland.OUT_OF_RANGE

    def _query(self, entry: Entry) -> bytes:
        names = [name for name in _FACTORY if not entry.data and name[: 3 + len(entry.subtag)] == entry.name]
        if not names or len(entry.tag) < 3:
            known = entry.name in (Setting.TRIGGER, Setting.DEFAULTS, Setting.PRODUCT)
            status = newland.OUT_OF_RANGE if known else newland.BAD_TAG
            return entry.echo + entry.query.encode() + status
        values = {"*": self._working, "&": self._defaults, "^": {name: _FACTORY[name][1] for name in names}}
        told = [(name[3:] if number else name) + values[entry.query][name] for number, name in enumerate(names)]
        text = (newland.DONE + b",").join(value.encode() for value in told) + newland.DONE
        return entry.echo + text[len(names[0]) :] if entry.subtag else text

    def _product(self) -> bytes:
        lines = {"Product Name": _MODEL}
        if self._behaviour.reports_firmware:
            lines["Firmware Version"] = f"V{self._firmware / 100:.2f}"
        lines |= {"Hardware Version": _HARDWARE, "Serial Number": _SERIAL}
        return "".join(f"{key}: {value}\r\n" for key, value in lines.items()).encode()

    def _change_state(self, state: State) -> None:
        """Enter or leave the older set's configuration state, in which nothing is read."""
        self._stop_waiting()
        if state is State.ENTER:
            self._configuring = True
            self._port.send(newland_legacy.ENTERED)
            self._wait_for_codes()
        elif self._configuring:
            self._leave()
        self._apply()

    def _obey_code(self, code: str) -> None:
        if not self._configuring:
            return
        self._stop_waiting()
        known = code in (newland_legacy.EXAMPLE, newland_legacy.INFORMATION)
        self._port.send(newland_legacy.done(code) if known else newland_legacy.refused(code))
        if code == newland_legacy.INFORMATION:
            self._port.send(newland_legacy.information(self._product()))
        self._wait_for_codes()

    def _wait_for_codes(self) -> None:
        self._leaving = threading.Timer(newland_legacy.LEAVES_AFTER_S, self._leave)
        self._leaving.daemon = True
        self._leaving.start()

    def _stop_waiting(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def _leave(self) -> None:
        self._configuring = False
        self._port.send(newland_legacy.LEFT)
        self._apply()

    def _apply(self) -> None:
        sensing = self._working[Setting.SCAN_MODE] == newland.MODE_SENSING
        self._device.presentation = sensing and not self._configuring
        if self._configuring:
            self._device.stop()
        self._device.read_timeout_s = int(self._working[Setting.READ_TIMEOUT]) / 1000
        delay_ms = int(self._working[Setting.REREAD_DELAY]) if self._working[Setting.REREAD] == "1" else 0
        self._device.same_code_delay_s = delay_ms / 1000
        baud = newland.BAUD_RATES[int(self._working[Setting.BAUD])]
        if baud != self._baud:
            self._baud = baud
            self._port.change_baud(baud)

    def _deliver(self, text: bytes) -> None:
        for switch, added in ((Setting.SUFFIX_ON, Setting.SUFFIX), (Setting.TERMINATOR_ON, Setting.TERMINATOR)):
            if self._working[switch] == "1":
                text += bytes.fromhex(self._working[added])
        self._port.send(text)

    def _configure(self, content: bytes) -> bool:
        if content not in newland.SETTING_CODES:
            return False
        if self._behaviour.lets_codes_configure or self._working[Setting.SETTING_CODES] == "1":
            self._reply(newland.parse_menu(content[:1], content[1:] + b";"))
            self._apply()
        return True


def _allowed(data: str, values: str) -> bool:
    """Whether data is one of ``a|b|c``, within ``a-b``, or hexadecimal digits of a few bytes."""
    if values == _BYTES:
        digits = all(digit in "0123456789ABCDEF" for digit in data)
        return digits and len(data) % 2 == 0 and 0 < len(data) <= 2 * _MOST_BYTES
    if not data.isascii() or not data.isdigit() or len(data) > 7:
        return False
    low, dash, high = values.partition("-")
    return int(low) <= int(data) <= int(high) if dash else data in values.split("|")
