"""An open bench: every role filled, every process it started ended when it is closed."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from rigs.bench_file import BenchFile, EmulatedScannerTable, FramePortTable, ScreenTable
from rigs.child_process import ChildProcess
from rigs.drivers.gm65 import Gm65Scanner
from rigs.drivers.hid_stream import HidStreamKeyboard
from rigs.drivers.hn_a import HnAPlatform, load_credentials
from rigs.drivers.honeywell import HoneywellScanner
from rigs.drivers.serial_scanner import SerialScanner
from rigs.errors import BenchFileError, RigError
from rigs.instruments.power_supply import ScpiPowerSupply
from rigs.journal import Journal
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.screen import ScreenPresenter
from rigs.roles import DeviceIdentity, Keyboard, Power, Presenter
from rigs.serial_line import SerialLine

_SCANNERS: dict[str, type[SerialScanner]] = {"gm65": Gm65Scanner, "honeywell": HoneywellScanner}


@dataclass(frozen=True)
class EmulationOptions:
    """What a run adds to the emulated parts of a bench.

    Attributes:
        defect: deliberate defect of the emulated scanner, or None.
        state: folder where the reference platform keeps its data.
    """

    state: Path
    defect: str | None = None


class Bench:
    """The roles of a bench file, opened.

    Args:
        file: the checked bench file.
        journal: where every wire is recorded.
        emulation: defect and state folder for what the bench starts itself.

    Raises:
        RigError: a part is absent, busy or silent. Whatever was already open is closed again.
        BenchFileError: a defect was asked of a bench that does not emulate its scanner.
    """

    def __init__(self, file: BenchFile, journal: Journal, emulation: EmulationOptions) -> None:
        if emulation.defect is not None and file.scanner.emulated is None:
            raise BenchFileError(
                "a defect can only be given to a scanner the bench emulates",
                where="--defect",
                remedy="use a bench with a table [scanner.emulated]",
            )
        self.file = file
        self.journal = journal
        self._emulation = emulation
        self._closing = contextlib.ExitStack()
        self.power: Power | None = None
        try:
            self._open()
        except BaseException:
            self._closing.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def identify(self) -> DeviceIdentity:
        """What the device says of itself, completed from its label where its protocol does not tell."""
        said, label = self.scanner.identify(), self.file.scanner.label.identity()
        return replace(label, **{name: value for name in label.__slots__ if (value := getattr(said, name)) is not None})

    def open_keyboard(self) -> Keyboard:
        """Listen to the keyboard link; the caller closes it, because a device that types every code costs time.

        Raises:
            RigError: the bench binds no keyboard, or nothing listens there.
        """
        if self._keyboard_url is None:
            raise RigError("the bench binds no keyboard", where="keyboard", remedy="add a table [keyboard]")
        return HidStreamKeyboard(self._keyboard_url, self.journal)

    def close(self) -> None:
        """Close every role and end every process the bench started."""
        self._closing.close()

    def _open(self) -> None:
        self.presenter = self._open_presenter()
        rail = self._open_power()
        twin = self.file.scanner.emulated
        emulator = None if twin is None else self._emulate_scanner(twin, rail)
        self.scanner = self._open_scanner(emulator)
        self._keyboard_url = self._find_keyboard(emulator)
        if self._keyboard_url is not None:
            self.open_keyboard().close()
        self.platform = self._open_platform()

    def _open_presenter(self) -> Presenter:
        table = self.file.presenter
        match table:
            case FramePortTable():
                presenter: Presenter = FramePortPresenter(self.journal, table.frame_port)
            case ScreenTable():
                presenter = ScreenPresenter(self.journal, table)
        self._closing.callback(presenter.close)
        return presenter

    def _open_power(self) -> str | None:
        table = self.file.power
        if table is None:
            return None
        rail = None
        resource = table.resource
        if resource is None:
            greeting = self._start("power", ["emulate", "power-supply", "--tethered"]).greeting
            resource, rail = greeting.split()
        supply = ScpiPowerSupply(resource, self.journal)
        self._closing.callback(supply.close)
        self.power = supply
        return rail

    def _open_scanner(self, emulator: ChildProcess | None) -> SerialScanner:
        table = self.file.scanner
        url = table.url or (emulator.greeting if emulator is not None else "")
        line = SerialLine(url, table.baud, "scanner", self.journal)
        try:
            scanner = _SCANNERS[table.driver](
                line,
                read_timeout_s=table.read_timeout_s,
                mode=table.mode,
                time_scale=1.0 if table.emulated is None else table.emulated.time_scale,
                settle_s=min(0.1, table.silence_s / 4),
            )
        except BaseException:
            line.close()
            raise
        self._closing.callback(scanner.close)
        return scanner

    def _find_keyboard(self, emulator: ChildProcess | None) -> str | None:
        table = self.file.keyboard
        if table is None or table.url is not None or emulator is None:
            return None if table is None else table.url
        return f"socket://{emulator.line().removeprefix('keyboard ')}"

    def _emulate_scanner(self, emulated: EmulatedScannerTable, rail: str | None) -> ChildProcess:
        table, keyboard = self.file.scanner, self.file.keyboard
        if not isinstance(self.presenter, FramePortPresenter):
            raise BenchFileError(
                "an emulated scanner can only look at a frame port",
                where="[presenter]",
                remedy='use driver = "frame-port"',
            )
        arguments = ["emulate", "scanner", "--tethered", "--protocol", table.driver, "--camera", self.presenter.url]
        arguments += ["--baud", str(table.baud), "--pace", emulated.pace, "--time-scale", str(emulated.time_scale)]
        if rail is not None:
            arguments += ["--rail", rail]
        if self._emulation.defect is not None:
            arguments += ["--defect", self._emulation.defect]
        if keyboard is not None and keyboard.emulated is not None:
            arguments.append("--keyboard")
        return self._start("scanner", arguments)

    def _open_platform(self) -> HnAPlatform:
        table = self.file.platform
        if table.url is not None and table.credentials is not None:
            url, credentials = table.url, load_credentials(table.credentials)
        else:
            arguments = ["platform", "serve", "--tethered", "--port", "0", "--data", str(self._emulation.state)]
            greeting = self._start("platform", arguments).greeting
            try:
                ready = json.loads(greeting)
                url, credentials = ready["url"], load_credentials(Path(ready["credentials"]))
            except (ValueError, KeyError) as error:
                raise RigError(
                    f"the reference platform said {greeting!r}", where="platform", remedy="run it by hand"
                ) from error
        platform = HnAPlatform(url, credentials, self.journal)
        self._closing.callback(platform.close)
        return platform

    def _start(self, role: str, arguments: list[str]) -> ChildProcess:
        child = ChildProcess(role, arguments)
        self._closing.callback(child.close)
        self.journal.event(role, "process started", pid=child.pid)
        return child
