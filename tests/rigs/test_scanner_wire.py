"""Scanner drivers against emulated scanners: real ptys, real processes, real frames."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tty
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

import pytest

from rigs.drivers.gm65 import Gm65Scanner
from rigs.drivers.honeywell import HoneywellScanner
from rigs.drivers.newland import NewlandScanner
from rigs.drivers.plain_line import PlainLineScanner
from rigs.drivers.serial_scanner import SerialScanner
from rigs.drivers.ssi import SsiScanner
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.protocols import gm65, honeywell, newland, ssi
from rigs.protocols.plain_line import Ending
from rigs.roles import DeviceIdentity, Exchange
from rigs.serial_line import SerialLine

BAUD = 115200
SLOW = 9600
READ_S = 2.0
RUN = """
import sys
from rigs.emulators.scanner import ScannerOptions, run_scanner
protocol, camera, baud, defect, terminator = sys.argv[1:]
run_scanner(
    ScannerOptions(protocol, camera, defect or None, baud=int(baud), tethered=True, terminator=terminator)
)
"""
DRIVERS: dict[str, type[SerialScanner]] = {
    "gm65": Gm65Scanner,
    "honeywell": HoneywellScanner,
    "newland": NewlandScanner,
    "ssi": SsiScanner,
}
QUERIES = {
    "gm65": gm65.read_command(gm65.Register.MODE, 1),
    "honeywell": honeywell.command("CBRENA?"),
    "newland": newland.command("C11ENA*"),
    "ssi": ssi.REVISION.encode(),
}
IDENTITIES = {
    "gm65": DeviceIdentity(hardware="V1.00", firmware="V1.23"),
    "honeywell": DeviceIdentity(model="EMU-HW", serial="EMU0002", hardware="V1.00", firmware="V1.23"),
    "newland": DeviceIdentity(model="EMU-NLS", serial="EMU0003", hardware="V1.00", firmware="V1.23"),
    "ssi": DeviceIdentity(firmware="V1.23"),
}
SPLITS = "swallows-split-commands"
HIDES = "hides-firmware"
CARD = b"8A3F" * 16 + b":1"
every = pytest.mark.parametrize("protocol", sorted(DRIVERS))


@dataclass
class Emulator:
    """A running emulated scanner; its port is known once it is asked for."""

    process: subprocess.Popen[str]
    _port: str = ""

    @property
    def port(self) -> str:
        self._port = self._port or self.process.stdout.readline().strip()
        return self._port


class Wire:
    """A frame port, and emulators that look at it."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.presenter = FramePortPresenter(journal)
        self._running: dict[tuple[str, int, str], Emulator] = {}

    def emulator(self, protocol: str, baud: int = BAUD, defect: str = "") -> Emulator:
        """A running emulator of this kind; one that has ended is started anew."""
        key = (protocol, baud, defect)
        if key not in self._running or self._running[key].process.poll() is not None:
            self._running[key] = self._start(key)
        return self._running[key]

    @contextmanager
    def scanner(
        self, protocol: str, mode: str = "command", baud: int = BAUD, defect: str = ""
    ) -> Iterator[SerialScanner]:
        with opened(
            protocol, self.emulator(protocol, baud, defect).port, self.journal, mode=mode, baud=baud
        ) as scanner:
            yield scanner

    def close(self) -> None:
        for emulator in self._running.values():
            end(emulator.process)
        self.presenter.close()

    def _start(self, key: tuple[str, int, str]) -> Emulator:
        protocol, baud, defect = key
        name, _, terminator = protocol.partition(" ")
        arguments = [sys.executable, "-c", RUN, name, self.presenter.url, str(baud), defect, terminator or "cr"]
        pipe = subprocess.PIPE
        return Emulator(subprocess.Popen(arguments, stdin=pipe, stdout=pipe, text=True, start_new_session=True))


