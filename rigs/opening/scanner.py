"""Opens the scanner under test and finds its keyboard link."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rigs.bench_tables.scanner import EmulatedScannerTable, KeyboardTable, ScannerTable
from rigs.child_process import ChildProcess
from rigs.drivers.datalogic import DatalogicScanner
from rigs.drivers.gm65 import Gm65Scanner
from rigs.drivers.hid_pos import HidPosLine, HidPosScanner
from rigs.drivers.honeywell import HoneywellScanner
from rigs.drivers.keyboard_wedge import KeyboardLine, KeyboardWedgeScanner
from rigs.drivers.m3y import M3yScanner
from rigs.drivers.newland import NewlandScanner
from rigs.drivers.plain_line import PlainLineScanner
from rigs.drivers.serial_scanner import SerialScanner
from rigs.drivers.ssi import SsiScanner
from rigs.drivers.web_plugin import WebPluginScanner
from rigs.errors import BenchFileError
from rigs.framing import Framing
from rigs.opening.network import Seclusion
from rigs.opening.opening import Opening
from rigs.opening.updater import Factory
from rigs.optics.presenter import FramePortPresenter
from rigs.protocols.plain_line import Ending
from rigs.roles import Presenter
from rigs.roles.network import NetworkTap
from rigs.serial_line import LineSettings, SerialLine

_SCANNERS: dict[str, type[SerialScanner]] = {
    "gm65": Gm65Scanner,
    "hid-pos": HidPosScanner,
    "honeywell": HoneywellScanner,
    "m3y": M3yScanner,
    "newland": NewlandScanner,
    "ssi": SsiScanner,
    "web-plugin": WebPluginScanner,
}

_UNANSWERING: dict[str, type[PlainLineScanner]] = {
    "datalogic": DatalogicScanner,
    "keyboard-wedge": KeyboardWedgeScanner,
    "plain-line": PlainLineScanner,
}
_CARRIERS: dict[str, type[SerialLine]] = {"hid-pos": HidPosLine, "keyboard-wedge": KeyboardLine}
"""Lines of drivers that speak on no serial one but in reports."""


@dataclass(frozen=True)
class Surroundings:
    """What an emulated scanner is connected to.

    Attributes:
        presenter: what it looks at.
        keyboard: the bench's keyboard link, or None.
        rail: ``host:port`` of an emulated supply that feeds it, or None for mains.
        factory: maker of its firmware, or None for a scanner that takes no updates.
        interlock: socket of an emulated card side it asks before it hands over a code, or None.
        names: folder of the stable name of its USB port, or None for a port that is never unplugged.
        seclusion: a network of its own, or None.
        log: folder it keeps a log in, or None.
    """

    presenter: Presenter
    keyboard: KeyboardTable | None = None
    rail: str | None = None
    factory: Factory | None = None
    interlock: str | None = None
    names: Path | None = None
    seclusion: Seclusion | None = None
    log: Path | None = None


@dataclass(frozen=True)
class OpenedScanner:
    """A scanner and where its keyboard link is.

    Attributes:
        scanner: the role.
        keyboard_url: ``socket://host:port`` of the keyboard link, or None.
        emulator: process of an emulated one, or None.
        reconnect: opens its port anew, at this path or URL.
        update_port: ``host:port`` at which an emulated one takes updates, or None.
        network: the tap of an emulated one's network link, or None.
    """

    scanner: SerialScanner
    keyboard_url: str | None
    reconnect: Callable[[str], None]
    emulator: ChildProcess | None = None
    update_port: str | None = None
    network: NetworkTap | None = None


def open_scanner(table: ScannerTable, around: Surroundings, opening: Opening) -> OpenedScanner:
    """The scanner of a bench.

    Raises:
        RigError: its port is absent, busy or silent.
        BenchFileError: an emulated scanner faces a presenter it cannot look at.
    """
    emulator = None if table.emulated is None else _emulate(table, table.emulated, around, opening)
    network = around.seclusion.attach(emulator.pid, opening) if around.seclusion and emulator else None
    url = table.url or (emulator.greeting if emulator else "")

    def line_at(port: str) -> SerialLine:
        return _CARRIERS.get(table.driver, SerialLine)(port, _line(table), "scanner", opening.journal)

    line = line_at(url)
    try:
        scanner = _driver(table)(
            line,
            read_timeout_s=table.read_timeout_s,
            mode=table.mode,
            time_scale=1.0 if table.emulated is None else table.emulated.time_scale,
            settle_s=min(0.1, table.silence_s / 4),
        )
    except BaseException:
        line.close()
        raise
    opening.closing.callback(scanner.close)
    keyboard_url = _find_keyboard(around.keyboard, emulator)

    def reconnect(port: str) -> None:
        scanner.line.close()
        scanner.take_line(line_at(port))

    if emulator is None:
        return OpenedScanner(scanner, keyboard_url, reconnect)
    update_port = None if around.factory is None else emulator.line().removeprefix("update ")
    return OpenedScanner(scanner, keyboard_url, reconnect, emulator, update_port, network)


def _line(table: ScannerTable) -> LineSettings:
    framing = Framing(table.parity, table.stop_bits)
    return LineSettings(table.baud, framing, dtr=table.dtr, rts=table.rts, presence=table.presence)


def _emulate(
    table: ScannerTable, emulated: EmulatedScannerTable, around: Surroundings, opening: Opening
) -> ChildProcess:
    if not isinstance(around.presenter, FramePortPresenter):
        raise BenchFileError(
            "an emulated scanner can only look at a frame port",
            where="[presenter]",
            remedy='use driver = "frame-port"',
        )
    camera = around.presenter.url if around.seclusion is None else around.seclusion.camera
    arguments = ["emulate", "scanner", "--tethered", "--protocol", table.driver, "--camera", camera]
    arguments += ["--baud", str(table.baud), "--pace", emulated.pace, "--time-scale", str(emulated.time_scale)]
    if around.log is not None:
        arguments += ["--log", str(around.log)]
    if around.names is not None:
        arguments += ["--by-id", str(around.names)]
    arguments += ["--listen", emulated.listen, "--parity", table.parity, "--stop-bits", str(table.stop_bits)]
    arguments += ["--terminator", table.terminator, *opening.defective()]
    if around.rail is not None:
        arguments += ["--rail", around.rail]
    if around.interlock is not None:
        arguments += ["--interlock", around.interlock]
    if around.keyboard is not None and around.keyboard.emulated is not None:
        arguments += ["--keyboard", around.keyboard.suffix]
    if around.factory is not None:
        arguments += around.factory.arguments()
    if around.seclusion is None:
        return opening.start("scanner", arguments)
    return opening.start("scanner", arguments + around.seclusion.arguments(), around.seclusion.under)


def _find_keyboard(table: KeyboardTable | None, emulator: ChildProcess | None) -> str | None:
    if table is None or table.url is not None or emulator is None:
        return None if table is None else table.url
    return f"socket://{emulator.line().removeprefix('keyboard ')}"


def _driver(table: ScannerTable) -> Callable[..., SerialScanner]:
    if table.driver in _SCANNERS:
        return _SCANNERS[table.driver]
    ending = Ending[table.terminator.upper()]
    return functools.partial(_UNANSWERING[table.driver], ending=ending, gap_s=table.character_gap_ms / 1000)
