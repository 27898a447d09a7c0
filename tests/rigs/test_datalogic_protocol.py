"""Datalogic single bytes: which mean something, and that all others mean nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rigs.protocols.datalogic import Command, commands


def test_the_bytes_are_those_of_the_guides() -> None:
    assert {command.value for command in Command} == {b"E", b"D", b"R", b"B", b"\x01", b"F", b"T", b"X"}


@given(st.binary())
def test_every_byte_is_a_command_or_nothing(data: bytes) -> None:
    meant = b"EDRB\x01FTX"
    assert b"".join(command.value for command in commands(data)) == bytes(byte for byte in data if byte in meant)
