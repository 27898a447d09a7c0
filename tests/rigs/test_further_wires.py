"""Drivers and emulators of the M3Y, Datalogic, HID-POS and web plug-in wires: real processes, real frames."""

from __future__ import annotations

import json
import os
import re
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection, serve

from rigs.bench_file import load_bench
from rigs.bench_tables.scanner import ScannerTable
from rigs.drivers.hid_pos import as_on_a_line
from rigs.drivers.serial_scanner import SerialScanner
from rigs.errors import BenchFileError, RigError
from rigs.journal import Journal
from rigs.opening import scanner as opening
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.protocols import hid_keyboard, hid_pos, web_plugin
from rigs.protocols.web_plugin import Answer, Function
from rigs.roles import DeviceIdentity
from rigs.serial_line import SerialLine
from tests.rigs.emulated import Emulated

BAUD = 115200
READ_S = 2.0
BENCHES = Path(__file__).parents[2] / "rigs" / "benches"
CARD = b"8A3F" * 16 + b":1"
CARRIERS = {"datalogic": "pty", "hid-pos": "tcp", "keyboard-wedge": "tcp", "m3y": "pty", "web-plugin": "websocket"}
IDENTITIES = {
    "datalogic": DeviceIdentity(),
    "hid-pos": DeviceIdentity(model="EMU-HW", serial="EMU0002", hardware="V1.00", firmware="V1.23"),
    "keyboard-wedge": DeviceIdentity(),
    "m3y": DeviceIdentity(firmware="V1.23"),
    "web-plugin": DeviceIdentity(firmware="V1.23"),
}
TRIGGERED = sorted(CARRIERS.keys() - {"keyboard-wedge"})
triggered = pytest.mark.parametrize("protocol", TRIGGERED)
every = pytest.mark.parametrize("protocol", sorted(CARRIERS))


@pytest.fixture(scope="module")
def presenter() -> Iterator[FramePortPresenter]:
    with closing(FramePortPresenter(Journal(None))) as presenter:
        yield presenter


class Devices:
    """Emulated scanners, each started once for as long as it runs."""

    def __init__(self, presenter: FramePortPresenter, closing: ExitStack) -> None:
        self._presenter = presenter
        self._closing = closing
        self._running: dict[str, Emulated] = {}

    def __getitem__(self, protocol: str) -> Emulated:
        if protocol not in self._running or self._running[protocol].process.poll() is not None:
            self._running[protocol] = self.start(protocol)
        return self._running[protocol]

    def start(self, protocol: str, *options: str) -> Emulated:
        options = ("--listen", CARRIERS[protocol], "--pace", "usb", *options)
        return self._closing.enter_context(Emulated(protocol, self._presenter.url, *options))


@pytest.fixture(scope="module")
def devices(presenter: FramePortPresenter) -> Iterator[Devices]:
    with ExitStack() as closing:
        yield Devices(presenter, closing)


@contextmanager
def opened(protocol: str, url: str, journal: Journal | None = None, mode: str = "command") -> Iterator[SerialScanner]:
    mode = mode if protocol in TRIGGERED else "presentation"
    line = opening._CARRIERS.get(protocol, SerialLine)(url, BAUD, "scanner", journal or Journal(None))
    try:
        table = ScannerTable(driver=protocol, url=url, mode=mode)
        scanner = opening._driver(table)(line, read_timeout_s=READ_S, mode=mode)
    except BaseException:
        line.close()
        raise
    with closing(scanner):
        yield scanner


def read(presenter: FramePortPresenter, scanner: SerialScanner, content: bytes, wait_s: float = READ_S) -> bytes | None:
    frame = presenter.prepare(Stimulus((Symbol(content),))).result()
    scanner.arm()
    presenter.show(frame)
    delivery = scanner.delivery(wait_s)
    presenter.clear()
    return None if delivery is None else delivery.data


def armed_twenty_times(scanner: SerialScanner) -> None:
    for _ in range(20):
        scanner.arm()
        scanner.delivery(0.1)


@every
def test_codes_are_read_and_the_device_says_who_it_is(
    presenter: FramePortPresenter, devices: Devices, protocol: str
) -> None:
    with opened(protocol, devices[protocol].url) as scanner:
        assert scanner.identify() == IDENTITIES[protocol]
        for number in range(5):
            content = b"%0100X:1:%s" % (number, protocol.encode())
            assert read(presenter, scanner, content) == content
        scanner.arm()
        scanner.disarm()
        assert scanner.delivery(0) is None
        scanner.make_sure_it_answers()


