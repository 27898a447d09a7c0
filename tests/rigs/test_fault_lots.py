"""The pure part of the fault proxy: lots, turns, delays, the line."""

from __future__ import annotations

from collections import Counter
from itertools import count, pairwise
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigs.errors import BenchFileError
from rigs.fault_proxy.faults import Faults
from rigs.fault_proxy.lots import RESETS, Fate, Lot, lot
from rigs.fault_proxy.pacing import Delays, Line
from rigs.fault_proxy.turns import Turns

DRAWN = 20_000


def near(found: int, share: float, of: int = DRAWN) -> bool:
    """Within five standard deviations."""
    return abs(found - share * of) <= 5 * sqrt(of * share * (1 - share))


def test_the_shares_are_those_of_requests_and_every_moment_of_a_reset_is_as_frequent() -> None:
    faults = Faults(reset=0.05, black_hole=0.02, truncate=0.1, seed=7)
    found = Counter(lot(faults, number).fate for number in range(DRAWN))
    assert near(sum(found[fate] for fate in RESETS), 0.05)
    assert near(found[Fate.BLACK_HOLE], 0.02)
    assert near(found[Fate.TRUNCATED], 0.1)
    assert all(near(found[fate], 0.05 / 4) for fate in RESETS)


def test_a_lot_depends_on_seed_and_number_alone() -> None:
    faults = Faults(reset=0.3, truncate=0.3, seed=11)
    drawn = [lot(faults, number) for number in range(500)]
    assert [lot(faults, number) for number in reversed(range(500))] == drawn[::-1]
    assert [lot(Faults(reset=0.3, truncate=0.3, seed=12), number) for number in range(500)] != drawn
    # Other faults beside do not move what was drawn for this one.
    slower = Faults(reset=0.3, truncate=0.3, latency_ms=50, seed=11)
    assert [lot(slower, number) for number in range(500)] == drawn


def test_nothing_is_drawn_where_nothing_is_asked_for_and_everything_where_all_is() -> None:
    assert {lot(Faults(), number).fate for number in range(1000)} == {Fate.PASSED}
    assert {lot(Faults(black_hole=1), number).fate for number in range(1000)} == {Fate.BLACK_HOLE}


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 100_000))
def test_a_cut_leaves_a_part_and_never_all(cut: float, size: int) -> None:
    kept = Lot(Fate.RESET_IN_ANSWER, cut).kept(size)
    assert kept < size
    assert kept > 0 or size == 1


@given(st.lists(st.sampled_from("cs")))
def test_a_request_begins_where_the_client_speaks_first_or_after_the_server(who: list[str]) -> None:
    turns = Turns()
    begun = sum(turns.from_client() if one == "c" else turns.from_server() and False for one in who)
    spoken = "".join(who)
    assert begun == spoken.count("sc") + spoken.startswith("c")


@pytest.mark.parametrize("shape", ["uniform", "normal"])
def test_delays_spread_as_told_and_never_overtake(shape) -> None:
    faults = Faults(latency_ms=50, jitter_ms=20, shape=shape, seed=3)
    apart = [Delays(faults, number, "up").due_s(0.0) * 1000 for number in range(4000)]
    deviation = 20 / sqrt(3) if shape == "uniform" else 20
    mean = sum(apart) / len(apart)
    assert abs(mean - 50) < 5 * deviation / sqrt(len(apart))
    assert 0.9 < sqrt(sum((one - mean) ** 2 for one in apart) / len(apart)) / deviation < 1.1
    assert min(apart) >= 0
    assert (min(apart) >= 30 and max(apart) <= 70) == (shape == "uniform")
    one_line = Delays(faults, 1, "up")
    assert all(before <= after for before, after in pairwise(one_line.due_s(n / 1000) for n in range(200)))
    again = Delays(faults, 1, "up")
    assert [again.due_s(0), again.due_s(9)] == [(other := Delays(faults, 1, "up")).due_s(0), other.due_s(9)]
    assert Delays(faults, 1, "down").due_s(0) != Delays(faults, 1, "up").due_s(0)


@given(st.integers(1, 10_000), st.lists(st.integers(1, 5000), min_size=1, max_size=20))
def test_a_line_is_never_faster_than_its_bandwidth(bandwidth: int, sizes: list[int]) -> None:
    line, through, now = Line(bandwidth, None), 0.0, 0.0
    for size in sizes:
        through = line.through_s(now, size)
        now += 0.001
    assert through >= sum(sizes) / bandwidth * (1 - 1e-9)
    assert Line(None, None).through_s(4.0, 10**9) == 4.0


@given(st.binary(max_size=3000), st.one_of(st.none(), st.integers(1, 64)), st.one_of(st.none(), st.integers(1, 5000)))
def test_pieces_are_the_whole_and_none_longer_than_told(data: bytes, slice_bytes: int, bandwidth: int) -> None:
    pieces = list(Line(bandwidth, slice_bytes).pieces(data))
    assert b"".join(pieces) == data
    assert all(0 < len(piece) <= (slice_bytes or len(data)) for piece in pieces)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"reset": 1.2}, "--reset"),
        ({"reset": -0.1}, "--reset"),
        ({"reset": 0.6, "truncate": 0.6}, "--truncate"),
        ({"latency_ms": -1}, "--latency"),
        ({"latency_ms": float("nan")}, "--latency"),
        ({"slow_close_ms": 1e12}, "--slow-close"),
        ({"bandwidth": 0}, "--bandwidth"),
        ({"slice_bytes": 0}, "--slice"),
    ],
)
def test_numbers_that_mean_nothing_are_refused(wrong: dict[str, float], where: str) -> None:
    with pytest.raises(BenchFileError, match=where):
        Faults(**wrong)


def test_a_reset_can_befall_any_request_of_a_keep_alive_connection() -> None:
    faults = Faults(reset=0.05, seed=1)
    first = next(number for number in count(1) if lot(faults, number).fate is not Fate.PASSED)
    assert first > 1
