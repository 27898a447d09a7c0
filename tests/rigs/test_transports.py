"""Emulated scanners on sockets: real processes, real frames, a host that comes, goes, and sets its line wrong."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest
import serial

from rigs.bench_tables.scanner import ScannerTable
from rigs.drivers.gm65 import Gm65Scanner
from rigs.drivers.ssi import SsiScanner
from rigs.emulators.rfc2217_port import Rfc2217Port
from rigs.emulators.tcp_port import TcpPort
from rigs.errors import RigError
from rigs.framing import Framing, understood
from rigs.journal import Journal
from rigs.opening.opening import EmulationOptions, Opening
from rigs.opening.scanner import Surroundings, open_scanner
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.protocols import gm65
from rigs.serial_line import LineSettings, SerialLine
from tests.rigs.emulated import Emulated

EVEN = LineSettings(115200, Framing("even"))
CARD = b"8A3F" * 16 + b":1"
QUERY = gm65.read_command(gm65.Register.MODE, 1)
ANSWER = gm65.reply(b"\xd0")


@pytest.fixture(scope="module")
def presenter() -> Iterator[FramePortPresenter]:
    presenter = FramePortPresenter(Journal(None))
    yield presenter
    presenter.close()


@pytest.fixture(scope="module")
def tcp(presenter: FramePortPresenter) -> Iterator[Emulated]:
    with Emulated("ssi", presenter.url, "--listen", "tcp") as emulated:
        yield emulated


@pytest.fixture(scope="module")
def rfc2217(presenter: FramePortPresenter) -> Iterator[Emulated]:
    with Emulated("gm65", presenter.url, "--listen", "rfc2217", "--parity", "even") as emulated:
        yield emulated


@contextmanager
def opened(url: str, settings: LineSettings) -> Iterator[SerialLine]:
    line = SerialLine(url, settings, "scanner", Journal(None))
    try:
        yield line
    finally:
        line.close()


def test_a_scanner_on_a_raw_socket_is_read_by_a_host_that_comes_back(
    tcp: Emulated, presenter: FramePortPresenter
) -> None:
    assert tcp.url.startswith("socket://127.0.0.1:")
    for _ in range(2):
        with opened(tcp.url, LineSettings(115200)) as line:
            scanner = SsiScanner(line, read_timeout_s=2.0, mode="command")
            assert scanner.identify().firmware == "V1.23"
            assert _read(scanner, presenter) == CARD


def test_a_second_host_is_sent_away_and_does_not_disturb_the_first(tcp: Emulated) -> None:
    with opened(tcp.url, LineSettings(115200)) as line:
        scanner = SsiScanner(line, read_timeout_s=2.0, mode="command")
        with pytest.raises(RigError, match="in use by process"):
            SerialLine(tcp.url, 115200, "second", Journal(None))
        second = socket.create_connection(("127.0.0.1", int(tcp.url.rpartition(":")[2])), 5)
        assert second.recv(1) == b""
        second.close()
        assert scanner.identify().firmware == "V1.23"


def test_a_line_with_parity_is_read_over_rfc2217(rfc2217: Emulated, presenter: FramePortPresenter) -> None:
    with opened(rfc2217.url, EVEN) as line:
        scanner = Gm65Scanner(line, read_timeout_s=2.0, mode="command")
        exchanges = [exchange() for exchange in scanner.exchanges()]
        assert [exchange for exchange in exchanges if not exchange.exact] == []
        assert len(exchanges) == 40
        assert _read(scanner, presenter) == CARD


@pytest.mark.parametrize(
    "wrong",
    [replace(EVEN, framing=Framing()), replace(EVEN, framing=Framing("odd")), replace(EVEN, baud=9600)],
    ids=str,
)
def test_a_line_set_wrong_carries_nothing(rfc2217: Emulated, wrong: LineSettings) -> None:
    with opened(rfc2217.url, wrong) as line, pytest.raises(RigError, match="does not answer"):
        Gm65Scanner(line, read_timeout_s=2.0, mode="command")


def _read(scanner: SsiScanner | Gm65Scanner, presenter: FramePortPresenter) -> bytes:
    scanner.arm()
    presenter.show(presenter.prepare(Stimulus((Symbol(CARD),))).result())
    delivery = scanner.delivery(2.0)
    presenter.clear()
    assert delivery is not None
    return delivery.data


@pytest.fixture
def port() -> Iterator[Rfc2217Port]:
    port = Rfc2217Port(9600, "uart", Framing("even"))
    yield port
    port.close()


class Host:
    """pyserial's own client, served by a port that is looked at in between."""

    def __init__(self, port: Rfc2217Port, **settings: object) -> None:
        self.port = port
        self.heard = b""
        self.line = serial.serial_for_url(port.url, do_not_open=True, timeout=1, **settings)
        self._served(self.line.open)

    def set(self, name: str, value: object) -> None:
        self._served(lambda: setattr(self.line, name, value))

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline
            self.heard += self.port.read(0.01)

    def _served(self, action: Callable[[], None]) -> None:
        thread = Thread(target=action)
        thread.start()
        while thread.is_alive():
            self.heard += self.port.read(0.01)