@contextmanager
def opened(
    protocol: str, port: str, journal: Journal, *, mode: str = "command", baud: int = BAUD
) -> Iterator[SerialScanner]:
    line = SerialLine(port, baud, "scanner", journal)
    try:
        yield DRIVERS[protocol](line, read_timeout_s=READ_S, mode=mode)
    finally:
        line.close()


def end(process: subprocess.Popen[str]) -> None:
    process.stdin.close()
    try:
        process.wait(5)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    with Journal(tmp_path_factory.mktemp("wire") / "journal.jsonl") as journal:
        yield journal


@pytest.fixture(scope="module")
def wire(journal: Journal) -> Iterator[Wire]:
    wire = Wire(journal)
    try:
        for protocol in DRIVERS:
            for defect in ("", SPLITS, HIDES):
                wire.emulator(protocol, defect=defect)
        wire.emulator("gm65", SLOW)
        yield wire
    finally:
        wire.close()


@every
@pytest.mark.parametrize("mode", ["command", "presentation"])
def test_codes_are_read(wire: Wire, protocol: str, mode: str) -> None:
    contents = [b"%064X:1" % (number + 1000 * len(mode)) for number in range(8)]
    frames = [wire.presenter.prepare(Stimulus((Symbol(content),))) for content in contents]
    with wire.scanner(protocol, mode) as scanner:
        for content, frame in zip(contents, frames, strict=True):
            scanner.arm()
            shown = wire.presenter.show(frame.result())
            delivery = scanner.delivery(READ_S)
            wire.presenter.clear()
            assert delivery is not None
            assert delivery.data == content
            assert shown.t_ns < delivery.first_ns <= delivery.last_ns
        scanner.arm()
        scanner.disarm()
        assert scanner.delivery(0) is None


@every
def test_the_device_says_who_it_is(wire: Wire, protocol: str) -> None:
    with wire.scanner(protocol) as scanner:
        assert scanner.identify() == IDENTITIES[protocol]


def test_settings_in_force_are_listed(wire: Wire) -> None:
    with wire.scanner("honeywell", "presentation") as scanner:
        settings = scanner.settings()
        assert (settings["TRGMOD"], settings["TRGSTO"], settings["232BAD"]) == ("3", "2000", "9")
    with wire.scanner("newland", "presentation") as scanner:
        settings = scanner.settings()
        assert (settings["SCNMOD"], settings["ORTSET"], settings["TSUSET"]) == ("2", "2000", "0D")
    with wire.scanner("gm65", "presentation") as scanner:
        settings = scanner.settings()
        assert (int(settings["0000"], 16) & 3, settings["0006"]) == (gm65.MODE_SENSING, "14")


def test_forty_exchanges_are_exact(wire: Wire) -> None:
    def script(protocol: str) -> tuple[list[Exchange], bool]:
        with wire.scanner(protocol) as scanner:
            before = scanner.settings()
            exchanges = [run() for run in scanner.exchanges()]
            return exchanges, scanner.settings() == before

    with ThreadPoolExecutor() as pool:
        for exchanges, restored in pool.map(script, DRIVERS):
            assert [exchange for exchange in exchanges if not exchange.exact] == []
            assert len(exchanges) == 40
            assert len({exchange.name for exchange in exchanges}) == 40
            assert restored


def test_another_line_rate_gives_nothing(wire: Wire) -> None:
    def talk(protocol: str) -> None:
        line = SerialLine(wire.emulator(protocol).port, SLOW, "scanner", wire.journal)
        try:
            line.write(QUERIES[protocol])
            assert line.read(0.2) is None
            with pytest.raises(RigError, match="does not answer"):
                DRIVERS[protocol](line, read_timeout_s=READ_S, mode="command")
        finally:
            line.close()

    with ThreadPoolExecutor() as pool:
        list(pool.map(talk, DRIVERS))


