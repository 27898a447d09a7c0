"""The GM65 codec against the manual's own frames, and against anything else a line may carry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigs.protocols import gm65

READ_MODE = gm65.read_command(gm65.Register.MODE, 1)
NOISE = st.binary(max_size=24)
PIECES = st.lists(
    st.one_of(NOISE, st.sampled_from((READ_MODE, gm65.TRIGGER_COMMAND, gm65.HEAD, gm65.ACKNOWLEDGE, b"\x02\x00\x00"))),
    max_size=12,
)


def fed(data: bytes, size: int = 0) -> list[gm65.Command]:
    reader = gm65.CommandReader()
    pieces = [data[start : start + (size or len(data))] for start in range(0, len(data), size or len(data))]
    return [command for piece in pieces for command in reader.feed(piece, 0.0)]


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (gm65.TRIGGER_COMMAND, "7E 00 08 01 00 02 01 AB CD"),
        (gm65.ACKNOWLEDGE, "02 00 00 01 00 33 31"),
        (gm65.write_command(gm65.Register.BAUD, gm65.baud_value(9600)), "7E 00 08 02 00 2A 39 01 A7 EA"),
    ],
)
def test_frames_are_those_of_the_manual(frame: bytes, expected: str) -> None:
    assert frame == bytes.fromhex(expected)


@pytest.mark.parametrize("rate", gm65.BAUD_RATES)
def test_baud_register_is_read_back(rate: int) -> None:
    assert gm65.baud_from_value(gm65.baud_value(rate)) == rate


def test_an_unknown_baud_register_means_no_rate() -> None:
    assert gm65.baud_from_value(b"\x01\x00") is None


@pytest.mark.parametrize("size", range(1, 12))
def test_a_command_is_understood_in_pieces(size: int) -> None:
    assert fed(READ_MODE + gm65.TRIGGER_COMMAND, size) == [
        gm65.Command(gm65.Kind.READ, gm65.Register.MODE, b"\x01"),
        gm65.Command(gm65.Kind.WRITE, gm65.Register.TRIGGER, b"\x01"),
    ]


def test_a_wrong_crc_is_met_with_silence() -> None:
    wrong = READ_MODE[:-1] + bytes((READ_MODE[-1] ^ 1,))
    assert fed(wrong) == []
    assert len(fed(wrong + READ_MODE)) == 1


@pytest.mark.parametrize(("pause_s", "commands"), [(0.39, 1), (0.41, 0)])
def test_a_frame_that_stalls_for_400_ms_is_dropped(pause_s: float, commands: int) -> None:
    reader = gm65.CommandReader()
    assert reader.feed(READ_MODE[:5], 10.0) == []
    assert len(reader.feed(READ_MODE[5:], 10.0 + pause_s)) == commands
    assert len(reader.feed(READ_MODE, 20.0)) == 1


def test_a_reply_is_known_only_when_it_is_whole() -> None:
    frame = gm65.reply(b"\xd4\x00")
    assert [gm65.reply_length(frame[:end]) for end in range(1, len(frame))] == [0] * (len(frame) - 1)
    assert gm65.reply_length(frame + b"8A3F\r") == len(frame)
    assert gm65.reply_length(frame[:-1] + b"\x00") is None
    assert gm65.reply_length(b"8A3F\r") is None


@given(PIECES)
def test_the_reader_survives_anything(pieces: list[bytes]) -> None:
    reader = gm65.CommandReader()
    for number, piece in enumerate(pieces):
        reader.feed(piece, number * 0.3)
    assert len(reader.feed(READ_MODE, 1000.0)) == 1


@given(st.binary(max_size=80), st.integers(1, 9))
def test_the_split_does_not_change_what_is_found(noise: bytes, size: int) -> None:
    data = noise + READ_MODE + noise
    assert fed(data, size) == fed(data)


@given(st.one_of(NOISE, st.builds(bytes.__add__, st.just(gm65.REPLY_HEAD), NOISE)))
def test_a_reply_never_reaches_beyond_the_buffer(buffer: bytes) -> None:
    length = gm65.reply_length(buffer)
    assert length is None or length <= len(buffer)
