"""The Honeywell codec and the emulated engine behind it, against the guides' examples and against noise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigs.emulators.behaviour import Behaviour
from rigs.emulators.defects.identity import FirmwareDrifts, HidesFirmware
from rigs.emulators.defects.safety import ObeysSettingCodes
from rigs.emulators.hardware import Hardware
from rigs.emulators.honeywell import HoneywellEmulator
from rigs.protocols import honeywell
from rigs.protocols.honeywell import Menu, Setting, Trigger

QUERY = honeywell.command("cbrena?")
REVISION = b"REVINFProduct Name: EMU-HW\r\nBoot Revision: V1.00\r\nSerial Number: EMU0002\r\n\x06."
SENT = st.one_of(
    st.binary(max_size=24).map(lambda body: honeywell.MENU + body),
    st.sampled_from([honeywell.command(t) for t in ("cbrena?", "cbr?", "?", "REVINF", "CBRENA1,MIN4;QRCENA^", "")]),
)
SCRAPS = (
    *(QUERY, honeywell.MENU, honeywell.TRIGGER_COMMAND, b"\x16", b"CBRENA1\x06.", b"CBRENA", b"\x06", b".", b"\r\n"),
    *(b"REVINF", b"Product Name: x\r\n", b",", b";", b"\x15!"),
)
STREAM = st.lists(st.one_of(st.binary(max_size=24), st.sampled_from(SCRAPS)), max_size=12)


class Port:
    """Collects what the engine sends."""

    def __init__(self) -> None:
        self.baud = 115200
        self.sent = b""

    def send(self, data: bytes) -> None:
        self.sent += data

    def change_baud(self, rate: int) -> None:
        self.baud = rate


class Blind:
    """Sees nothing."""

    def look(self, after: int, wait_ms: int) -> None:
        return None


@contextmanager
def engine(behaviour: Behaviour | None = None) -> Iterator[tuple[HoneywellEmulator, Port]]:
    port = Port()
    emulator = HoneywellEmulator(Hardware(port, Blind(), behaviour or Behaviour()))
    try:
        yield emulator, port
    finally:
        emulator.close()


def answer(emulator: HoneywellEmulator, port: Port, text: str, *, stored: bool = True) -> bytes:
    port.sent = b""
    emulator.receive(honeywell.command(text, stored=stored))
    return port.sent


def restart(emulator: HoneywellEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rigs.emulators.device.BOOT_S", 0.0)
    monkeypatch.setattr("rigs.emulators.defects.identity.DRY_S", 0.0)
    emulator.power(False)
    emulator.power(True)


def fed(data: bytes, size: int = 0) -> list[Menu | Trigger]:
    reader = honeywell.CommandReader()
    pieces = [data[start : start + (size or len(data))] for start in range(0, len(data), size or len(data))]
    return [command for piece in pieces for command in reader.feed(piece, 0.0)]


def test_the_range_of_codabar_is_asked_and_answered_as_in_the_guide() -> None:
    asked, told = bytes.fromhex("16 4D 0D 63 62 72 65 6E 61 2A 2E"), bytes.fromhex("43 42 52 45 4E 41 30 2D 31 06 2E")
    assert honeywell.command("cbrena*") == asked
    assert honeywell.reply_length(told, asked) == len(told)
    with engine() as (emulator, port):
        emulator.receive(asked)
        assert port.sent == told


def test_the_trigger_commands_are_those_of_the_guide() -> None:
    assert fed(bytes.fromhex("16 54 0D 16 55 0D")) == [Trigger.START, Trigger.STOP]


@pytest.mark.parametrize("size", range(1, 20))
def test_a_command_is_understood_in_pieces(size: int) -> None:
    (menu, trigger) = fed(honeywell.command("cbrena1,min?;trgsto5000", stored=False) + b"\x16T\r", size)
    assert trigger is Trigger.START
    assert isinstance(menu, Menu)
    assert not menu.stored
    assert [(entry.name, entry.data, entry.query, entry.mark) for entry in menu.entries] == [
        ("CBRENA", "1", "", b","),
        ("CBRMIN", "", "?", b";"),
        ("TRGSTO", "5000", "", b"!"),
    ]


@pytest.mark.parametrize(("pause_s", "commands"), [(0.45, 1), (0.55, 0)])
def test_a_command_that_stalls_is_dropped(pause_s: float, commands: int) -> None:
    reader = honeywell.CommandReader()
    assert reader.feed(QUERY[:6], 10.0) == []
    assert len(reader.feed(QUERY[6:], 10.0 + pause_s)) == commands
    assert len(reader.feed(QUERY, 20.0)) == 1


@pytest.mark.parametrize("broken", [QUERY[:5], b"\x16M\rCBR\x00ENA?.", b"\x16M", b"\x16N\rCBRENA?.", b"\x16" * 9])
def test_a_command_after_a_broken_one_is_understood(broken: bytes) -> None:
    assert len(fed(broken + QUERY)) == 1


def test_a_command_without_end_does_not_fill_the_memory() -> None:
    reader = honeywell.CommandReader()
    assert reader.feed(honeywell.MENU + b"A" * 5000, 0.0) == []
    assert len(reader.feed(QUERY, 0.0)) == 1


@pytest.mark.parametrize(
    ("text", "stored", "told"),
    [
        ("CBRENA?", True, b"CBRENA1\x06."),
        ("cbrena^", True, b"CBRENA1\x06."),
        ("trgsto*", True, b"TRGSTO0-300000\x06."),
        ("cbr?", False, b"CBRENA1\x06,MIN4\x06,MAX60\x06!"),
        ("cbrena0,max50;qrcena1", False, b"CBRENA0\x06,MAX50\x06;QRCENA1\x06!"),
        ("cbrena0,min^;qrc*", True, b"CBRENA0\x06,MIN4\x06;QRCENA0-1\x06,MIN1-7089\x06,MAX1-7089\x06."),
        ("xyzabc1", True, b"XYZABC1\x05."),
        ("CB?", True, b"CB?\x05."),
        ("CBRENA2", True, b"CBRENA2\x15."),
        ("CBRENA", True, b"CBRENA\x15."),
        ("CBRENA1;XYZABC1;CBRENA9", False, b"CBRENA1\x06;XYZABC1\x05;CBRENA9\x15!"),
        ("TRGMOD1", True, b"TRGMOD1\x15."),
        ("PAPTPR", False, b"PAPTPR\x06!"),
        ("PAPTPR1", False, b"PAPTPR1\x15!"),
        ("", True, b"\x05."),
    ],
)
def test_every_entry_is_echoed_with_its_status(text: str, stored: bool, told: bytes) -> None:
    with engine() as (emulator, port):
        assert answer(emulator, port, text, stored=stored) == told
        assert honeywell.reply_length(told, honeywell.command(text, stored=stored)) == len(told)


def test_a_query_in_place_of_the_tag_asks_for_everything() -> None:
    with engine() as (emulator, port):
        told = answer(emulator, port, "?")
        assert told.startswith(b"TRGMOD0\x06,STO30000\x06;DLYRRD750\x06,GRD0\x06;BEPBEP1\x06,LVL3\x06;CBRENA1\x06,")
        assert honeywell.reply_length(told + b"8A3F\r", honeywell.command("?")) == len(told)


def test_volatile_settings_are_lost_at_a_power_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    with engine() as (emulator, port):
        answer(emulator, port, "CBRENA0;232BAD5", stored=False)
        answer(emulator, port, "QRCENA0")
        assert port.baud == 9600
        assert answer(emulator, port, "CBRENA?", stored=True) == b"CBRENA1\x06."
        assert answer(emulator, port, "CBRENA?", stored=False) == b"CBRENA0\x06!"
        restart(emulator, monkeypatch)
        assert answer(emulator, port, "CBRENA?;QRCENA?", stored=False) == b"CBRENA1\x06;QRCENA0\x06!"
        assert port.baud == 115200


def test_defaults_are_restored() -> None:
    with engine() as (emulator, port):
        answer(emulator, port, "CBRENA0;TRGSTO1")
        assert answer(emulator, port, "DEFALT") == b"DEFALT\x06."
        assert answer(emulator, port, "CBRENA?;TRGSTO?") == b"CBRENA1\x06;TRGSTO30000\x06."


def test_a_restart_is_a_change_of_supply_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with engine(FirmwareDrifts()) as (emulator, port):
        answer(emulator, port, "PAPTPR", stored=False)
        emulator.power(True)
        assert answer(emulator, port, "TRGMOD?", stored=False) == b"TRGMOD3\x06!"
        versions = [honeywell.revision_lines(answer(emulator, port, "REVINF"))["Software Revision"]]
        restart(emulator, monkeypatch)
        versions.append(honeywell.revision_lines(answer(emulator, port, "REVINF"))["Software Revision"])
        assert versions == ["V1.23", "V1.24"]


def test_hidden_firmware_is_not_told() -> None:
    with engine(HidesFirmware()) as (emulator, port):
        assert "Software Revision" not in honeywell.revision_lines(answer(emulator, port, "REVINF"))


@pytest.mark.parametrize(("behaviour", "value"), [(Behaviour, b"1"), (ObeysSettingCodes, b"0")])
def test_printed_codes_configure_only_a_faulty_device(behaviour: type[Behaviour], value: bytes) -> None:
    with engine(behaviour()) as (emulator, port):
        assert emulator._configure(b"CBRENA0.")
        assert not emulator._configure(b"8A3F")
        assert port.sent == b""
        assert answer(emulator, port, "CBRENA?") == b"CBRENA" + value + b"\x06."


def test_a_revision_is_known_only_when_it_is_whole() -> None:
    sent = honeywell.command(Setting.REVISION)
    assert [honeywell.reply_length(REVISION[:end], sent) for end in range(1, len(REVISION))] == [0] * (
        len(REVISION) - 1
    )
    assert honeywell.reply_length(REVISION + b"8A3F\r", sent) == len(REVISION)


@pytest.mark.parametrize(
    "reply",
    [
        b"REVINFProduct Name: X\r\nSoftware Revision: $ProjectRevision: 16345 \r\n\x06.",
        b"Product Name: X\r\nSoftware Revision: $ProjectRevision: 16345 $\r\nREVINF\x06.",
    ],
)
def test_a_revision_may_stand_after_its_lines(reply: bytes) -> None:
    assert honeywell.reply_length(reply, honeywell.command("revinf")) == len(reply)
    assert honeywell.revision_lines(reply) == {"Product Name": "X", "Software Revision": "16345"}


@pytest.mark.parametrize("reply", [b"", b"REVINF\x05.", b"REVINF\x06."])
def test_an_empty_revision_tells_nothing(reply: bytes) -> None:
    assert honeywell.revision_lines(reply) == {}


@pytest.mark.parametrize(
    ("delivery", "sent"),
    [
        (b"CBRENA1\r", "CBRENA?"),
        (b"CBRENA1.\r", "CBRENA?"),
        (b"PAPTPR.\r", "PAPTPR"),
        (b"REVINF\r8A3F\r", "REVINF"),
        (b"REVINFProduct Name: X\rA", "REVINF"),
        (b"CBRENA0\x06.", "CBRENA1"),
        (b"CBRENA1\x06!", "CBRENA?"),
        (b"8A3F\r", "?"),
    ],
)
def test_a_delivery_is_no_reply(delivery: bytes, sent: str) -> None:
    assert honeywell.reply_length(delivery, honeywell.command(sent)) is None


@given(STREAM)
def test_the_reader_survives_anything(pieces: list[bytes]) -> None:
    reader = honeywell.CommandReader()
    for number, piece in enumerate(pieces):
        reader.feed(piece, number * 0.3)
    assert len(reader.feed(QUERY, 1000.0)) == 1


@given(STREAM, st.integers(1, 9))
def test_the_split_does_not_change_what_is_found(pieces: list[bytes], size: int) -> None:
    data = b"".join(pieces)
    if data:
        assert fed(data, size) == fed(data)


@given(STREAM, SENT)
def test_a_reply_never_reaches_beyond_the_buffer(pieces: list[bytes], sent: bytes) -> None:
    buffer = b"".join(pieces)
    length = honeywell.reply_length(buffer, sent)
    assert length is None or length <= len(buffer)


@given(STREAM)
def test_what_is_no_reply_does_not_become_one(pieces: list[bytes]) -> None:
    buffer = b"".join(pieces)
    lengths = [honeywell.reply_length(buffer[:end], QUERY) for end in range(1, len(buffer) + 1)]
    settled = next((n for n, length in enumerate(lengths) if length != 0), len(lengths))
    assert len(set(lengths[settled:])) <= 1


@given(STREAM)
def test_the_emulator_survives_anything(pieces: list[bytes]) -> None:
    with engine() as (emulator, _port):
        for piece in pieces:
            emulator.receive(piece)