def test_swallowed_pieces_show_at_the_wire(wire: Wire) -> None:
    def first(protocol: str) -> tuple[Exchange, bytes | None]:
        with wire.scanner(protocol, defect=SPLITS) as scanner:
            return scanner.exchanges()[0](), scanner.ask(QUERIES[protocol])

    with ThreadPoolExecutor() as pool:
        for in_pieces, whole in pool.map(first, DRIVERS):
            assert not in_pieces.exact
            assert in_pieces.received == "silence"
            assert whole is not None


@every
def test_a_hidden_firmware_version_shows_at_the_wire(wire: Wire, protocol: str) -> None:
    with wire.scanner(protocol, defect=HIDES) as scanner:
        assert scanner.identify() == replace(IDENTITIES[protocol], firmware=None)


def test_characters_take_the_time_of_the_line_rate(wire: Wire) -> None:
    content = b"%0100X" % 7
    frame = wire.presenter.prepare(Stimulus((Symbol(content),))).result()
    with wire.scanner("gm65", baud=SLOW) as scanner:
        scanner.arm()
        wire.presenter.show(frame)
        delivery = scanner.delivery(READ_S)
        wire.presenter.clear()
    assert delivery is not None
    assert delivery.data == content
    assert (delivery.last_ns - delivery.first_ns) / 1e9 >= 0.9 * len(content) * 10 / SLOW


@every
def test_a_busy_port_is_named(wire: Wire, protocol: str) -> None:
    with wire.scanner(protocol) as scanner, pytest.raises(RigError, match=f"in use by process {os.getpid()} "):
        SerialLine(scanner.line.url, BAUD, "second", wire.journal)


def test_an_absent_port_is_named(journal: Journal, tmp_path: Path) -> None:
    with pytest.raises(RigError, match="does not exist"):
        SerialLine(str(tmp_path / "ttyACM9"), BAUD, "scanner", journal)


@every
def test_unplugging_ends_the_run(wire: Wire, protocol: str) -> None:
    emulator = wire.emulator(protocol, defect=HIDES)
    with opened(protocol, emulator.port, wire.journal) as scanner:
        emulator.process.kill()
        emulator.process.wait()
        with pytest.raises(RigError, match="went away"):
            scanner.delivery(READ_S)
        with pytest.raises(RigError, match="went away"):
            scanner.arm()
        with pytest.raises(RigError, match="went away"):
            scanner.line.send_break()
        with pytest.raises(RigError, match="went away"):
            scanner.line.baud = SLOW
    end(emulator.process)


def test_terminated_emulators_leave_nothing(wire: Wire) -> None:
    emulators = [wire.emulator(protocol, defect=SPLITS) for protocol in DRIVERS]
    for emulator in emulators:
        assert emulator.port
        emulator.process.send_signal(signal.SIGTERM)
    assert {emulator.process.wait(5) for emulator in emulators} == {0}
    for emulator in emulators:
        with pytest.raises(ProcessLookupError):
            os.killpg(emulator.process.pid, 0)
        end(emulator.process)


