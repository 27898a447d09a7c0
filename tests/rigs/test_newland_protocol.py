"""The Newland codec and the emulated engine behind it, against the manuals' examples and against noise."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigs.emulators.behaviour import Behaviour
from rigs.emulators.defects.identity import FirmwareDrifts, HidesFirmware
from rigs.emulators.defects.safety import ObeysSettingCodes
from rigs.emulators.hardware import Hardware
from rigs.emulators.newland import NewlandEmulator
from rigs.protocols import newland, newland_legacy
from rigs.protocols.newland import Code, Menu, Setting, State

QUERY = newland.command("C11ENA*")
REPLY = newland.reply(b"#", b"C11ENA0\x06;")
SCRAPS = (
    *(QUERY, REPLY, newland.PREFIX, newland.REPLY_PREFIX, newland.TRIGGER_COMMAND, b"~", b"~\x01", b"\x02", b"#", b"@"),
    *(
        b"$$$$",
        b"%%%%",
        b"$",
        b"%%",
        b"#99900030;",
        b"&{a|E8B7BE43}",
        b";\x03",
        b"\x06;",
        b"\x06,",
        b"\x03",
        b"0",
        b"\r\n",
    ),
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
def engine(behaviour: Behaviour | None = None) -> Iterator[tuple[NewlandEmulator, Port]]:
    port = Port()
    emulator = NewlandEmulator(Hardware(port, Blind(), behaviour or Behaviour()))
    try:
        yield emulator, port
    finally:
        emulator.close()


def heard(emulator: NewlandEmulator, port: Port, sent: bytes) -> bytes:
    port.sent = b""
    emulator.receive(sent)
    return port.sent


def answer(emulator: NewlandEmulator, port: Port, text: str, *, stored: bool = False) -> bytes:
    """The body of the answer to a command."""
    told = heard(emulator, port, newland.command(text, stored=stored))
    assert newland.reply_length(told) == len(told)
    assert told.startswith(newland.REPLY_PREFIX + (b"@" if stored else b"#"))
    return told[7:-1]


def restart(emulator: NewlandEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rigs.emulators.device.BOOT_S", 0.0)
    monkeypatch.setattr("rigs.emulators.defects.identity.DRY_S", 0.0)
    emulator.power(False)
    emulator.power(True)


def fed(data: bytes, size: int = 0) -> list[newland.Command]:
    reader = newland.CommandReader()
    pieces = [data[start : start + (size or len(data))] for start in range(0, len(data), size or len(data))]
    return [command for piece in pieces for command in reader.feed(piece, 0.0)]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            "7E 01 30 30 30 30 40 43 31 31 45 4E 41 31 2C 4D 49 4E 31 32 2C 4D 41 58 32 32 3B 03",
            "02 01 30 30 30 30 40 43 31 31 45 4E 41 31 06 2C 4D 49 4E 31 32 06 2C 4D 41 58 32 32 06 3B 03",
        ),
        (
            "7E 01 30 30 30 30 40 43 31 31 4D 49 4E 2A 2C 4D 41 58 2A 3B 03",
            "02 01 30 30 30 30 40 43 31 31 4D 49 4E 31 32 06 2C 4D 41 58 32 32 06 3B 03",
        ),
    ],
)
def test_code_11_is_set_and_asked_for_as_in_the_manual(asked: str, told: str) -> None:
    with engine() as (emulator, port):
        heard(emulator, port, newland.command("C11MIN12,MAX22"))
        assert heard(emulator, port, bytes.fromhex(asked)) == bytes.fromhex(told)
    assert newland.reply_length(bytes.fromhex(told)) == len(bytes.fromhex(told))
    assert newland.answers_to(bytes.fromhex(told), bytes.fromhex(asked))


def test_the_query_for_a_whole_tag_is_that_of_the_manual() -> None:
    asked = bytes.fromhex("7E 01 30 30 30 30 40 43 31 31 2A 3B 03")
    assert newland.command("C11*", stored=True) == asked
    with engine() as (emulator, port):
        told = heard(emulator, port, asked)
    assert told == newland.reply(b"@", b"C11ENA0\x06,MIN4\x06,MAX48\x06;")
    assert newland.answers_to(told, asked)


def test_starting_and_stopping_are_answered() -> None:
    with engine() as (emulator, port):
        assert answer(emulator, port, "SCNTRG1") == b"SCNTRG1\x06;"
        assert answer(emulator, port, "SCNTRG0") == b"SCNTRG0\x06;"


@pytest.mark.parametrize("size", range(1, 24))
def test_commands_are_understood_in_pieces(size: int) -> None:
    sent = newland.command("C11ENA1,MIN*;ORTSET5000") + b"$$$$#99900030;%%%%"
    (menu, *older) = fed(sent, size)
    assert older == [State.ENTER, Code("99900030"), State.LEAVE]
    assert isinstance(menu, Menu)
    assert menu.storage == newland.TEMPORARY
    assert [(entry.name, entry.data, entry.query, entry.mark) for entry in menu.entries] == [
        ("C11ENA", "1", "", b","),
        ("C11MIN", "", "*", b";"),
        ("ORTSET", "5000", "", b";"),
    ]


@pytest.mark.parametrize(("pause_s", "commands"), [(0.45, 1), (0.55, 0)])
def test_a_command_that_stalls_is_dropped(pause_s: float, commands: int) -> None:
    reader = newland.CommandReader()
    assert reader.feed(QUERY[:9], 10.0) == []
    assert len(reader.feed(QUERY[9:], 10.0 + pause_s)) == commands
    assert len(reader.feed(QUERY, 20.0)) == 1


@pytest.mark.parametrize(
    "broken",
    [QUERY[:9], QUERY[:-2] + b"\x03", b"~\x010000!C11ENA*;\x03", b"~" * 9, b"$$$", b"#12", QUERY[:-1] + b"\x00"],
)
def test_a_command_after_a_broken_one_is_understood(broken: bytes) -> None:
    assert len([command for command in fed(broken + QUERY) if isinstance(command, Menu)]) == 1


@pytest.mark.parametrize("start", [newland.PREFIX + b"#", b"#"])
def test_a_command_without_end_does_not_fill_the_memory(start: bytes) -> None:
    reader = newland.CommandReader()
    assert reader.feed(start + b"A" * 5000, 0.0) == []
    assert len(reader._buffer) == 0
    assert len(reader.feed(QUERY, 0.0)) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("C11ENA&", b"C11ENA0\x06;"),
        ("ORTSET^", b"ORTSET0-3600000\x06;"),
        ("ORTSET5000", b"ORTSET5000\x06;"),
        ("C11ENA1,MAX50;QRCENA1", b"C11ENA1\x06,MAX50\x06;QRCENA1\x06;"),
        ("C11ENA1,MIN&;QRC*", b"C11ENA1\x06,MIN4\x06;QRCENA1\x06,MIN1\x06,MAX65535\x06;"),
        ("TSUSET0D0A", b"TSUSET0D0A\x06;"),
        ("TSUSET0", b"TSUSET0\x15;"),
        ("TSUSETXY", b"TSUSETXY\x15;"),
        ("c11ena1", b"c11ena1\x05;"),
        ("XYZABC1", b"XYZABC1\x05;"),
        ("XYZABC*", b"XYZABC*\x05;"),
        ("C11ENA2", b"C11ENA2\x15;"),
        ("C11ENA", b"C11ENA\x15;"),
        ("SCNTRG*", b"SCNTRG*\x15;"),
        ("SCNTRG2", b"SCNTRG2\x15;"),
        ("C11ENA1;XYZABC1;C11ENA9", b"C11ENA1\x06;XYZABC1\x05;C11ENA9\x15;"),
        ("", b"\x05;"),
        ("*", b"*\x05;"),
    ],
)
def test_every_entry_is_echoed_with_its_status(text: str, told: bytes) -> None:
    with engine() as (emulator, port):
        assert answer(emulator, port, text) == told
        assert newland.answers_to(newland.reply(b"#", told), newland.command(text))


def test_temporary_settings_are_lost_at_a_power_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    with engine() as (emulator, port):
        answer(emulator, port, "C11ENA1;232BAD3")
        answer(emulator, port, "QRCENA0", stored=True)
        assert port.baud == 9600
        assert answer(emulator, port, "C11ENA*") == b"C11ENA1\x06;"
        restart(emulator, monkeypatch)
        assert answer(emulator, port, "C11ENA*;QRCENA*") == b"C11ENA0\x06;QRCENA0\x06;"
        assert port.baud == 115200


def test_defaults_are_restored() -> None:
    with engine() as (emulator, port):
        answer(emulator, port, "C11ENA1;ORTSET1", stored=True)
        assert answer(emulator, port, "FACDEF", stored=True) == b"FACDEF\x06;"
        assert answer(emulator, port, "C11ENA*;ORTSET*") == b"C11ENA0\x06;ORTSET3000\x06;"


def test_suffix_and_terminator_follow_the_content() -> None:
    with engine() as (emulator, port):
        for text, delivered in (
            ("", b"8A3F\r"),
            ("TSUSET0D0A", b"8A3F\r\n"),
            ("CSUENA1,SET2021", b"8A3F !\r\n"),
            ("TSUENA0", b"8A3F !"),
            ("CSUENA0", b"8A3F"),
        ):
            answer(emulator, port, text)
            port.sent = b""
            emulator._deliver(b"8A3F")
            assert port.sent == delivered


@pytest.mark.parametrize(
    ("behaviour", "versions"),
    [(FirmwareDrifts, ["V1.23", "V1.24"]), (HidesFirmware, [None, None]), (Behaviour, ["V1.23", "V1.23"])],
)
def test_the_product_information_is_told_in_lines(
    behaviour: type[Behaviour], versions: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine(behaviour()) as (emulator, port):
        found = []
        for _ in range(2):
            told = heard(emulator, port, newland.command(Setting.PRODUCT, stored=True))
            found.append(newland.product_lines(told))
            restart(emulator, monkeypatch)
    assert [lines.get("firmware version") for lines in found] == versions
    assert [lines["product name"] for lines in found] == ["EMU-NLS", "EMU-NLS"]


@pytest.mark.parametrize(("behaviour", "value"), [(Behaviour, b"1"), (ObeysSettingCodes, b"0")])
def test_printed_codes_configure_only_a_faulty_device(behaviour: type[Behaviour], value: bytes) -> None:
    with engine(behaviour()) as (emulator, port):
        assert emulator._configure(b"@GRBENA0")
        assert not emulator._configure(b"8A3F")
        assert port.sent == b""
        assert answer(emulator, port, "GRBENA*") == b"GRBENA" + value + b"\x06;"


def test_the_older_set_is_answered_in_its_state_only() -> None:
    with engine() as (emulator, port):
        assert heard(emulator, port, b"#99900030;") == b""
        assert heard(emulator, port, b"%%%%") == b""
        assert heard(emulator, port, b"$$$$") == b"@@@@"
        assert heard(emulator, port, b"#99900030;") == b"!99900030;"
        assert heard(emulator, port, b"#99976543;") == b"?99976543;"
        assert heard(emulator, port, b"%%%%") == b"^^^^"
        assert heard(emulator, port, b"#99900030;") == b""


def test_nothing_is_read_in_the_configuration_state() -> None:
    with engine() as (emulator, port):
        answer(emulator, port, "SCNMOD2")
        heard(emulator, port, b"$$$$")
        assert not emulator._device.presentation
        heard(emulator, port, b"%%%%")
        assert emulator._device.presentation


def test_the_configuration_state_is_left_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rigs.protocols.newland_legacy.LEAVES_AFTER_S", 0.05)
    with engine() as (emulator, port):
        assert heard(emulator, port, b"$$$$") == b"@@@@"
        deadline = time.monotonic() + 10
        while port.sent != b"@@@@^^^^" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert port.sent == b"@@@@^^^^"
        assert heard(emulator, port, b"#99900030;") == b""


def test_a_power_cut_ends_the_configuration_state(monkeypatch: pytest.MonkeyPatch) -> None:
    with engine() as (emulator, port):
        heard(emulator, port, b"$$$$")
        restart(emulator, monkeypatch)
        assert heard(emulator, port, b"#99900030;") == b""
        assert emulator._leaving is None


def test_information_carries_the_crc_of_its_text() -> None:
    assert newland_legacy.information(b"123456789") == b"&{123456789|CBF43926}"
    assert newland_legacy.information_text(b"&{123456789|CBF43926}") == b"123456789"
    assert newland_legacy.information_text(b"&{123456789|cbf43926}") == b"123456789"
    with engine() as (emulator, port):
        heard(emulator, port, b"$$$$")
        told = heard(emulator, port, newland_legacy.command(newland_legacy.INFORMATION))
        text = newland_legacy.information_text(told.removeprefix(newland_legacy.done(newland_legacy.INFORMATION)))
        assert text is not None
        assert b"EMU-NLS" in text


@pytest.mark.parametrize(
    "frame", [b"", b"&{", b"}", b"&{}", b"&{123456789|CBF43927}", b"&{123456789}", b"&{123456789|CBF43926", b"&{|}"]
)
def test_anything_else_is_no_information(frame: bytes) -> None:
    assert newland_legacy.information_text(frame) is None


@pytest.mark.parametrize(
    "delivery", [b"8A3F\r", b"\x02\x020000#", b"\x02\x010000\r", REPLY[1:], b"\x02\x010000#A\x06!"]
)
def test_a_delivery_is_no_reply(delivery: bytes) -> None:
    assert newland.reply_length(delivery) is None


def test_a_reply_is_known_only_when_it_is_whole() -> None:
    assert [newland.reply_length(REPLY[:end]) for end in range(1, len(REPLY))] == [0] * (len(REPLY) - 1)
    assert newland.reply_length(REPLY + b"8A3F\r") == len(REPLY)


@pytest.mark.parametrize("text", ["C11MIN*", "C11ENA*,MIN*", "QRCENA*"])
def test_a_reply_to_another_command_is_told_apart(text: str) -> None:
    assert not newland.answers_to(REPLY, newland.command(text))
    assert not newland.answers_to(REPLY, newland.command("C11ENA*", stored=True))


@given(STREAM)
def test_the_reader_survives_anything(pieces: list[bytes]) -> None:
    reader = newland.CommandReader()
    for number, piece in enumerate(pieces):
        reader.feed(piece, number * 0.3)
    assert len(reader.feed(QUERY, 1000.0)) == 1


@given(STREAM, st.integers(1, 9))
def test_the_split_does_not_change_what_is_found(pieces: list[bytes], size: int) -> None:
    data = b"".join(pieces)
    if data:
        assert fed(data, size) == fed(data)


@given(STREAM, STREAM)
def test_the_codec_survives_anything(pieces: list[bytes], sent: list[bytes]) -> None:
    buffer = b"".join(pieces)
    length = newland.reply_length(buffer)
    assert length is None or length <= len(buffer)
    newland.answers_to(buffer, b"".join(sent))
    newland.product_lines(buffer)
    newland_legacy.information_text(buffer)


@given(STREAM)
def test_what_is_no_reply_does_not_become_one(pieces: list[bytes]) -> None:
    buffer = b"".join(pieces)
    lengths = [newland.reply_length(buffer[:end]) for end in range(1, len(buffer) + 1)]
    settled = next((n for n, length in enumerate(lengths) if length != 0), len(lengths))
    assert len(set(lengths[settled:])) <= 1


@given(STREAM)
def test_the_emulator_survives_anything(pieces: list[bytes]) -> None:
    with engine() as (emulator, _port):
        for piece in pieces:
            emulator.receive(piece)
