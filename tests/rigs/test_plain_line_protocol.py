"""The plain line's codec against every ending, every split and anything else a line may carry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigs.protocols.plain_line import Ending, LineReader

GAP = 50
SCRAPS = (b"8A3F", b"\r", b"\n", b"\r\n", b"\t", b"\n\r", b"\x00")
STREAM = st.lists(st.one_of(st.binary(max_size=24), st.sampled_from(SCRAPS)), max_size=12)
ended = pytest.mark.parametrize("ending", [Ending.CR, Ending.LF, Ending.CRLF, Ending.TAB])


def fed(ending: Ending, data: bytes, size: int) -> list[bytes]:
    reader = LineReader(ending, GAP)
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    return [line.content for number, piece in enumerate(pieces) for line in reader.feed(piece, number)]


@ended
@pytest.mark.parametrize("size", range(1, 12))
def test_contents_are_cut_at_the_ending_whatever_the_pieces(ending: Ending, size: int) -> None:
    data = ending.value.join((b"8A3F:1", b"", b"77B0:1", b"half"))
    assert fed(ending, data, size) == [b"8A3F:1", b"", b"77B0:1"]


def test_half_an_ending_ends_nothing() -> None:
    reader = LineReader(Ending.CRLF, GAP)
    assert reader.feed(b"8A3F\r", 0) == []
    assert reader.feed(b"\r77\n", 1) == []
    (line,) = reader.feed(b"\r\n", 2)
    assert (line.content, line.raw, line.first_ns, line.last_ns) == (b"8A3F\r\r77\n", b"8A3F\r\r77\n\r\n", 0, 2)


def test_times_are_those_of_each_contents_own_bytes() -> None:
    reader = LineReader(Ending.CR, GAP)
    reader.feed(b"8A", 10)
    first, second = reader.feed(b"3F\r77\rB0", 20)
    assert (first.first_ns, first.last_ns) == (10, 20)
    assert (second.first_ns, second.last_ns) == (20, 20)
    (third,) = reader.feed(b"\r", 30)
    assert (third.content, third.first_ns, third.last_ns) == (b"B0", 20, 30)


def test_a_pause_ends_a_content_where_nothing_else_does() -> None:
    reader = LineReader(Ending.NONE, GAP)
    assert reader.feed(b"8A", 100) == []
    assert reader.feed(b"3F\r", 100 + GAP - 1) == []
    assert reader.quiet(100 + 2 * GAP - 2) == []
    (line,) = reader.quiet(100 + 2 * GAP - 1)
    assert (line.content, line.raw, line.first_ns, line.last_ns) == (b"8A3F\r", b"8A3F\r", 100, 100 + GAP - 1)
    assert reader.quiet(10_000) == []


def test_two_contents_that_a_busy_host_takes_late_stay_apart() -> None:
    reader = LineReader(Ending.NONE, GAP)
    reader.feed(b"8A3F", 0)
    assert [line.content for line in reader.feed(b"77B0", GAP)] == [b"8A3F"]
    assert reader.begun == b"77B0"


@ended
def test_a_pause_ends_nothing_that_has_an_ending(ending: Ending) -> None:
    reader = LineReader(ending, GAP)
    reader.feed(b"8A3F", 0)
    assert reader.quiet(10 * GAP) == []
    assert reader.take() == b"8A3F"
    assert reader.begun == b""


@given(st.sampled_from(list(Ending)), STREAM)
def test_no_byte_is_lost_and_none_is_invented(ending: Ending, pieces: list[bytes]) -> None:
    reader = LineReader(ending, GAP)
    lines = [line for number, piece in enumerate(pieces) for line in reader.feed(piece, number * 30)]
    assert b"".join(line.raw for line in lines) + reader.begun == b"".join(pieces)
    assert all(line.raw == line.content + ending.value for line in lines)
    assert all(line.first_ns <= line.last_ns for line in lines)


@given(st.sampled_from([Ending.CR, Ending.LF, Ending.CRLF, Ending.TAB]), STREAM, st.integers(1, 9))
def test_the_split_does_not_change_what_is_found(ending: Ending, pieces: list[bytes], size: int) -> None:
    data = b"".join(pieces)
    assert fed(ending, data, size) == fed(ending, data, max(1, len(data)))
