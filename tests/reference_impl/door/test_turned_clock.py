"""A clock that is turned turns for every worker, for everything, and for good."""

import pytest

from reference_impl.door.opening import CLOCK_FILE, clock_of
from reference_impl.door.options import PlatformOptions
from reference_impl.door.turned_clock import MAX_ADVANCE_S, TurnedClock
from reference_impl.errors import PlatformError


@pytest.fixture
def database():
    return "sqlite"


def test_all_who_share_the_file_share_the_time(tmp_path):
    first, second = (TurnedClock(tmp_path / "clock", lambda: 1000.0) for _ in range(2))
    first.advance(61.5)
    assert (first(), second()) == (1061.5, 1061.5)
    assert TurnedClock(tmp_path / "clock", lambda: 2000.0)() == 2061.5


@pytest.mark.parametrize("seconds", [-0.001, MAX_ADVANCE_S + 1, float("nan")])
def test_it_goes_neither_back_nor_beyond(tmp_path, seconds):
    clock = TurnedClock(tmp_path / "clock", lambda: 0.0)
    with pytest.raises(ValueError, match=r"range|NaN"):
        clock.advance(seconds)
    assert clock() == 0.0


def test_it_ends_somewhere(tmp_path):
    clock = TurnedClock(tmp_path / "clock", lambda: 0.0)
    for _ in range(10):
        clock.advance(MAX_ADVANCE_S)
    with pytest.raises(ValueError, match="range"):
        clock.advance(1)


def test_a_file_that_cannot_be(tmp_path):
    with pytest.raises(PlatformError, match="test clock cannot be kept"):
        TurnedClock(tmp_path / "no folder" / "clock", lambda: 0.0)


def test_data_that_met_a_turned_clock_keep_it(tmp_path):
    plain = PlatformOptions(tmp_path)
    assert not isinstance(clock_of(plain), TurnedClock)
    TurnedClock(tmp_path / CLOCK_FILE, lambda: 0.0).advance(1)
    assert isinstance(clock_of(plain), TurnedClock)


@pytest.fixture
def turned(open_bench, make_api, tmp_path):
    clock = TurnedClock(tmp_path / "clock", lambda: 1_800_000_000.0)
    bench = open_bench()
    bench.platform.clock = bench.platform.gateway.clock = clock
    bench.now_ms = lambda: int(clock() * 1000)
    return make_api(bench, test_clock=clock)


def test_an_administrator_turns_everything(turned):
    bench = turned.bench
    code = bench.dynamic(bench.register())
    before = turned.ask("GET", "/test/clock").json()["now_ms"]
    after = turned.ask("POST", "/test/clock", {"advance_s": 61}).json()["now_ms"]
    assert after - before == 61_000
    assert bench.verify(code).code == "405"
    assert [r["detail"] for r in turned.audited() if r["op"] == "api.clock.turn"] == [{"s": "61.0"}]


def test_nobody_else_does(turned):
    assert turned.ask("POST", "/test/clock", {"advance_s": 1}, by="auditor").status_code == 403
    assert turned.ask("POST", "/test/clock", {"advance_s": -1}).status_code == 422


def test_a_clock_that_was_not_to_turn_does_not(api):
    assert api.ask("POST", "/test/clock", {"advance_s": 1}).status_code == 404
