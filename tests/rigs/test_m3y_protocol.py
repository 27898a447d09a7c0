"""The M3Y codec against the byte traces of public hosts, every split and any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigs.protocols import m3y
from rigs.protocols.m3y import Body, CommandReader

VERSION = m3y.command(Body.VERSION)


@pytest.mark.parametrize(
    ("made", "hexed"),
    [
        (m3y.ACKNOWLEDGE, "5a 01 00 02 90 00 93 a5"),
        (m3y.REFUSAL, "5a 01 00 02 6a 89 e0 a5"),
        (VERSION, "5a 00 00 0a 54 5f 4f 55 54 5f 43 56 45 52 12 a5"),
        (m3y.command(Body.START), "5a 00 00 08 53 52 30 33 30 33 30 31 08 a5"),
        (m3y.command(Body.STOP), "5a 00 00 08 53 52 30 33 30 33 30 30 09 a5"),
    ],
)
def test_frames_are_those_of_the_traces(made: bytes, hexed: str) -> None:
    assert made.hex(" ") == hexed


def test_numbers_have_four_digits_but_line_rates() -> None:
    assert m3y.body_of(m3y.command(Body.READ_TIMEOUT, 50)) == b"S_CMD_MTRS0050"
    assert m3y.body_of(m3y.command(Body.BAUD, 57600)) == b"S_CMD_H3BR57600"
    assert m3y.numbered(b"S_CMD_MARI0100") == (Body.SAME_CODE_DELAY, 100)
    assert m3y.numbered(b"S_CMD_MARI") is None


@pytest.mark.parametrize("size", range(1, 20))
def test_commands_are_found_in_any_pieces(size: int) -> None:
    data = b"\xff\x00" + VERSION + m3y.command(Body.STOP) + VERSION
    reader = CommandReader()
    found = [body for start in range(0, len(data), size) for body in reader.feed(data[start : start + size], 1.0)]
    assert found == [Body.VERSION.encode(), Body.STOP.encode(), Body.VERSION.encode()]


@pytest.mark.parametrize("place", [0, 1, 2, 3, 7, len(VERSION) - 2, len(VERSION) - 1])
def test_a_damaged_frame_is_dropped_and_the_next_found(place: int) -> None:
    damaged = bytearray(VERSION)
    damaged[place] ^= 0x01
    reader = CommandReader()
    assert reader.feed(bytes(damaged), 1.0) == []
    assert reader.feed(VERSION, 1.0 + m3y.STALL_S + 0.1) == [Body.VERSION.encode()]


def test_half_a_frame_is_forgotten_after_a_stall() -> None:
    reader = CommandReader()
    assert reader.feed(VERSION[:6], 1.0) == []
    assert reader.feed(VERSION, 1.1 + m3y.STALL_S) == [Body.VERSION.encode()]


def test_a_reply_is_told_from_a_delivery() -> None:
    assert m3y.reply_length(m3y.ACKNOWLEDGE + b"8A3F") == len(m3y.ACKNOWLEDGE)
    assert m3y.reply_length(m3y.ACKNOWLEDGE[:5]) == 0
    assert m3y.reply_length(b"Z") == 0
    assert m3y.reply_length(b"ZA3F:1\r") is None
    assert m3y.reply_length(VERSION) is None


@given(st.binary(max_size=600), st.integers(1, 7))
def test_any_bytes_can_be_received(data: bytes, size: int) -> None:
    reader = CommandReader()
    for number, start in enumerate(range(0, len(data), size)):
        reader.feed(data[start : start + size], 1.0 + number / 100)
    m3y.reply_length(data)
    m3y.numbered(data)


@given(st.binary(max_size=m3y.LONGEST_BODY))
def test_what_is_framed_is_found(body: bytes) -> None:
    assert CommandReader().feed(m3y.frame(m3y.TO_ENGINE, body), 1.0) == [body]
    reply = m3y.reply(body)
    assert m3y.reply_length(reply) == len(reply)
    assert m3y.body_of(reply) == body
