"""The keyboard link: its codec, the emulated link over a real socket, and the driver that listens to it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.keystrokes import control_texts
from reference_impl.wire.errors import PayloadError
from reference_impl.wire.payload import parse
from rigs.bench_file import load_bench
from rigs.child_process import ChildProcess
from rigs.drivers.gm65 import Gm65Scanner
from rigs.drivers.hid_stream import HidStreamKeyboard
from rigs.drivers.honeywell import HoneywellScanner
from rigs.drivers.newland import NewlandScanner
from rigs.drivers.serial_scanner import SerialScanner
from rigs.emulators.keyboard_port import KeyboardPort
from rigs.errors import BenchFileError, RigError
from rigs.journal import Journal
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.protocols.hid_keyboard import ENTER, TAB, Modifier, alt_code, press, type_text
from rigs.protocols.keyboard_host import KeyboardHost
from rigs.serial_line import SerialLine

BAUD = 115200
READ_S = 2.0
QUIET_S = 0.1
DRIVERS: dict[str, type[SerialScanner]] = {
    "gm65": Gm65Scanner,
    "honeywell": HoneywellScanner,
    "newland": NewlandScanner,
}
BENCHES = Path(__file__).parents[2] / "rigs" / "benches"
CARD = "8A3F" * 16 + ":1"
PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E))
CONTROLS = st.text(st.characters(min_codepoint=0x01, max_codepoint=0x1F))
RELEASE = bytes(8)


@pytest.mark.parametrize(
    ("text", "report"),
    [
        (b"a", "00 00 04 00 00 00 00 00"),
        (b"A", "02 00 04 00 00 00 00 00"),
        (b"1", "00 00 1E 00 00 00 00 00"),
        (b"0", "00 00 27 00 00 00 00 00"),
        (b":", "02 00 33 00 00 00 00 00"),
        (b"?", "02 00 38 00 00 00 00 00"),
        (b"|", "02 00 31 00 00 00 00 00"),
        (b"\x03", "01 00 06 00 00 00 00 00"),
        (b"\x1b", "01 00 2F 00 00 00 00 00"),
        (b"\x1e", "03 00 23 00 00 00 00 00"),
        (b"\x1f", "03 00 2D 00 00 00 00 00"),
    ],
)
def test_a_character_is_the_key_of_the_usage_tables(text: bytes, report: str) -> None:
    assert type_text(text, None) == bytes.fromhex(report) + RELEASE


@given(PRINTABLE)
def test_printable_text_is_typed_as_it_is_and_ended_by_enter(text: str) -> None:
    typed = KeyboardHost().feed(type_text(text.encode()))
    assert (typed.text, typed.chords) == (text + "\r", ())


@given(PRINTABLE, CONTROLS, PRINTABLE)
def test_each_control_character_is_a_chord_and_no_text(before: str, controls: str, after: str) -> None:
    typed = KeyboardHost().feed(type_text((before + controls + after).encode(), TAB))
    assert typed.text == before + after + "\t"
    assert len(typed.chords) == len(controls)
    assert all(chord.startswith("Ctrl+") for chord in typed.chords)


@given(st.binary())
def test_any_bytes_can_be_typed_and_any_bytes_can_be_read(data: bytes) -> None:
    assert len(type_text(data)) % 16 == 0
    assert len(KeyboardHost().feed(data).chords) <= len(data) // 8


def test_a_key_that_stays_down_is_typed_once() -> None:
    rolled = bytes((0, 0, 4, 0, 0, 0, 0, 0)) + bytes((0, 0, 4, 5, 0, 0, 0, 0)) + bytes((0, 0, 5, 0, 0, 0, 0, 0))
    assert KeyboardHost().feed(rolled + RELEASE + press(5)).text == "abb"


@pytest.mark.parametrize(
    ("modifiers", "key", "chord"),
    [
        (Modifier.LEFT_GUI, 0, "GUI"),
        (Modifier.LEFT_GUI, 0x15, "GUI+R"),
        (Modifier.RIGHT_ALT, TAB, "Alt+Tab"),
        (Modifier.LEFT_ALT, 0x3D, "Alt+0x3D"),
        (Modifier.RIGHT_CTRL | Modifier.LEFT_ALT | Modifier.LEFT_SHIFT, ENTER, "Ctrl+Shift+Alt+Enter"),
    ],
)
def test_every_modifier_but_shift_makes_a_chord(modifiers: Modifier, key: int, chord: str) -> None:
    typed = KeyboardHost().feed(press(key, modifiers))
    assert (typed.text, typed.chords) == ("", (chord,))


def test_control_texts_hold_a_chord_each_and_no_card() -> None:
    for _, text in islice(control_texts(Random(1)), 500):
        assert KeyboardHost().feed(type_text(text.encode())).chords
        with pytest.raises(PayloadError):
            parse(text)


@pytest.fixture
def port() -> Iterator[KeyboardPort]:
    with closing(KeyboardPort()) as port:
        yield port


@contextmanager
def listening(port: KeyboardPort, journal: Journal | None = None) -> Iterator[HidStreamKeyboard]:
    before = len(port._hosts)
    with closing(HidStreamKeyboard(f"socket://{port.address}", journal or Journal(None), exclusive=False)) as keyboard:
        settled(port, before + 1)
        yield keyboard


def as_alt_codes(text: str) -> bytes:
    return b"".join(alt_code(ord(character)) for character in text) + press(ENTER)


def settled(port: KeyboardPort, hosts: int) -> None:
    """Wait until the port has taken in its hosts, or let go of them: each has a thread of its own."""
    deadline = time.monotonic() + READ_S
    while len(port._hosts) != hosts:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_every_host_hears_what_is_typed_while_it_is_there(port: KeyboardPort) -> None:
    port.type_text(b"before")
    with listening(port) as one, listening(port) as other:
        port.type_text(b"8A3F:1")
        port.type_text(b"\x12")
        for keyboard in (one, other):
            heard = keyboard.keystrokes(QUIET_S)
            assert (heard.text, heard.chords) == ("8A3F:1\r\r", ("Ctrl+R",))
            silence = keyboard.keystrokes(0)
            assert (silence.text, silence.chords, silence.journal) == ("", (), None)


def test_a_host_that_has_left_is_forgotten(port: KeyboardPort) -> None:
    with listening(port), listening(port) as staying:
        with listening(port):
            pass
        for _ in range(3):
            port.type_text(b"1")
            time.sleep(0.01)
        assert staying.keystrokes(QUIET_S).text == "1\r" * 3
        assert len(port._hosts) == 2


def test_a_host_that_does_not_read_along_is_cut_off() -> None:
    with closing(KeyboardPort(patience_s=0.05)) as port:
        address, _, number = port.address.rpartition(":")
        with listening(port) as keyboard, closing(socket.socket()) as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            deaf.connect((address, int(number)))
            settled(port, 2)
            port.type_text(b"A" * 4296)
            assert keyboard.line("\r", 1.0).text == "A" * 4296 + "\r"
            settled(port, 1)


def test_a_burst_is_one_journal_record(port: KeyboardPort, tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.jsonl") as journal, listening(port, journal) as keyboard:
        for _ in range(2):
            port.type_text(CARD.encode())
            heard = keyboard.keystrokes(QUIET_S)
            assert heard.text == CARD + "\r"
    records = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    bursts = [record for record in records if record["dir"] == "rx"]
    assert [(r["channel"], r["hex"]) for r in bursts] == [("keyboard", as_alt_codes(CARD).hex())] * 2
    assert heard.journal == (bursts[1]["n"], bursts[1]["n"])


def test_reports_in_pieces_are_put_together() -> None:
    reports = type_text(CARD.encode())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"socket://127.0.0.1:{listener.getsockname()[1]}"
        with closing(HidStreamKeyboard(url, Journal(None))) as keyboard, listener.accept()[0] as device:
            for piece, pause_s in ((reports[:3], 0.1), (reports[3:20], 0.01), (reports[20:], 0)):
                device.sendall(piece)
                time.sleep(pause_s)
            assert keyboard.keystrokes(QUIET_S).text == CARD + "\r"


def test_a_link_that_goes_away_is_the_benchs_fault(port: KeyboardPort) -> None:
    with listening(port) as keyboard:
        port.close()
        with pytest.raises(RigError, match="went away"):
            keyboard.keystrokes(READ_S)


def test_an_absent_link_is_named(port: KeyboardPort) -> None:
    port.close()
    with pytest.raises(RigError, match="no keyboard at socket://"):
        HidStreamKeyboard(f"socket://{port.address}", Journal(None))


@pytest.fixture(scope="module")
def presenter() -> Iterator[FramePortPresenter]:
    with closing(FramePortPresenter(Journal(None))) as presenter:
        yield presenter


@contextmanager
def terminal(
    presenter: FramePortPresenter, protocol: str, *defect: str
) -> Iterator[tuple[SerialScanner, HidStreamKeyboard]]:
    arguments = ["emulate", "scanner", "--tethered", "--keyboard", "--protocol", protocol, "--camera", presenter.url]
    with closing(ChildProcess("scanner", [*arguments, "--baud", str(BAUD), "--pace", "usb", *defect])) as emulator:
        word, address = emulator.line().split()
        assert word == "keyboard"
        line = SerialLine(emulator.greeting, BAUD, "scanner", Journal(None))
        with closing(line), closing(HidStreamKeyboard(f"socket://{address}", Journal(None))) as keyboard:
            yield DRIVERS[protocol](line, read_timeout_s=READ_S, mode="command"), keyboard


def shown(presenter: FramePortPresenter, scanner: SerialScanner, text: str, wait_s: float) -> bytes | None:
    frame = presenter.prepare(Stimulus((Symbol(text.encode()),))).result()
    scanner.arm()
    presenter.show(frame)
    delivery = scanner.delivery(wait_s)
    presenter.clear()
    scanner.disarm()
    while scanner.delivery(0) is not None:  # a CR in the text makes two deliveries of it
        pass
    return None if delivery is None else delivery.data


@pytest.mark.parametrize("protocol", sorted(DRIVERS))
def test_a_sound_terminal_types_what_it_delivers_and_no_chord(presenter: FramePortPresenter, protocol: str) -> None:
    with terminal(presenter, protocol) as (scanner, keyboard):
        assert shown(presenter, scanner, CARD, READ_S) == CARD.encode()
        assert keyboard.keystrokes(QUIET_S).text == CARD + "\r"
        for _, text in islice(control_texts(Random(2)), 10):
            assert shown(presenter, scanner, text, 0.2) is None
            heard = keyboard.keystrokes(QUIET_S)
            assert (heard.text, heard.chords) == ("", ())


@pytest.mark.parametrize("protocol", sorted(DRIVERS))
def test_typed_control_characters_are_found_in_every_form(presenter: FramePortPresenter, protocol: str) -> None:
    with terminal(presenter, protocol, "--defect", "types-control-characters") as (scanner, keyboard):
        for form, text in islice(control_texts(Random(3)), 10):
            assert shown(presenter, scanner, text, READ_S) is not None
            assert keyboard.keystrokes(QUIET_S).chords, form


def test_an_emulated_keyboard_needs_an_emulated_scanner(tmp_path: Path) -> None:
    bench = (BENCHES / "emulated-gm65.toml").read_text()
    assert load_bench(BENCHES / "emulated-gm65.toml").keyboard is not None
    file = tmp_path / "bench.toml"
    file.write_text(
        bench.replace('driver = "gm65"', 'driver = "gm65"\nurl = "/dev/ttyACM0"').replace(
            '[scanner.emulated]\npace = "usb"\ntime_scale = 20\n', ""
        )
    )
    with pytest.raises(BenchFileError, match=r"keyboard: \[keyboard.emulated\] needs a table \[scanner.emulated\]"):
        load_bench(file)


@pytest.mark.parametrize(
    ("keyboard", "complaint"),
    [
        ('driver = "hid-stream"', "needs either `url`"),
        ('driver = "hid-stream"\nurl = "/dev/hidraw0"', "keyboard.url"),
        ('driver = "evdev"\nurl = "socket://127.0.0.1:9"', "unknown driver 'evdev'"),
    ],
)
def test_a_wrong_keyboard_table_is_named(tmp_path: Path, keyboard: str, complaint: str) -> None:
    bench = (BENCHES / "emulated-gm65.toml").read_text().replace("[keyboard.emulated]\n", "")
    file = tmp_path / "bench.toml"
    file.write_text(bench.replace('driver = "hid-stream"', keyboard))
    with pytest.raises(BenchFileError, match=complaint):
        load_bench(file)