class Counterpart:
    """The far end of a pty: answers what it is told to answer, and keeps what it was sent."""

    def __init__(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        self._slave = slave
        self.received = b""
        self.answer: Callable[[bytes], bytes] = self.obey
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def obey(self, command: bytes) -> bytes:
        """Every command is well done; a query has the value 1."""
        body, mark = command.removeprefix(honeywell.MENU)[:-1], command[-1:]
        return b"" if command[:3] != honeywell.MENU else body.upper().replace(b"?", b"1") + b"\x06" + mark

    def deaf(self, command: bytes) -> bytes:
        del command
        return b""

    def send(self, data: bytes) -> None:
        os.write(self._master, data)

    def close(self) -> None:
        os.close(self._slave)
        self._thread.join(2)
        os.close(self._master)

    def _run(self) -> None:
        with suppress(OSError):
            while command := os.read(self._master, 4096):
                self.received += command
                if answer := self.answer(command):
                    os.write(self._master, answer)


@pytest.fixture
def counterpart() -> Iterator[Counterpart]:
    counterpart = Counterpart()
    try:
        yield counterpart
    finally:
        counterpart.close()


def test_deliveries_that_begin_like_a_reply_are_deliveries(counterpart: Counterpart, journal: Journal) -> None:
    with opened("honeywell", counterpart.port, journal, mode="presentation") as scanner:
        counterpart.answer = lambda command: (
            b"CBRENA1\rREVINF\rCBRE" + b"NA9\r" + counterpart.obey(command) + CARD + b"\r"
        )
        assert scanner.ask(honeywell.command("CBRENA?")) == b"CBRENA1\x06."
        assert [scanner.delivery(1.0).data for _ in range(4)] == [b"CBRENA1", b"REVINF", b"CBRENA9", CARD]
        counterpart.send(b"CBRENA1\x06.\r")
        assert scanner.delivery(1.0).data == b"CBRENA1\x06."


def test_a_late_reply_is_no_delivery(counterpart: Counterpart, journal: Journal) -> None:
    with opened("honeywell", counterpart.port, journal) as scanner:
        counterpart.answer = counterpart.deaf
        assert scanner.ask(honeywell.command("CBRENA?"), 0.05) is None
        assert scanner.ask(honeywell.command("QRCENA?"), 0.05) is None
        counterpart.answer = lambda command: b"CBRENA1\x06.QRCENA1\x06." + counterpart.obey(command)
        assert scanner.ask(honeywell.command("TRGSTO?")) == b"TRGSTO1\x06."
        counterpart.send(CARD + b"\r")
        assert scanner.delivery(1.0).data == CARD


def test_noise_without_end_does_not_hide_replies(counterpart: Counterpart, journal: Journal) -> None:
    with opened("honeywell", counterpart.port, journal) as scanner:
        counterpart.send(b"8A3F")
        assert scanner.ask(honeywell.command("CBRENA?"), 0.4) is None
        assert scanner.ask(honeywell.command("CBRENA?"), 0.4) is not None


@pytest.mark.parametrize("mode", ["command", "presentation"])
def test_a_device_that_falls_silent_is_found(
    counterpart: Counterpart, journal: Journal, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr("rigs.drivers.honeywell.SILENCE_S", 0.6)
    with opened("honeywell", counterpart.port, journal, mode=mode) as scanner:
        scanner.arm()
        scanner.disarm()
        counterpart.answer = counterpart.deaf
        scanner.arm()
        scanner.disarm()
        with pytest.raises(RigError, match="does not answer"):
            scanner.disarm()
        counterpart.answer = counterpart.obey
        scanner.disarm()


def obey_newland(command: bytes) -> bytes:
    """Every unified command is well done; a query has the value 1."""
    if not command.startswith(newland.PREFIX):
        return b""
    body = command[7:-1].replace(b"*", b"1").replace(b";", newland.DONE + b";").replace(b",", newland.DONE + b",")
    return newland.reply(command[6:7], body)


def test_a_late_reply_is_not_taken_for_another_commands(counterpart: Counterpart, journal: Journal) -> None:
    counterpart.answer = obey_newland
    with opened("newland", counterpart.port, journal) as scanner:
        counterpart.answer = counterpart.deaf
        assert scanner.ask(newland.command("C11ENA*"), 0.05) is None
        late = obey_newland(newland.command("C11ENA*"))
        counterpart.answer = lambda command: late + obey_newland(command) + CARD + b"\r"
        assert scanner.ask(newland.command("QRCENA*")) == newland.reply(b"#", b"QRCENA1\x06;")
        assert scanner.delivery(1.0).data == CARD


def test_an_engine_without_the_older_set_is_asked_forty_other_things(
    counterpart: Counterpart, journal: Journal
) -> None:
    counterpart.answer = obey_newland
    with opened("newland", counterpart.port, journal) as scanner:
        script = scanner.exchanges()
        assert len(script) == 40
        assert script[13]().name == "product information"
        assert script[28]().name == "range of a number"


PLAIN = {
    Ending.CR: "plain-line cr",
    Ending.LF: "plain-line lf",
    Ending.CRLF: "plain-line crlf",
    Ending.TAB: "plain-line tab",
    Ending.NONE: "plain-line none",
}
"""Emulators without commands: their protocol, and what they end a code with."""


@contextmanager
def plain(port: str, journal: Journal, ending: Ending, *, baud: int = BAUD) -> Iterator[PlainLineScanner]:
    line = SerialLine(port, baud, "scanner", journal)
    try:
        yield PlainLineScanner(line, ending=ending, gap_s=0.05, read_timeout_s=READ_S, mode="presentation")
    finally:
        line.close()


@pytest.mark.parametrize("ending", PLAIN)
def test_a_scanner_without_commands_is_read_whatever_its_ending(wire: Wire, ending: Ending) -> None:
    contents = [b"%064X:1" % (number + 7000 + 10 * len(ending.name)) for number in range(4)]
    frames = [wire.presenter.prepare(Stimulus((Symbol(content),))) for content in contents]
    emulator = wire.emulator(PLAIN[ending])
    with plain(emulator.port, wire.journal, ending) as scanner:
        for content, frame in zip(contents, frames, strict=True):
            scanner.arm()
            shown = wire.presenter.show(frame.result())
            delivery = scanner.delivery(READ_S)
            wire.presenter.clear()
            assert delivery is not None
            assert delivery.data == content
            assert shown.t_ns < delivery.first_ns <= delivery.last_ns
            scanner.disarm()
        assert scanner.delivery(0) is None
        scanner.make_sure_it_answers()
        scanner.make_sure_it_answers()
        assert (scanner.identify(), scanner.settings()) == (DeviceIdentity(), {})
        emulator.process.kill()
        emulator.process.wait()
        for call in (lambda: scanner.delivery(READ_S), scanner.make_sure_it_answers, scanner.disarm):
            with pytest.raises(RigError, match="went away"):
                call()
    end(emulator.process)


def test_a_scanner_without_commands_says_nothing_to_forty_disturbances(wire: Wire) -> None:
    with plain(wire.emulator(PLAIN[Ending.CR]).port, wire.journal, Ending.CR) as scanner:
        exchanges = [run() for run in scanner.exchanges()]
    assert [exchange for exchange in exchanges if not exchange.exact] == []
    assert len({exchange.name for exchange in exchanges}) == len(exchanges) == 40
    assert all(first <= last for first, last in (exchange.journal for exchange in exchanges))


def test_a_scanner_that_echoes_is_found(counterpart: Counterpart, journal: Journal) -> None:
    counterpart.answer = lambda command: command
    with plain(counterpart.port, journal, Ending.CR) as scanner:
        exchange = scanner.exchanges()[0]()
    assert not exchange.exact
    assert exchange.expected == "silence"


def test_a_plain_line_at_another_rate_tells_no_code(wire: Wire) -> None:
    content = b"%064X:1" % 4711
    frame = wire.presenter.prepare(Stimulus((Symbol(content),))).result()
    with plain(wire.emulator(PLAIN[Ending.CR]).port, wire.journal, Ending.CR, baud=SLOW) as scanner:
        wire.presenter.show(frame)
        delivery = scanner.delivery(0.5)
        wire.presenter.clear()
        assert delivery is None or delivery.data != content


def test_a_plain_line_that_never_spoke_is_the_benches_fault(counterpart: Counterpart, journal: Journal) -> None:
    with plain(counterpart.port, journal, Ending.CR) as scanner:
        scanner.make_sure_it_answers()
        with pytest.raises(RigError, match="does not answer"):
            scanner.make_sure_it_answers()
        counterpart.send(CARD + b"\n")
        assert scanner.delivery(0.2) is None
        with pytest.raises(RigError, match="does not end with CR"):
            scanner.make_sure_it_answers()
        counterpart.send(b"\r")
        assert scanner.delivery(1.0).data == CARD + b"\n"
        scanner.make_sure_it_answers()
