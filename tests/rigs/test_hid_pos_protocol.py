"""HID-POS reports against a public capture of a Voyager, and any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigs.protocols import hid_pos
from rigs.protocols.hid_pos import ANSWER_STATUS, QR, CommandReader, MessageReader

CAPTURED = bytes((2, 8, 93, 90, 54)) + b"REVINF\x06." + bytes(48) + bytes((54, 0, 0))
"""The last report of an answer to ``REVINF.``."""
CARD = b"8A3F" * 16 + b":1"


def test_an_answer_is_that_of_the_capture() -> None:
    assert hid_pos.scanned_data(ANSWER_STATUS, b"REVINF\x06.") == CAPTURED
    (message,) = MessageReader().feed(CAPTURED)
    assert (message.identifier, message.data, message.reports) == (ANSWER_STATUS, b"REVINF\x06.", CAPTURED)


def test_a_long_content_goes_on_in_the_next_report() -> None:
    reports = hid_pos.scanned_data(QR, CARD)
    assert len(reports) == 2 * hid_pos.REPORT_BYTES
    assert reports[:6] == b"\x02\x38]Q1" + CARD[:1]
    assert (reports[63], reports[64], reports[65], reports[127]) == (1, 2, len(CARD) - 56, 0)


@pytest.mark.parametrize("length", [0, 1, 55, 56, 57, 112, 113, 4296])
@pytest.mark.parametrize("size", [1, 63, 64, 65, 5000])
def test_contents_arrive_whole_in_any_pieces(length: int, size: int) -> None:
    content = bytes(0x20 + n % 0x5F for n in range(length))
    data = hid_pos.scanned_data(QR, content) + CAPTURED
    reader = MessageReader()
    found = [m for start in range(0, len(data), size) for m in reader.feed(data[start : start + size])]
    assert [m.data for m in found] == [content, b"REVINF\x06."]
    assert b"".join(m.reports for m in found) == data
    assert reader.begun == b""


def test_a_report_of_another_id_ends_what_it_interrupts() -> None:
    first, second = hid_pos.scanned_data(QR, CARD)[:64], hid_pos.scanned_data(QR, CARD)[64:]
    reader = MessageReader()
    assert reader.feed(first) == []
    assert reader.begun == first
    assert [m.data for m in reader.feed(bytes(64) + second)] == [CARD[56:]]


def test_a_command_has_its_length_in_front_and_zeros_behind() -> None:
    assert hid_pos.command_reports(b"\x16T\r") == b"\xfd\x03\x16T\r" + bytes(59)


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("size", [1, 2, 5, 64, 200])
def test_commands_are_found_padded_or_not(padded: bool, size: int) -> None:
    data = hid_pos.command_reports(b"\x16T\r") + hid_pos.command_reports(b"\x16M\rREVINF.")
    data = data if padded else b"\xfd\x03\x16T\r\xfd\x0a\x16M\rREVINF."
    reader = CommandReader()
    found = b"".join(reader.feed(data[start : start + size]) for start in range(0, len(data), size))
    assert found == b"\x16T\r\x16M\rREVINF."


@given(st.binary(max_size=400), st.integers(1, 70))
def test_any_bytes_can_be_received(data: bytes, size: int) -> None:
    messages, commands = MessageReader(), CommandReader()
    for start in range(0, len(data), size):
        messages.feed(data[start : start + size])
        commands.feed(data[start : start + size])


@given(st.binary(min_size=1, max_size=200))
def test_what_is_sent_as_a_command_is_found(command: bytes) -> None:
    assert CommandReader().feed(hid_pos.command_reports(command)) == command
