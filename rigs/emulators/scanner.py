"""An emulated scanning terminal as a process: prints where its links are and runs until it is stopped."""

from __future__ import annotations

import functools
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rigs.emulators.behaviour import Behaviour
from rigs.emulators.datalogic import DatalogicEmulator
from rigs.emulators.defects.table import behaviour_of
from rigs.emulators.device_log import DeviceLog, LogHabits
from rigs.emulators.firmware import Flash, UpdateRules
from rigs.emulators.firmware_maker import FACTORY_VERSION
from rigs.emulators.gm65 import Gm65Emulator
from rigs.emulators.hardware import Hardware
from rigs.emulators.hid_pos import HidPosEmulator
from rigs.emulators.honeywell import HoneywellEmulator
from rigs.emulators.interlock import Interlock
from rigs.emulators.keyboard_port import KeyboardPort
from rigs.emulators.keyboard_wedge import KeyboardWedgeEmulator, NoPort
from rigs.emulators.looker import Looker
from rigs.emulators.m3y import M3yEmulator
from rigs.emulators.network_habits import NetworkHabits, live_by
from rigs.emulators.newland import NewlandEmulator
from rigs.emulators.obeying import Obeying
from rigs.emulators.plain_line import PlainLineEmulator
from rigs.emulators.plugged_port import PluggedPort, UsbHabits
from rigs.emulators.port import Port
from rigs.emulators.pty_port import PtyPort
from rigs.emulators.rfc2217_port import Rfc2217Port
from rigs.emulators.ssi import SsiEmulator
from rigs.emulators.tcp_port import TcpPort
from rigs.emulators.typist import Typist
from rigs.emulators.update_port import UpdatePort
from rigs.emulators.web_plugin import WebPluginEmulator
from rigs.emulators.websocket_port import WebSocketPort
from rigs.errors import BenchFileError
from rigs.framing import Framing, Parity
from rigs.protocols import hid_keyboard
from rigs.protocols.plain_line import Ending
from rigs.tether import obey_stdin


class Emulator(Protocol):
    """The protocol side of an emulated scanner."""

    def receive(self, data: bytes) -> None:
        """Take bytes from the host."""

    def power(self, on: bool) -> None:
        """Cut or restore the supply."""

    def close(self) -> None:
        """Stop the device."""


EMULATORS: dict[str, Callable[[Hardware], Emulator]] = {
    "datalogic": DatalogicEmulator,
    "gm65": Gm65Emulator,
    "hid-pos": HidPosEmulator,
    "keyboard-wedge": KeyboardWedgeEmulator,
    "honeywell": HoneywellEmulator,
    "m3y": M3yEmulator,
    "newland": NewlandEmulator,
    "plain-line": PlainLineEmulator,
    "ssi": SsiEmulator,
    "web-plugin": WebPluginEmulator,
}
PORTS: dict[str, Callable[[int, str, Framing], Port]] = {
    "pty": PtyPort,
    "tcp": TcpPort,
    "rfc2217": Rfc2217Port,
    "websocket": WebSocketPort,
}
ENDED: dict[str, Callable[[Hardware, Ending], Emulator]] = {
    "datalogic": DatalogicEmulator,
    "keyboard-wedge": KeyboardWedgeEmulator,
    "plain-line": PlainLineEmulator,
}
"""Emulators that end a content as they are set up."""


@dataclass(frozen=True)
class ScannerOptions:
    """What an emulated scanner is started with.

    Attributes:
        protocol: vendor protocol, a key of ``EMULATORS``.
        camera: address of the frame it looks at.
        defect: name of a deliberate defect, or None for a sound device.
        baud: line rate, bit/s.
        pace: ``uart`` or ``usb``, see ``PtyPort``.
        listen: what its line ends in, a key of ``PORTS``.
        parity: parity of its line.
        stop_bits: stop bits of its line.
        time_scale: how much faster than the wall clock the device's own clock runs.
        rail: ``host:port`` of an emulated supply that feeds it, or None for mains.
        tethered: end when standard input closes, so that no process outlives the bench that started it.
        keyboard: ``cr`` or ``tab`` to type every delivery on a keyboard link too, ended by that key; None for no such
            link.
        network_hour_s: how long an hour of its clock lasts where it has a network link, s; None for no such link.
        log: folder it keeps a log in, or None for none.
        by_id: folder of the stable name of its USB port, or None for a line that cannot be unplugged.
        terminator: what ends a content on a plain line, a name of ``Ending`` in lower case; elsewhere ``cr``.
        maker_key: its maker's SM2 public key in hex, with which it takes updates; None for a device that takes none.
        flash: folder it keeps its firmware in.
        interlock: socket of the terminal's card side, which it asks before it hands over a code; None without one.
    """

    protocol: str
    camera: str
    defect: str | None = None
    baud: int = 9600
    pace: str = "uart"
    listen: str = "pty"
    parity: Parity = "none"
    stop_bits: int = 1
    time_scale: float = 1.0
    rail: str | None = None
    tethered: bool = False
    keyboard: str | None = None
    terminator: str = "cr"
    maker_key: str | None = None
    flash: Path | None = None
    interlock: Path | None = None
    by_id: Path | None = None
    log: Path | None = None
    network_hour_s: float | None = None


