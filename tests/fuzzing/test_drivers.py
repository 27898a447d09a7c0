"""No driver raises on any bytes, and none cares how deliveries and replies were cut into pieces."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rigs.journal import Journal
from rigs.serial_line import Chunk
from tests.fuzzing.codecs import EXAMPLES
from tests.rigs.dialogues import DEVICE, PROTOCOLS, Dialogue, driver

ON_A_LINE = sorted(set(PROTOCOLS) - {"hid-pos"})
quickly = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


class Line:
    """A line in memory: answers a dialogue's turns while a driver sets up, and then what it is given."""

    channel = "scanner"
    url = "memory"
    baud = 115200

    def __init__(self, answers: Sequence[bytes]) -> None:
        self.journal = Journal(None)
        self._answers = deque(answers)
        self._chunks: deque[Chunk] = deque()

    def give(self, pieces: Sequence[bytes]) -> None:
        now = time.monotonic_ns()
        self._chunks.extend(Chunk(piece, now) for piece in pieces if piece)

    def write(self, data: bytes) -> int:
        if self._answers:
            self.give([self._answers.popleft()])
        return 0

    def read(self, timeout_s: float) -> Chunk | None:
        return self._chunks.popleft() if self._chunks else None

    def record(self, data: bytes, t_ns: int) -> int:
        return 0

    def make_sure_it_is_there(self) -> None:
        pass


def delivered(dialogue: Dialogue, pieces: Sequence[bytes]) -> list[bytes]:
    """What a driver that has been set up makes of bytes from the device."""
    line = Line([turn.data for turn in dialogue.turns[: dialogue.set_up] if turn.side == DEVICE])
    scanner = driver(dialogue.protocol, line)
    line.give(pieces)
    found = []
    while (delivery := scanner.delivery(0)) is not None:
        found.append(delivery.data)
    return found


@pytest.mark.parametrize("protocol", ON_A_LINE)
def test_deliveries_do_not_depend_on_how_the_bytes_were_cut(dialogues: Mapping[str, Dialogue], protocol: str) -> None:
    dialogue = dialogues[protocol]
    said = [turn.data for turn in dialogue.turns if turn.side == DEVICE]
    part = st.sampled_from([*said, *EXAMPLES.get(protocol, []), b"\r", b"8A3F\r"]) | st.binary(max_size=6)

    @quickly
    @given(st.lists(part, max_size=8).map(b"".join), st.lists(st.integers(0, 400), max_size=8))
    def give(data: bytes, cuts: list[int]) -> None:
        ends = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
        pieces = [data[start:end] for start, end in pairwise(ends)]
        assert delivered(dialogue, pieces) == delivered(dialogue, [data])

    give()
