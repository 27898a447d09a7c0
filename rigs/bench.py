"""An open bench: every role filled, every process it started ended when it is closed."""

from __future__ import annotations

import contextlib
import functools
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from reference_impl.wire.envelope import Credentials
from rigs.bench_file import BenchFile, EmulatedScannerTable, FramePortTable, ScannerTable, ScreenTable
from rigs.child_process import ChildProcess
from rigs.drivers.gm65 import Gm65Scanner
from rigs.drivers.hid_stream import HidStreamKeyboard
from rigs.drivers.hn_a import HnAPlatform
from rigs.drivers.honeywell import HoneywellScanner
from rigs.drivers.newland import NewlandScanner
from rigs.drivers.plain_line import PlainLineScanner
from rigs.drivers.platform_api import PlatformApi, TurnedClock, WallClock
from rigs.drivers.serial_scanner import SerialScanner
from rigs.drivers.ssi import SsiScanner
from rigs.errors import BenchFileError, RigError, SubjectFaultError
from rigs.instruments.power_supply import ScpiPowerSupply
from rigs.journal import Journal
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.screen import ScreenPresenter
from rigs.platform_credentials import PlatformCredentials, load_platform_credentials
from rigs.platform_link import PlatformLink
from rigs.protocols.plain_line import Ending
from rigs.reference_platform import ReferencePlatform
from rigs.roles import DeviceIdentity, Keyboard, PlatformClock, Power, Presenter
from rigs.serial_line import SerialLine

Role = TypeVar("Role")

PATIENCE_S = 6.0
"""A subject that is silent for longer is gone; one that comes back earlier has only hung."""

_SCANNERS: dict[str, type[SerialScanner]] = {
    "gm65": Gm65Scanner,
    "honeywell": HoneywellScanner,
    "newland": NewlandScanner,
    "ssi": SsiScanner,
}


