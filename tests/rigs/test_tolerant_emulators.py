"""Emulated scanners take what real hosts do: writes in any pieces or glued, acknowledgements nobody asked for."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rigs.emulators.behaviour import Behaviour
from rigs.emulators.hardware import Hardware
from rigs.emulators.looker import Looker
from rigs.emulators.scanner import EMULATORS
from rigs.protocols import ssi, ssi_messages
from tests.rigs.dialogues import HOST, PROTOCOLS, Dialogue

every = pytest.mark.parametrize("protocol", PROTOCOLS)
quickly = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
COMMANDS = (
    ssi.REVISION,
    ssi_messages.param_send({ssi.Parameter.PACKETS: 1, ssi.Parameter.BEEPER_VOLUME: 2}),
    ssi_messages.param_request([ssi.Parameter.BEEPER_VOLUME]),
    ssi.STOP,
)


class Line:
    """A port that keeps what the device sends, and carries everything at once."""

    baud = 115200
    url = "kept"

    def __init__(self) -> None:
        self.sent = b""

    def read(self, timeout_s: float) -> bytes:
        return b""

    def send(self, data: bytes) -> None:
        self.sent += data

    def change_baud(self, rate: int) -> None:
        self.baud = rate

    def when_sent(self, action: Callable[[], None]) -> None:
        action()

    def power(self, on: bool) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def camera() -> Iterator[str]:
    """An address at which nothing is ever shown."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        yield f"http://127.0.0.1:{nobody.getsockname()[1]}/frame"


def answers(protocol: str, camera: str, writes: Sequence[bytes]) -> bytes:
    """What a fresh device says to a host that writes in these pieces."""
    line = Line()
    emulator = EMULATORS[protocol](Hardware(line, Looker(camera), Behaviour()))
    try:
        for piece in writes:
            emulator.receive(piece)
        return line.sent
    finally:
        emulator.close()


@every
def test_writes_may_come_in_any_pieces(dialogues: Mapping[str, Dialogue], camera: str, protocol: str) -> None:
    said = [turn.data for turn in dialogues[protocol].turns if turn.side == HOST]
    stream = b"".join(said)
    as_recorded = answers(protocol, camera, said)
    assert answers(protocol, camera, [stream]) == as_recorded, "all glued together"
    assert answers(protocol, camera, [bytes((byte,)) for byte in stream]) == as_recorded, "a byte at a time"

    @quickly
    @given(st.lists(st.integers(0, max(len(stream), 1)), max_size=8))
    def cut(places: list[int]) -> None:
        ends = [0, *sorted(places), len(stream)]
        pieces = [stream[start:end] for start, end in pairwise(ends)]
        assert answers(protocol, camera, pieces) == as_recorded

    cut()


def test_acknowledgements_nobody_waits_for_change_nothing(camera: str) -> None:
    commands = [command.encode() for command in COMMANDS]
    as_asked = answers("ssi", camera, commands)
    assert as_asked.count(ssi.DECODER_ACK.encode()) == 2

    @quickly
    @given(st.lists(st.integers(0, 3), min_size=len(commands) + 1, max_size=len(commands) + 1), st.booleans())
    def acknowledge(times: list[int], glued: bool) -> None:
        writes = [ssi.ACK.encode() * times[0]]
        for command, number in zip(commands, times[1:], strict=True):
            writes += [command, ssi.ACK.encode() * number]
        assert answers("ssi", camera, [b"".join(writes)] if glued else writes) == as_asked

    acknowledge()