def test_everything_on_the_line_is_seen_at_the_device(port: Rfc2217Port) -> None:
    host = Host(port, baudrate=9600, parity="E")
    host.line.write(bytes(range(256)))
    host.until(lambda: len(host.heard) >= 256)
    assert host.heard == bytes(range(256)), "IAC is doubled on the way and single at the end"

    assert (port.uart.dtr, port.uart.rts, host.line.dsr, host.line.cts) == (True, True, True, True)
    host.set("dtr", False)
    assert not port.uart.dtr
    host.heard = b""
    host.set("break_condition", True)
    assert (port.uart.breaks, host.heard) == (1, b"\0")
    host.set("break_condition", False)

    port.power(False)
    host.until(lambda: not host.line.dsr and not host.line.cts and not host.line.cd)
    port.power(True)
    host.until(lambda: host.line.dsr)
    host.line.close()


def test_a_host_opens_its_line_as_the_bench_file_says(presenter: FramePortPresenter, tmp_path: Path) -> None:
    table = ScannerTable.model_validate(
        {"driver": "gm65", "parity": "odd", "stop_bits": 2, "presence": "dsr", "emulated": {"listen": "rfc2217"}}
    )
    opening = Opening(Journal(None), EmulationOptions(tmp_path))
    with opening.closing:
        scanner = open_scanner(table, Surroundings(presenter), opening).scanner
        assert scanner.line.url.startswith("rfc2217://")
        scanner.make_sure_it_answers()
        assert scanner.identify().firmware == "V1.23"


def test_a_host_raises_the_lines_it_is_told_to(port: Rfc2217Port) -> None:
    over = Event()

    def serve() -> None:
        while not over.is_set():
            port.read(0.01)

    thread = Thread(target=serve)
    thread.start()
    try:
        with opened(port.url, LineSettings(9600, Framing("even", 2), dtr=False)):
            assert (port.uart.dtr, port.uart.rts, port.uart.framing) == (False, True, Framing("even", 2))
    finally:
        over.set()
        thread.join()


def test_nothing_is_sent_to_a_host_that_is_not_ready(port: Rfc2217Port) -> None:
    host = Host(port, baudrate=9600, parity="E")
    host.set("rts", False)
    port.send(b"8A3F")
    host.set("timeout", 0.3)
    assert host.line.read(4) == b""
    host.set("rts", True)
    host.set("timeout", 5)
    assert host.line.read(4) == b"8A3F"
    host.set("rts", False)
    port.send(b"lost with its host")
    host.line.close()
    host = Host(port, baudrate=9600, parity="E")
    port.send(b"next\r")
    assert host.line.read_until(b"\r").endswith(b"next\r"), "what was being sent goes on, as on any wire"
    host.line.close()


def test_characters_with_parity_take_eleven_bits() -> None:
    def seconds(framing: Framing) -> float:
        port = TcpPort(9600, "uart", framing)
        host = socket.create_connection(("127.0.0.1", int(port.url.rpartition(":")[2])))
        port.read(0.05)
        start, received = time.monotonic(), b""
        port.send(bytes(400))
        while len(received) < 400:
            received += host.recv(400)
        taken = time.monotonic() - start
        host.close()
        port.close()
        return taken

    assert Framing().bits_per_character == 10
    assert Framing("odd", 2).bits_per_character == 12
    assert seconds(Framing("even")) >= 0.98 * 400 * 11 / 9600


def test_a_host_that_does_not_speak_rfc2217_is_sent_away(port: Rfc2217Port) -> None:
    host = socket.create_connection(("127.0.0.1", int(port.url.rpartition(":")[2])), 5)
    for nonsense in (b"\xff\xf0", b"\xff\xfa\x2c\x03\xee\xff\xf0"):
        host.sendall(nonsense)
        assert port.read(0.2) == b""
        while host.recv(4096):
            pass
        host.close()
        host = socket.create_connection(("127.0.0.1", int(port.url.rpartition(":")[2])), 5)
    host.close()


def test_which_characters_survive_a_wrong_parity() -> None:
    plain, even, odd = Framing(), Framing("even"), Framing("odd")
    for sender, receiver in ((plain, even), (even, plain)):
        assert {byte for byte in range(256) if understood(byte, sender, receiver)} == {
            byte for byte in range(256) if bin(byte).count("1") % 2
        }
    assert not any(understood(byte, even, odd) or understood(byte, odd, even) for byte in range(256))
    assert all(understood(byte, even, Framing("even", 2)) for byte in range(256))