@dataclass(frozen=True)
class EmulationOptions:
    """What a run adds to the emulated parts of a bench.

    Attributes:
        defect: deliberate defect of the emulated subject, or None.
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
        BenchFileError: a defect was asked of a bench that does not emulate its subject.
    """

    def __init__(self, file: BenchFile, journal: Journal, emulation: EmulationOptions) -> None:
        _refuse_defect(file, emulation.defect)
        self.file = file
        self.journal = journal
        self._emulation = emulation
        self._closing = contextlib.ExitStack()
        self.power: Power | None = None
        self._presenter: Presenter | None = None
        self._scanner: SerialScanner | None = None
        self._host: ReferencePlatform | None = None
        self._deployment: str | None = None
        self._sources = itertools.count(1)
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

    @property
    def presenter(self) -> Presenter:
        """Whatever puts codes in front of the device."""
        return _bound(self._presenter, "presenter")

    @property
    def scanner(self) -> SerialScanner:
        """The scanner under test."""
        return _bound(self._scanner, "scanner")

    @property
    def silence_s(self) -> float:
        """How long nothing must arrive from the scanner before a symbol counts as not delivered, s."""
        return _bound(self.file.scanner, "scanner").silence_s

    @property
    def host(self) -> ReferencePlatform:
        """The machine the platform runs on, where the bench runs it."""
        return _bound(self._host, "platform.reference")

    def callers(
        self, number: int, *, apart: bool = False, digests_only: bool = False
    ) -> contextlib.AbstractContextManager[list[HnAPlatform]]:
        """So many lines of the first institution, open at once, from its terminals in turn; as ``lines``."""
        terminals = itertools.cycle(self.credentials.terminals)
        senders = [self.credentials.at(next(terminals)) for _ in range(number)]
        return self.lines(senders, apart=apart, digests_only=digests_only)

    @contextlib.contextmanager
    def lines(
        self, senders: list[Credentials], *, apart: bool = False, digests_only: bool = False
    ) -> Iterator[list[HnAPlatform]]:
        """One line for each sender, open at once.

        Args:
            senders: what each signs with; may be an application enrolled during the run.
            apart: let each come from an address of its own, where the platform runs on this machine.
            digests_only: journal the hash of each envelope in place of its bytes.
        """
        with contextlib.ExitStack() as open_lines:
            found = []
            for sender in senders:
                source = self._next_source() if apart and self.link.loopback else None
                line = HnAPlatform(self.link, sender, self.journal, source=source, digests_only=digests_only)
                open_lines.callback(line.close)
                found.append(line)
            yield found

    def _next_source(self) -> str:
        number = next(self._sources)
        return f"127.{64 + number // 62_500 % 64}.{number // 250 % 250}.{1 + number % 250}"

    def revive(self) -> bool:
        """Whether a platform that stopped answering is back: started again where the bench runs it, else waited for."""
        if self._host is not None and not self._host.running:
            self._host.start()
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                self.identify()
            except SubjectFaultError:
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.2)
            else:
                return True

    def identify(self) -> DeviceIdentity:
        """What the subject says of itself, completed from its label where its protocol does not tell."""
        if self.file.scanner is None:
            said, label = self._identify_platform(), self.file.platform.label.identity()
        else:
            said, label = self.scanner.identify(), self.file.scanner.label.identity()
        return replace(label, **{name: value for name in label.__slots__ if (value := getattr(said, name)) is not None})

    def _identify_platform(self) -> DeviceIdentity:
        said = self.admin.identify()
        if self._host is None:
            return said
        # One that was made for this run has a name nobody could have filed: its label names it while it stays the same.
        self._deployment = self._deployment or said.serial
        return replace(said, serial=None) if said.serial == self._deployment else said

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
        self._keyboard_url: str | None = None
        if self.file.presenter is not None and self.file.scanner is not None:
            self._open_terminal(self.file.presenter, self.file.scanner)
        self.link, self.credentials = self._open_platform()
        self.admin = PlatformApi(self.link, self.credentials.tokens, self.journal)
        self._closing.callback(self.admin.close)
        self.platform = HnAPlatform(self.link, self.credentials.institution, self.journal)
        self._closing.callback(self.platform.close)
        self.clock = self._open_clock()

    def _open_terminal(self, shown: FramePortTable | ScreenTable, table: ScannerTable) -> None:
        self._presenter = self._open_presenter(shown)
        rail = self._open_power()
        emulator = None if table.emulated is None else self._emulate_scanner(table, table.emulated, rail)
        self._scanner = self._open_scanner(table, emulator)
        self._keyboard_url = self._find_keyboard(emulator)
        if self._keyboard_url is not None:
            self.open_keyboard().close()

    def _open_presenter(self, table: FramePortTable | ScreenTable) -> Presenter:
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

    def _open_scanner(self, table: ScannerTable, emulator: ChildProcess | None) -> SerialScanner:
        url = table.url or (emulator.greeting if emulator is not None else "")
        line = SerialLine(url, table.baud, "scanner", self.journal)
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
        self._closing.callback(scanner.close)
        return scanner

    def _find_keyboard(self, emulator: ChildProcess | None) -> str | None:
        table = self.file.keyboard
        if table is None or table.url is not None or emulator is None:
            return None if table is None else table.url
        return f"socket://{emulator.line().removeprefix('keyboard ')}"

    def _emulate_scanner(self, table: ScannerTable, emulated: EmulatedScannerTable, rail: str | None) -> ChildProcess:
        keyboard = self.file.keyboard
        if not isinstance(self.presenter, FramePortPresenter):
            raise BenchFileError(
                "an emulated scanner can only look at a frame port",
                where="[presenter]",
                remedy='use driver = "frame-port"',
            )
        arguments = ["emulate", "scanner", "--tethered", "--protocol", table.driver, "--camera", self.presenter.url]
        arguments += ["--baud", str(table.baud), "--pace", emulated.pace, "--time-scale", str(emulated.time_scale)]
        arguments += ["--terminator", table.terminator]
        if rail is not None:
            arguments += ["--rail", rail]
        if self._emulation.defect is not None:
            arguments += ["--defect", self._emulation.defect]
        if keyboard is not None and keyboard.emulated is not None:
            arguments.append("--keyboard")
        return self._start("scanner", arguments)

    def _open_platform(self) -> tuple[PlatformLink, PlatformCredentials]:
        table = self.file.platform
        subject = self.file.subject == "platform"
        if table.url is not None and table.credentials is not None:
            return PlatformLink(table.url, subject=subject), load_platform_credentials(table.credentials)
        assert table.reference is not None  # noqa: S101 - the bench file has one of both
        self._host = ReferencePlatform(
            table.reference,
            self._emulation.state,
            self._emulation.defect if subject else None,
            subject=subject,
            journal=self.journal,
        )
        self._closing.callback(self._host.close)
        return self._host.link, self._host.credentials

    def _open_clock(self) -> PlatformClock:
        if not self.file.platform.clock_turns:
            return WallClock()
        clock = TurnedClock(self.link, self.admin)
        clock.read()
        if self._host is not None:
            self._host.after_start = clock.resume
        return clock

    def _start(self, role: str, arguments: list[str]) -> ChildProcess:
        child = ChildProcess(role, arguments)
        self._closing.callback(child.close)
        self.journal.event(role, "process started", pid=child.pid)
        return child


def _driver(table: ScannerTable) -> Callable[..., SerialScanner]:
    if table.driver != "plain-line":
        return _SCANNERS[table.driver]
    ending = Ending[table.terminator.upper()]
    return functools.partial(PlainLineScanner, ending=ending, gap_s=table.character_gap_ms / 1000)


def _bound(role: Role | None, name: str) -> Role:
    if role is None:
        raise RigError(f"the bench binds no {name}", where=name, remedy=f"add a table [{name}]")
    return role


def _refuse_defect(file: BenchFile, defect: str | None) -> None:
    if defect is None:
        return
    table = "platform.reference" if file.scanner is None else "scanner.emulated"
    emulated = file.platform.reference if file.scanner is None else file.scanner.emulated
    if emulated is None:
        raise BenchFileError(
            f"a defect can only be given to a {file.subject} the bench emulates",
            where="--defect",
            remedy=f"use a bench with a table [{table}]",
        )
