"""An open bench: every role filled, every process it started ended when it is closed."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from reference_impl.wire.envelope import Credentials
from rigs.bench_file import BenchFile
from rigs.bench_tables.network import NetworkTable
from rigs.bench_tables.presenters import FramePortTable, ScreenTable
from rigs.bench_tables.scanner import ScannerTable
from rigs.child_process import ChildProcess
from rigs.drivers.hid_stream import HidStreamKeyboard
from rigs.drivers.hn_a import HnAPlatform
from rigs.drivers.network_tap import NoTap
from rigs.drivers.platform_api import PlatformApi
from rigs.drivers.serial_scanner import SerialScanner
from rigs.errors import BenchFileError, RigError, SubjectFaultError
from rigs.journal import Journal
from rigs.module_issuer import ModuleIssuer
from rigs.opening.camera import open_camera
from rigs.opening.cards import OpenedCards, open_cards, plug_in_cards
from rigs.opening.checker import open_checker
from rigs.opening.instruments import open_light_source, open_lux_meter
from rigs.opening.load import open_load
from rigs.opening.network import Seclusion, open_interface, seclude
from rigs.opening.opening import EmulationOptions, Opening
from rigs.opening.operator import open_operator
from rigs.opening.platform import open_clock, open_platform
from rigs.opening.power import open_power
from rigs.opening.presenters import open_presenter
from rigs.opening.scanner import Surroundings, open_scanner
from rigs.opening.security_module import Issuing, open_security_module
from rigs.opening.stage import open_stage
from rigs.opening.traces import log_folder, open_traces
from rigs.opening.updater import open_factory, open_updater
from rigs.opening.usb import names_folder, open_usb
from rigs.opening.virtual_readers import open_virtual_readers
from rigs.reference_platform import ReferencePlatform
from rigs.roles import Camera, DeviceIdentity, Keyboard, LightSource, LuxMeter, Operator, Power, Presenter
from rigs.roles.cards import CardReaders, Hand
from rigs.roles.load import LoadGenerator
from rigs.roles.network import NetworkTap
from rigs.roles.security import CodeChecker, SecurityModule, Updater
from rigs.roles.stage import Stage
from rigs.roles.traces import HostTraces
from rigs.roles.usb import UsbPort

Role = TypeVar("Role")

PATIENCE_S = 6.0
"""A subject that is silent for longer is gone; one that comes back earlier has only hung."""


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
        self._opening = Opening(journal, emulation)
        self.power: Power | None = None
        self.instruments: dict[str, str] = {}
        """What each open instrument says of itself, by its table of the bench file."""
        self._camera: Camera | None = None
        self._light_source: LightSource | None = None
        self._lux_meter: LuxMeter | None = None
        self._presenter: Presenter | None = None
        self._scanner: SerialScanner | None = None
        self.emulated_scanner: ChildProcess | None = None
        """Process of an emulated scanner, which does what it is told on its tether."""
        self._usb: UsbPort | None = None
        self._network: NetworkTap | None = None
        self._traces: HostTraces | None = None
        self._stage: Stage | None = None
        self._host: ReferencePlatform | None = None
        self._security_module: SecurityModule | None = None
        self._updater: Updater | None = None
        self._checker: CodeChecker | None = None
        self._load: LoadGenerator | None = None
        self._cards: OpenedCards | None = None
        self._deployment: str | None = None
        self._sources = itertools.count(1)
        try:
            self._open()
        except BaseException:
            self._opening.closing.close()
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
    def operator(self) -> Operator:
        """The person at the bench."""
        return _bound(self._opening.operator, "operator")

    @property
    def security_module(self) -> SecurityModule:
        """The terminal's security module."""
        return _bound(self._security_module, "security_module")

    @property
    def updater(self) -> Updater:
        """Whatever installs firmware on the terminal."""
        return _bound(self._updater, "updater")

    @property
    def cards(self) -> CardReaders:
        """The card side of the terminal."""
        return _bound(self._cards, "cards").readers

    @property
    def hand(self) -> Hand:
        """Whoever puts cards into the terminal."""
        return _bound(_bound(self._cards, "cards").hand, "operator")

    @property
    def terminal_logs(self) -> tuple[Path, ...]:
        """Where the software of the terminal keeps its logs on this host."""
        return _bound(self._cards, "cards").logs

    @property
    def checker(self) -> CodeChecker:
        """The part of the terminal that asks the platform itself."""
        return _bound(self._checker, "checker")

    @property
    def load(self) -> LoadGenerator:
        """What offers the platform a load."""
        return _bound(self._load, "load")

    @property
    def issuer(self) -> ModuleIssuer:
        """The platform as the issuer of security modules."""
        return ModuleIssuer(self.admin, self.credentials.institution.app_id)

    @property
    def stage(self) -> Stage:
        """Whatever sets distance and light between a code and the device."""
        return _bound(self._stage, "stage")

    @property
    def camera(self) -> Camera:
        """What sees the bench from where the device does."""
        return _bound(self._camera, "camera")

    @property
    def light_source(self) -> LightSource:
        """What lights the device."""
        return _bound(self._light_source, "light_source")

    @property
    def lux_meter(self) -> LuxMeter:
        """What measures the light at the place of the device."""
        return _bound(self._lux_meter, "lux_meter")

    @property
    def usb(self) -> UsbPort:
        """The USB connection of the device."""
        return _bound(self._usb, "usb")

    @property
    def network(self) -> NetworkTap:
        """The bench's ear on the device's network link."""
        return _bound(self._network, "network")

    @property
    def traces(self) -> HostTraces:
        """What the device and its vendor's software leave behind."""
        return _bound(self._traces, "traces")

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
        # The scanner of a bench may be that very keyboard
        return HidStreamKeyboard(
            self._keyboard_url, self.journal, exclusive=self._keyboard_url != self.scanner.line.url
        )

    def close(self) -> None:
        """Close every role and end every process the bench started."""
        self._opening.closing.close()

    def _open(self) -> None:
        self._keyboard_url: str | None = None
        if self.file.operator is not None:
            self._opening = replace(self._opening, operator=open_operator(self.file.operator, self._opening))
        self._virtual = open_virtual_readers(self.file, self._opening)
        if self.file.presenter is not None and self.file.scanner is not None:
            self._open_terminal(self.file.presenter, self.file.scanner)
        platform = open_platform(self.file.platform, self._opening, subject=self.file.subject == "platform")
        self.link, self.credentials, self._host = platform.link, platform.credentials, platform.host
        self.admin = PlatformApi(self.link, self.credentials.tokens, self.journal)
        self._opening.closing.callback(self.admin.close)
        self.platform = HnAPlatform(self.link, self.credentials.institution, self.journal)
        self._opening.closing.callback(self.platform.close)
        self.clock = open_clock(self.file.platform, platform, self.admin)
        if self.file.load is not None:
            self._load = open_load(self.file.load, self._opening)
        if self.file.checker is not None:
            self._checker = open_checker(self.file.checker, self.link, self.credentials, self._opening)
        if self.file.security_module is not None:
            issuing = Issuing(self.issuer, self.credentials.terminals[0], self._virtual)
            self._security_module = open_security_module(self.file.security_module, issuing, self._opening)

    def _open_light(self) -> None:
        beam = None
        if self.file.light_source is not None:
            opened = open_light_source(self.file.light_source, self._opening)
            self._light_source, beam = opened.lamp, opened.beam
            self.instruments["light_source"] = opened.lamp.identity
        if self.file.lux_meter is not None:
            self._lux_meter = meter = open_lux_meter(self.file.lux_meter, beam, self._opening)
            self.instruments["lux_meter"] = meter.identity

    def _open_terminal(self, shown: FramePortTable | ScreenTable, table: ScannerTable) -> None:
        self._presenter = open_presenter(shown, self._opening)
        self._open_light()
        light = (self._light_source, self._lux_meter)
        self._stage = open_stage(self.file.stage, self._presenter, light, self._opening)
        if self.file.camera is not None:
            self._camera = open_camera(self.file.camera, self._presenter, self._opening)
        power = None if self.file.power is None else open_power(self.file.power, self._opening)
        self.power = None if power is None else power.supply
        if power is not None and power.identity is not None:
            self.instruments["power"] = power.identity
        rail = None if power is None else power.rail
        factory = open_factory(self.file.updater, table.driver, self._opening)
        cards = None if self.file.cards is None else plug_in_cards(self.file.cards, self._virtual, self._opening)
        interlock = None if cards is None else cards.interlock
        secluded = seclude(self.file.network, self._presenter, self._opening)
        around = Surroundings(
            self._presenter,
            self.file.keyboard,
            rail,
            factory,
            interlock,
            names_folder(self.file.usb, self._opening),
            secluded if isinstance(secluded, Seclusion) else None,
            log := log_folder(self.file.traces, self._opening),
        )
        opened = open_scanner(table, around, self._opening)
        if cards is not None and self.file.cards is not None:
            self._cards = open_cards(cards, self.file.cards, opened.scanner, table.read_timeout_s, self._opening)
        if self.file.updater is not None:
            self._updater = open_updater(self.file.updater, factory, opened.update_port, self._opening)
        self._scanner, self._keyboard_url = opened.scanner, opened.keyboard_url
        self.emulated_scanner, self.reconnect = opened.emulator, opened.reconnect
        if self.file.usb is not None:
            self._usb = open_usb(self.file.usb, opened.scanner.line.url, opened.emulator, self._opening)
        if self.file.traces is not None:
            self._traces = open_traces(self.file.traces, log, opened.emulator, self._opening)
        if self.file.network is not None:
            self._network = opened.network or self._untapped(self.file.network, secluded)
        if self._keyboard_url is not None:
            self.open_keyboard().close()

    def _untapped(self, table: NetworkTable, secluded: Seclusion | NoTap | None) -> NetworkTap:
        return secluded if isinstance(secluded, NoTap) else open_interface(table, self._opening)


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