def run_scanner(options: ScannerOptions) -> None:
    """Run an emulated scanner until SIGTERM, SIGINT, or the end of its tether.

    Prints what a host opens, a path or a URL, and a line more for each link: ``keyboard host:port``, ``update
    host:port``.

    Raises:
        BenchFileError: protocol or defect are unknown, or a terminator or a port is given that the protocol does not
            have.
    """
    if options.protocol not in EMULATORS:
        raise BenchFileError(
            f"there is no emulator for protocol {options.protocol!r}",
            where="--protocol",
            remedy=f"choose one of {', '.join(sorted(EMULATORS))}",
        )
    if (options.protocol == "web-plugin") != (options.listen == "websocket"):
        raise BenchFileError(
            f"protocol {options.protocol!r} is not spoken on {options.listen!r}",
            where="--listen",
            remedy="use --protocol web-plugin and --listen websocket together",
        )
    behaviour = behaviour_of(options.defect, Behaviour)
    make = EMULATORS[options.protocol]
    if options.protocol in ENDED:
        make = _ended(options)
    elif options.terminator != "cr":
        raise BenchFileError(
            f"protocol {options.protocol!r} ends a code with CR",
            where="--terminator",
            remedy=f"use it with --protocol {' or '.join(sorted(ENDED))}",
        )
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    keyboard = _keyboard(options)
    port = _port(options) if keyboard is None or options.protocol != "keyboard-wedge" else NoPort(keyboard)
    log = None if options.log is None else DeviceLog(options.log, behaviour_of(options.defect, LogHabits))
    flash = _flash(options)
    emulator = make(
        Hardware(port, Looker(options.camera), behaviour, options.time_scale, keyboard, flash, _interlock(options), log)
    )
    updates = None if flash is None else UpdatePort(flash, emulator.power)
    if options.tethered:
        hand = Obeying(emulator, behaviour, port if isinstance(port, PluggedPort) else None, log)
        obey_stdin(hand.do, stopping.set)
    if options.network_hour_s is not None:
        live_by(behaviour_of(options.defect, NetworkHabits), options.network_hour_s, stopping)
    if options.rail is not None:
        power = emulator.power if updates is None else updates.feed
        threading.Thread(target=_follow_rail, args=(options.rail, power, port), daemon=True).start()
    print(port.url, flush=True)  # noqa: T201
    if keyboard is not None:
        print(f"keyboard {keyboard.address}", flush=True)  # noqa: T201
    if updates is not None:
        print(f"update {updates.address}", flush=True)  # noqa: T201
    while not stopping.is_set():
        if data := port.read(0.1):
            emulator.receive(data)
    port.close()
    emulator.close()
    for link in (keyboard, updates):
        if link is not None:
            link.close()


def _port(options: ScannerOptions) -> Port:
    make = functools.partial(
        PORTS[options.listen], options.baud, options.pace, Framing(options.parity, options.stop_bits)
    )
    if options.by_id is None:
        return make()
    return PluggedPort(make, options.by_id, behaviour_of(options.defect, UsbHabits))


def _ended(options: ScannerOptions) -> Callable[[Hardware], Emulator]:
    ending = Ending[options.terminator.upper()]
    return lambda hardware: ENDED[options.protocol](hardware, ending)


def _keyboard(options: ScannerOptions) -> KeyboardPort | None:
    wanted = options.terminator if options.protocol == "keyboard-wedge" else options.keyboard
    if wanted is None:
        return None
    suffix = hid_keyboard.TAB if wanted == "tab" else hid_keyboard.ENTER
    return KeyboardPort(behaviour_of(options.defect, Typist), suffix)


def _interlock(options: ScannerOptions) -> Interlock | None:
    return None if options.interlock is None else Interlock(options.interlock)


def _flash(options: ScannerOptions) -> Flash | None:
    if options.maker_key is None or options.flash is None:
        return None
    rules = behaviour_of(options.defect, UpdateRules)
    try:
        maker = bytes.fromhex(options.maker_key)
        return Flash(options.flash, f"EMU-{options.protocol.upper()}", maker, FACTORY_VERSION, rules)
    except ValueError as error:
        raise BenchFileError(
            f"no maker's key ({error})", where="--maker-key", remedy="give an SM2 public key as 130 hex digits"
        ) from error


def _follow_rail(address: str, power: Callable[[bool], None], device_port: Port) -> None:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port))) as rail, rail.makefile("r") as states:
        for state in states:
            power(state.strip() == "1")
            device_port.power(state.strip() == "1")