@triggered
def test_what_went_by_while_nothing_was_armed_is_not_delivered(
    presenter: FramePortPresenter, devices: Devices, protocol: str
) -> None:
    with opened(protocol, devices[protocol].url) as scanner:
        scanner.arm()
        scanner.disarm()
        presenter.show(presenter.prepare(Stimulus((Symbol(CARD),))).result())
        assert scanner.delivery(0.3) is None
        presenter.clear()


@pytest.mark.parametrize("protocol", ["datalogic", "hid-pos", "keyboard-wedge", "m3y"])
def test_codes_are_read_without_a_trigger(presenter: FramePortPresenter, devices: Devices, protocol: str) -> None:
    with opened(protocol, devices[protocol].url, mode="presentation") as scanner:
        content = CARD + protocol.encode()  # one that no device has seen a moment ago
        assert read(presenter, scanner, content) == content


@pytest.mark.parametrize("protocol", ["datalogic", "m3y"])
def test_forty_exchanges_are_exact(presenter: FramePortPresenter, devices: Devices, protocol: str) -> None:
    with opened(protocol, devices[protocol].url) as scanner:
        exchanges = [run() for run in scanner.exchanges()]
        assert [exchange for exchange in exchanges if not exchange.exact] == []
        assert len({exchange.name for exchange in exchanges}) == len(exchanges) == 40
        assert read(presenter, scanner, CARD) == CARD


def test_commands_in_pieces_show_where_they_are_lost(devices: Devices) -> None:
    with opened("m3y", devices.start("m3y", "--defect", "swallows-split-commands").url) as scanner:
        in_pieces = scanner.exchanges()[0]()
        assert (in_pieces.exact, in_pieces.received) == (False, "silence")


@every
def test_a_process_that_ends_is_the_benchs_fault(
    presenter: FramePortPresenter, devices: Devices, protocol: str
) -> None:
    with opened(protocol, devices[protocol].url) as scanner:
        devices[protocol].process.kill()
        with pytest.raises(RigError, match="went away"):
            armed_twenty_times(scanner)


@pytest.mark.parametrize("protocol", ["hid-pos", "m3y", "web-plugin"])
def test_a_hidden_firmware_version_shows(presenter: FramePortPresenter, devices: Devices, protocol: str) -> None:
    with opened(protocol, devices.start(protocol, "--defect", "hides-firmware").url) as scanner:
        assert scanner.identify().firmware is None


def test_a_reader_that_restarted_no_longer_knows_its_handle(devices: Devices) -> None:
    with opened("web-plugin", devices["web-plugin"].url) as scanner:
        assert scanner.settings() == {"handle": "known"}
        scanner.ask(web_plugin.Call(Function.CLOSE, ("1",)).encode())
        assert scanner.settings() == {"handle": "unknown"}


