"""SSI across real ports: the driver against a stranger's decoder, a stranger's host against the emulated engine."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rigs.drivers.ssi import SsiScanner
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.roles import DeviceIdentity
from rigs.serial_line import SerialLine

STRANGER = Path(__file__).with_name("ssi_stranger.py")
CARD = b"8A3F" * 16 + b":1"
LONG = b"8A3F" * 150
ACK, NAK_RESEND, START, STOP = (
    bytes.fromhex(frame) for frame in ("04D00400FF28", "05D1040001FF25", "04E40400FF14", "04E50400FF13")
)


def packed(text: str) -> bytes:
    """A packet of which only the checksum is wanting."""
    body = bytes.fromhex(text)
    return body + ((0x10000 - sum(body)) & 0xFFFF).to_bytes(2, "big")


PACKET, AGAIN = packed("09F300001C38413346"), packed("09F300011C38413346")


class Stranger:
    """The stranger's process: a port, and orders what to see and how to misbehave."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([sys.executable, STRANGER], stdin=pipe, stdout=pipe, text=True, bufsize=1)
        self.port = self.process.stdout.readline().strip()
        assert self.port.startswith("/dev/"), "the stranger did not start"

    def order(self, words: str) -> list[str]:
        """Give an order and wait until it is taken; what it printed."""
        self.process.stdin.write(words + "\n")
        said = []
        while (line := self.process.stdout.readline().strip()) != "ok":
            said.append(line)
        return said

    def heard(self) -> list[bytes]:
        return [bytes.fromhex(line) for line in self.order("tell")[:-1]]

    def end(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    stranger = Stranger()
    yield stranger
    stranger.end()


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    with Journal(tmp_path_factory.mktemp("ssi") / "journal.jsonl") as journal:
        yield journal


@contextmanager
def opened(port: str, journal: Journal, *, mode: str = "command", baud: int = 115200) -> Iterator[SsiScanner]:
    line = SerialLine(port, baud, "scanner", journal)
    try:
        scanner = SsiScanner(line, read_timeout_s=2.0, mode=mode)
    except BaseException:
        line.close()
        raise
    try:
        yield scanner
    finally:
        scanner.close()


def delivered(scanner: SsiScanner) -> bytes | None:
    scanner.arm()
    delivery = scanner.delivery(3.0)
    return None if delivery is None else delivery.data


def test_a_strangers_decoder_is_read(stranger: Stranger, journal: Journal) -> None:
    with opened(stranger.port, journal) as scanner:
        assert scanner.identify() == DeviceIdentity(firmware="STRANGE-07")
        for content in (CARD, b"8A3F", CARD):
            stranger.order(f"see {content.hex()}")
            assert delivered(scanner) == content
        scanner.disarm()
        assert scanner.delivery(0) is None


def test_its_forty_exchanges_are_exact(stranger: Stranger, journal: Journal) -> None:
    with opened(stranger.port, journal) as scanner:
        before = scanner.settings()
        exchanges = [run() for run in scanner.exchanges()]
        assert [exchange for exchange in exchanges if not exchange.exact] == []
        assert (len(exchanges), len({exchange.name for exchange in exchanges})) == (40, 40)
        assert scanner.settings() == before


@pytest.mark.parametrize(("opcode", "name"), [("A3", "revision"), ("D3", "capabilities"), ("E5", "stop while idle")])
def test_a_message_that_is_never_answered_is_not_exact(
    stranger: Stranger, journal: Journal, opcode: str, name: str
) -> None:
    stranger.order(f"ignore {opcode}")
    with opened(stranger.port, journal) as scanner:
        exchanges = [run() for run in scanner.exchanges()[10:18]]
        missed = [exchange for exchange in exchanges if not exchange.exact]
        assert name in {exchange.name for exchange in missed}
        assert {exchange.received for exchange in missed} == {"silence"}


@pytest.mark.parametrize("form", ["", "segments"])
def test_a_long_content_comes_whole(stranger: Stranger, journal: Journal, form: str) -> None:
    stranger.order(form)
    with opened(stranger.port, journal) as scanner:
        stranger.order(f"see {LONG.hex()}")
        assert delivered(scanner) == LONG
        acknowledged = bytes.fromhex("04740400FF84" if form else "04D00400FF28")
        assert stranger.heard().count(acknowledged) == 3


def test_a_decoder_that_refuses_packets_is_read_as_bare_text(stranger: Stranger, journal: Journal) -> None:
    stranger.order("bare")
    with opened(stranger.port, journal) as scanner:
        stranger.order(f"see {CARD.hex()}")
        assert delivered(scanner) == CARD
        settings = scanner.settings()
        assert (settings["EE"], settings["EB"]) == ("00", "01")


def test_a_decoder_without_handshake_is_given_one_for_the_time_being(stranger: Stranger, journal: Journal) -> None:
    stranger.order("proud")
    with opened(stranger.port, journal) as scanner:
        assert scanner.settings()["9F"] == "01"
        stranger.order(f"see {CARD.hex()}")
        assert delivered(scanner) == CARD
    with opened_bare(stranger.port, journal) as line:
        line.write(bytes.fromhex("05C704009FFE91"))
        assert line.read(1.0).data == bytes.fromhex("07C60000FF9F00FD95")


@contextmanager
def opened_bare(port: str, journal: Journal) -> Iterator[SerialLine]:
    line = SerialLine(port, 115200, "scanner", journal)
    try:
        yield line
    finally:
        line.close()


def test_only_what_was_changed_is_set_back(stranger: Stranger, journal: Journal) -> None:
    with opened(stranger.port, journal):
        stranger.heard()
    (last,) = [frame for frame in stranger.heard() if frame[1] == 0xC6]
    assert last[4:-2] == bytes.fromhex("FF 8A00 8863 EE00")
    with opened(stranger.port, journal, mode="presentation") as scanner:
        assert scanner.settings()["8A"] == "07"


@pytest.mark.parametrize("lost", [1, 2])
def test_a_command_is_sent_again_when_it_is_lost(stranger: Stranger, journal: Journal, lost: int) -> None:
    with opened(stranger.port, journal) as scanner:
        stranger.heard()
        stranger.order(f"mute {lost}")
        stranger.order(f"see {CARD.hex()}")
        assert delivered(scanner) == CARD
        again = bytes.fromhex("04E40401FF13")
        assert [frame for frame in stranger.heard() if frame[1] == 0xE4] == [START] + [again] * lost


def test_three_tries_are_all_a_command_gets(stranger: Stranger, journal: Journal) -> None:
    with opened(stranger.port, journal) as scanner:
        stranger.order("mute 9")
        stranger.heard()
        assert scanner.ask(STOP, 0.05) is None
        assert [frame[3] for frame in stranger.heard()] == [0, 1, 1]
        stranger.order("mute 0")


@pytest.mark.parametrize("spoilt", [1, 2])
def test_a_damaged_answer_is_asked_for_again(stranger: Stranger, journal: Journal, spoilt: int) -> None:
    with opened(stranger.port, journal) as scanner:
        stranger.heard()
        stranger.order(f"garble {spoilt}")
        assert scanner.identify().firmware == "STRANGE-07"
        heard = stranger.heard()
        assert heard.count(NAK_RESEND) == spoilt
        assert [frame[3] for frame in heard if frame[1] == 0xA3] == [0] + [1] * spoilt


def test_a_content_sent_again_is_delivered_once(stranger: Stranger, journal: Journal) -> None:
    with opened(stranger.port, journal, mode="presentation") as scanner:
        stranger.order(f"raw {PACKET.hex()}")
        assert scanner.delivery(1.0).data == b"8A3F"
        stranger.order(f"raw {AGAIN.hex()}")
        stranger.order(f"raw {AGAIN.hex()}")
        assert scanner.delivery(0.3) is None
        assert stranger.heard()[-3:] == [ACK] * 3
        stranger.order(f"raw {PACKET.hex()}")
        assert scanner.delivery(1.0).data == b"8A3F"


def test_a_damaged_packet_is_refused_and_taken_when_it_comes_again(stranger: Stranger, journal: Journal) -> None:
    with opened(stranger.port, journal, mode="presentation") as scanner:
        stranger.heard()
        stranger.order(f"raw {PACKET[:-1].hex()}00")
        assert scanner.delivery(0.3) is None
        stranger.order(f"raw {AGAIN.hex()}")
        assert scanner.delivery(1.0).data == b"8A3F"
        assert stranger.heard() == [NAK_RESEND, ACK]


def test_half_a_packet_does_not_hide_the_next(stranger: Stranger, journal: Journal) -> None:
    with opened(stranger.port, journal, mode="presentation") as scanner:
        stranger.order("raw 09F300001C38")
        assert scanner.delivery(0.4) is None
        stranger.order(f"raw {PACKET.hex()}")
        assert scanner.delivery(1.0).data == b"8A3F"


def test_a_packet_may_pause_longer_than_an_engine_would(stranger: Stranger, journal: Journal) -> None:
    with opened(stranger.port, journal, mode="presentation") as scanner:
        stranger.heard()
        stranger.order(f"raw {PACKET[:6].hex()}")
        assert scanner.delivery(0.3) is None
        stranger.order(f"raw {PACKET[6:].hex()}")
        assert scanner.delivery(1.0).data == b"8A3F"
        assert stranger.heard() == [ACK]


@pytest.mark.parametrize("noise", ["3841", "FF", "09F300001C38", "001C384133460A"])
def test_noise_does_not_hide_replies(stranger: Stranger, journal: Journal, noise: str) -> None:
    with opened(stranger.port, journal, mode="presentation") as scanner:
        stranger.order(f"raw {noise}")
        assert scanner.delivery(0.3) is None
        assert scanner.identify().firmware == "STRANGE-07"
        stranger.order(f"raw {noise}")
        assert scanner.delivery(0.3) is None
        stranger.order(f"raw {PACKET.hex()}")
        assert scanner.delivery(1.0).data == b"8A3F"


def test_unexpected_packets_are_no_answers(stranger: Stranger, journal: Journal) -> None:
    with opened(stranger.port, journal) as scanner:
        stranger.order(f"raw {(b'%c' % 4 + bytes.fromhex('D00000FF2C')).hex()}" + "04D00000FF2C" * 2)
        stranger.order("raw 05F6000001FF04")
        assert scanner.identify().firmware == "STRANGE-07"
        assert ACK in stranger.heard()
        assert scanner.delivery(0.1) is None


@pytest.mark.parametrize(("kind", "prefix"), [("1C", b""), ("0B", b"]E0"), ("1B", b"]d1"), ("FE", b"]X0")])
def test_the_symbology_of_a_packet_stands_in_front_unless_it_is_qr(
    stranger: Stranger, journal: Journal, kind: str, prefix: bytes
) -> None:
    with opened(stranger.port, journal) as scanner:
        stranger.order(f"see {b'6901234567892'.hex()} {kind}")
        assert delivered(scanner) == prefix + b"6901234567892"


def test_a_port_nobody_answers_on_is_named(stranger: Stranger, journal: Journal) -> None:
    stranger.order("mute 99")
    with pytest.raises(RigError, match="does not answer"), opened(stranger.port, journal):
        pass


@pytest.mark.parametrize("moment", ["idle", "in a question", "before an answer", "with half a content", "closing"])
def test_unplugging_ends_in_a_fault_of_the_rig(stranger: Stranger, journal: Journal, moment: str) -> None:
    with opened(stranger.port, journal) as scanner:
        if moment == "in a question":
            stranger.order("mute 99")
            scanner.line.write(START)
        if moment == "before an answer":
            stranger.order("late 5")
            scanner.line.write(START)
        if moment == "with half a content":
            stranger.order("raw FFF300021C38413346")
            scanner.delivery(0.05)
        stranger.process.kill()
        stranger.process.wait(10)
        if moment != "closing":
            with pytest.raises(RigError, match="went away"):
                scanner.arm()
            with pytest.raises(RigError, match="went away"):
                scanner.delivery(1.0)


class Host:
    """A stranger's host on the emulated engine's port: knows nothing but bytes."""

    def __init__(self, port: str) -> None:
        self.port = os.open(port, os.O_RDWR | os.O_NOCTTY)

    def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            os.write(self.port, piece)
            time.sleep(0.005)

    def hear(self, seconds: float = 1.0) -> bytes | None:
        """The next packet, or None when none comes in time; a wrong checksum is an error."""
        frame = b""
        ends = time.monotonic() + seconds
        while not frame or len(frame) < frame[0] + 2:
            if not select.select([self.port], [], [], max(0.0, ends - time.monotonic()))[0]:
                assert not frame, f"half a packet: {frame.hex()}"
                return None
            frame += os.read(self.port, 1)
        assert (sum(frame[:-2]) + int.from_bytes(frame[-2:], "big")) & 0xFFFF == 0
        return frame

    def set(self, values: str) -> None:
        self.say(packed(f"{len(bytes.fromhex(values)) + 5:02X} C60400FF {values}"))
        assert self.hear() == bytes.fromhex("04D00000FF2C")

    def close(self) -> None:
        os.close(self.port)


@pytest.fixture
def bench(journal: Journal) -> Iterator[tuple[FramePortPresenter, Host]]:
    """A card in view of an emulated engine that was started by the command, and a stranger's host on its port."""
    presenter = FramePortPresenter(journal)
    command = [sys.executable, "-m", "xiangka", "emulate", "scanner", "--protocol", "ssi", "--camera", presenter.url]
    pipe = subprocess.PIPE
    process = subprocess.Popen([*command, "--baud", "115200", "--tethered"], stdin=pipe, stdout=pipe, text=True)
    try:
        host = Host(process.stdout.readline().strip())
        presenter.show(presenter.prepare(Stimulus((Symbol(CARD),))).result())
        yield presenter, host
        host.close()
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()
        presenter.close()


def decoded(status: int) -> bytes:
    return packed(bytes([5 + len(CARD), 0xF3, 0x00, status, 0x1C]).hex() + CARD.hex())


def test_a_strangers_host_reads_the_emulated_engine(bench: tuple[FramePortPresenter, Host]) -> None:
    _, host = bench
    host.say(START)
    assert host.hear() == bytes.fromhex("04D00000FF2C")
    assert os.read(host.port, 4096)[:4] == CARD[:4], "what is read comes as bare text until packets are asked for"
    time.sleep(0.1)
    while select.select([host.port], [], [], 0.05)[0]:
        os.read(host.port, 4096)

    host.set("EE01")
    host.say(ACK, ACK)
    host.say(START[:2], START[2:5], START[5:])
    assert host.hear() == bytes.fromhex("04D00000FF2C")
    host.say(ACK)
    assert host.hear(3.0) == decoded(0)
    host.say(NAK_RESEND)
    assert host.hear(3.0) == decoded(1)
    host.say(ACK + ACK + STOP)
    assert host.hear() == bytes.fromhex("04D00000FF2C")
    assert host.hear(0.3) is None


def test_an_engine_that_is_not_acknowledged_gives_up_after_two_resends(bench: tuple[FramePortPresenter, Host]) -> None:
    _, host = bench
    host.set("EE01 9B02")
    host.say(START)
    assert host.hear() == bytes.fromhex("04D00000FF2C")
    assert [host.hear(3.0) for _ in range(3)] == [decoded(0), decoded(1), decoded(1)]
    assert host.hear(0.6) is None
    host.say(START + STOP[:3], STOP[3:])
    assert host.hear() == bytes.fromhex("04D00000FF2C")