def test_reports_are_journaled_as_they_crossed(presenter: FramePortPresenter, devices: Devices, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal, opened("hid-pos", devices["hid-pos"].url, journal) as scanner:
        scanner.arm()
        presenter.show(presenter.prepare(Stimulus((Symbol(CARD),))).result())
        delivery = scanner.delivery(READ_S)
        presenter.clear()
    records = [json.loads(line) for line in path.read_text().splitlines()]
    wire = {record["n"]: record["hex"] for record in records if "hex" in record}
    assert delivery is not None
    assert wire[delivery.journal[0]] == hid_pos.scanned_data(hid_pos.QR, CARD).hex()
    assert {len(frame) % (2 * hid_pos.REPORT_BYTES) for frame in wire.values()} == {0}


@pytest.mark.parametrize(
    ("identifier", "data", "delivered"),
    [(b"]d1", b"0106", b"]d10106"), (b"]Q2", b"8A3F\r", b"8A3F"), (b"]Q1", b"8A3F", b"8A3F")],
)
def test_another_symbology_carries_its_identifier(identifier: bytes, data: bytes, delivered: bytes) -> None:
    message = hid_pos.Message(identifier, data, b"")
    assert as_on_a_line(message) == delivered + b"\r"


@pytest.mark.parametrize(("ended_by", "delivered"), [("cr", CARD), ("tab", None)])
def test_a_wedge_delivers_at_the_key_it_was_set_to(
    presenter: FramePortPresenter, devices: Devices, tmp_path: Path, ended_by: str, delivered: bytes | None
) -> None:
    path = tmp_path / "journal.jsonl"
    url = devices.start("keyboard-wedge", "--terminator", ended_by).url
    with Journal(path) as journal, opened("keyboard-wedge", url, journal) as scanner:
        assert read(presenter, scanner, CARD, 0.5) == delivered
    records = [json.loads(line) for line in path.read_text().splitlines()]
    (reports,) = [bytes.fromhex(record["hex"]) for record in records if record["dir"] == "rx"]
    key = hid_keyboard.ENTER if ended_by == "cr" else hid_keyboard.TAB
    assert reports == b"".join(map(hid_keyboard.alt_code, CARD)) + hid_keyboard.press(key)


class Talkative:
    """A device on a pty that answers every enabling with a byte."""

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        os.close(self._slave)

    def _run(self) -> None:
        with suppress(OSError):
            while data := os.read(self._master, 4096):
                os.write(self._master, b"\x06" * data.count(b"E"))


def test_an_answer_to_a_single_byte_is_not_exact() -> None:
    with closing(Talkative()) as device, opened("datalogic", device.port) as scanner:
        first = scanner.exchanges()[0]()
        assert (first.exact, first.expected, first.received) == (False, "silence", "0606")


@contextmanager
def plug_in(answer: Callable[[web_plugin.Call], str]) -> Iterator[str]:
    """Somebody else's plug-in."""

    def hear(host: ServerConnection) -> None:
        for message in host:
            host.send(answer(web_plugin.read_call(message.encode())))

    with serve(hear, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()


@pytest.mark.parametrize("said", ["hello", "{}", '{"result":"-100","out":[]}', '{"result":[],"out":0}'])
def test_a_plug_in_without_a_reader_is_the_benchs_fault(said: str) -> None:
    with plug_in(lambda call: said) as url, pytest.raises(RigError, match="does not answer"), opened("web-plugin", url):
        pass


def test_a_content_that_is_none_is_not_delivered() -> None:
    def answer(call: web_plugin.Call) -> str:
        out = {Function.DATA: ("5", "3132")}.get(Function(call.function), ())
        return Answer(1 if call.function == Function.OPEN else 0, out).encode().decode()

    with plug_in(answer) as url, opened("web-plugin", url) as scanner:
        scanner.arm()
        assert scanner.delivery(0.1) is None


def test_nothing_that_speaks_websocket_is_named() -> None:
    with pytest.raises(RigError, match="cannot be opened"):
        SerialLine("ws://127.0.0.1:9", BAUD, "scanner", Journal(None))


@pytest.mark.parametrize(
    ("protocol", "before", "after", "complaint"),
    [
        ("hid-pos", 'listen = "tcp"\n', "", 'needs listen = "tcp"'),
        ("keyboard-wedge", 'mode = "presentation"', 'mode = "command"', 'set mode = "presentation"'),
        ("keyboard-wedge", 'terminator = "tab"', 'terminator = "crlf"', 'set terminator = "cr" or "tab"'),
        ("web-plugin", 'listen = "websocket"', 'listen = "tcp"', 'needs listen = "websocket"'),
        ("web-plugin", "read_timeout_s", 'mode = "presentation"\nread_timeout_s', 'set mode = "command"'),
        ("m3y", "[scanner.emulated]", '[scanner.emulated]\nlisten = "websocket"', 'is for driver = "web-plugin"'),
        ("m3y", "read_timeout_s", 'terminator = "lf"\nread_timeout_s', "`terminator` is for"),
        ("datalogic", 'suffix = "cr"', 'suffix = "lf"', "unknown value 'lf'"),
    ],
)
def test_a_wire_that_does_not_fit_its_driver_is_named(
    tmp_path: Path, protocol: str, before: str, after: str, complaint: str
) -> None:
    text = (BENCHES / f"emulated-{protocol}.toml").read_text(encoding="utf-8")
    text = text.replace('driver = "hid-stream"', 'driver = "hid-stream"\nsuffix = "cr"') if "suffix" in before else text
    assert before in text
    file = tmp_path / "bench.toml"
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(BenchFileError, match=re.escape(complaint)):
        load_bench(file)


@pytest.mark.parametrize(
    ("protocol", "url", "complaint"),
    [
        ("hid-pos", "/dev/hidraw0", "begins with socket://"),
        ("web-plugin", "http://127.0.0.1:9000", "begins with ws://"),
    ],
)
def test_an_address_of_another_kind_is_named(tmp_path: Path, protocol: str, url: str, complaint: str) -> None:
    text = (BENCHES / f"emulated-{protocol}.toml").read_text(encoding="utf-8")
    start, end = text.index("[scanner.emulated]"), text.index("[keyboard]")
    text = text[:start] + text[end:].replace("[keyboard.emulated]", 'url = "socket://127.0.0.1:9"')
    file = tmp_path / "bench.toml"
    file.write_text(text.replace(f'driver = "{protocol}"', f'driver = "{protocol}"\nurl = "{url}"'), encoding="utf-8")
    with pytest.raises(BenchFileError, match=complaint):
        load_bench(file)
