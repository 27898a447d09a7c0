"""Lamp and lux meter: the drivers against emulators in processes of their own, and against simulated instruments."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from rigs.errors import RigError
from rigs.instruments.light_source import ScpiLightSource
from rigs.instruments.lighting import illuminate
from rigs.instruments.lux_meter import ScpiLuxMeter
from rigs.journal import Journal

ROOM_LX = 120.0


@contextmanager
def started(*arguments: str) -> Iterator[list[str]]:
    """An emulated instrument; gives the words it said when it was ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "xiangka", "emulate", *arguments, "--tethered"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process.stdout.readline().split()
        finally:
            process.stdin.close()
            assert process.wait(20) == 0


@dataclass
class Room:
    """A lamp and a meter in its beam."""

    lamp: ScpiLightSource
    meter: ScpiLuxMeter


@pytest.fixture(scope="module")
def places() -> Iterator[tuple[str, str]]:
    with started("light-source") as (lamp, beam), started("lux-meter", "--beam", beam) as (meter,):
        yield lamp, meter


@pytest.fixture
def journal() -> Iterator[Journal]:
    with Journal(None) as journal:
        yield journal


@pytest.fixture
def room(places: tuple[str, str], journal: Journal) -> Iterator[Room]:
    with ExitStack() as room:
        lamp = room.enter_context(closing(ScpiLightSource(places[0], journal, settle_s=0.3)))
        meter = room.enter_context(closing(ScpiLuxMeter(places[1], journal)))
        yield Room(lamp, meter)


def test_both_say_who_they_are(room: Room) -> None:
    assert room.lamp.identity == "XIANGKA,EMU-LAMP,0001,1.0"
    assert room.meter.identity == "XIANGKA,EMU-LUX,0001,1.0"


def test_the_meter_sees_the_lamp_through_its_beam(room: Room) -> None:
    room.lamp.set_level(0)
    assert room.meter.illuminance_lx() == pytest.approx(ROOM_LX, abs=5)
    room.lamp.set_level(50)
    assert room.lamp.level() == 50
    half = room.meter.illuminance_lx()
    assert half == pytest.approx(ROOM_LX + 6000, rel=0.02)
    room.lamp.set_level(100)
    assert room.meter.illuminance_lx() > 1.8 * half


def test_light_follows_its_level_by_and_by(places: tuple[str, str], journal: Journal, room: Room) -> None:
    room.lamp.close()
    deadline = time.monotonic() + 20
    while room.meter.illuminance_lx() > ROOM_LX + 10 and time.monotonic() < deadline:
        pass
    with closing(ScpiLightSource(places[0], journal, settle_s=0.001)) as hasty:
        hasty.set_level(100)
        rising = [room.meter.illuminance_lx()]
        while rising[-1] < 12_000 and time.monotonic() < deadline:
            rising.append(room.meter.illuminance_lx())
    assert len(set(rising)) > 2
    assert rising == sorted(rising)


@pytest.mark.parametrize("wanted_lx", [500.0, 10_000.0])
def test_a_bench_is_lit_as_wanted(room: Room, wanted_lx: float) -> None:
    assert illuminate(room.lamp, room.meter, wanted_lx) == pytest.approx(wanted_lx, rel=0.05)
    assert room.meter.illuminance_lx() == pytest.approx(wanted_lx, rel=0.06)


@pytest.mark.parametrize(("wanted_lx", "said"), [(50.0, "the room alone"), (50_000.0, "the lamp gives")])
def test_light_that_cannot_be_had_is_the_benchs_fault(room: Room, wanted_lx: float, said: str) -> None:
    with pytest.raises(RigError, match=said):
        illuminate(room.lamp, room.meter, wanted_lx)


def test_a_lamp_outside_the_sensors_view_is_told(room: Room, journal: Journal) -> None:
    with (
        started("lux-meter") as (elsewhere,),
        closing(ScpiLuxMeter(elsewhere, journal)) as blind,
        pytest.raises(RigError, match="the lamp gives"),
    ):
        illuminate(room.lamp, blind, 500)


def test_closing_leaves_the_bench_dark(places: tuple[str, str], journal: Journal) -> None:
    for level in (80, 0):
        with closing(ScpiLightSource(places[0], journal, settle_s=0.001)) as lamp:
            assert lamp.level() == 0
            lamp.set_level(level)


def test_a_level_out_of_range_is_the_instruments_complaint(room: Room) -> None:
    with pytest.raises(RigError, match="-222"):
        room.lamp.set_level(101)


def test_a_meter_whose_lamp_is_gone_stands_in_the_dark(journal: Journal) -> None:
    with ExitStack() as bench:
        with started("light-source") as (place, beam):
            (meter_place,) = bench.enter_context(started("lux-meter", "--beam", beam))
            meter = bench.enter_context(closing(ScpiLuxMeter(meter_place, journal)))
            with closing(ScpiLightSource(place, journal, settle_s=0.3)) as lamp:
                lamp.set_level(100)
                assert meter.illuminance_lx() > 1000
        deadline = time.monotonic() + 20
        while meter.illuminance_lx() > ROOM_LX and time.monotonic() < deadline:
            time.sleep(0.02)
        assert meter.illuminance_lx() == ROOM_LX


SIMULATED = """
spec: "1.1"
devices:
  meter:
    eom:
      TCPIP SOCKET: {q: "\\n", r: "\\n"}
    error: '-113,"Undefined header"'
    dialogues:
      - {q: "*IDN?", r: "ACME,LX-1,77,2.0"}
      - {q: "*CLS"}
      - {q: "SYST:ERR?", r: '+0,"No error"'}
      - {q: "FETC:LUX?", r: "@reading@"}
  lamp:
    eom:
      TCPIP SOCKET: {q: "\\n", r: "\\n"}
    error: '-113,"Undefined header"'
    dialogues:
      - {q: "*IDN?", r: "ACME,LED-9,78,1.1"}
      - {q: "*CLS"}
      - {q: "SYST:ERR?", r: '+0,"No error"'}
      - {q: "STUCK 42.50"}
      - {q: "STUCK?", r: "7.00"}
    properties:
      dimmer:
        default: 0.0
        getter: {q: "DIM?", r: "{:.2f}"}
        setter: {q: "DIM {:.2f}"}
        specs: {min: 0, max: 100, type: float}
resources:
  TCPIP::meter.test::5025::SOCKET: {device: meter}
  TCPIP::lamp.test::5025::SOCKET: {device: lamp}
"""


@pytest.fixture
def simulated(tmp_path: Path):
    """A VISA library of simulated instruments, whose meter reads what the test says."""

    def library(reading: str = "501.5") -> str:
        path = tmp_path / f"instruments-{reading}.yaml"
        path.write_text(SIMULATED.replace("@reading@", reading))
        return f"{path}@sim"

    return library


def test_a_meter_of_another_maker_is_asked_its_own_way(simulated, journal: Journal) -> None:
    with closing(
        ScpiLuxMeter("TCPIP::meter.test::5025::SOCKET", journal, query="FETC:LUX?", library=simulated())
    ) as meter:
        assert meter.identity == "ACME,LX-1,77,2.0"
        assert meter.illuminance_lx() == 501.5


@pytest.mark.parametrize("reading", ["-3.0", "9.9E+37", "1e6", "dark"])
def test_readings_that_cannot_be_are_the_meters_fault(simulated, journal: Journal, reading: str) -> None:
    with (
        closing(
            ScpiLuxMeter("TCPIP::meter.test::5025::SOCKET", journal, query="FETC:LUX?", library=simulated(reading))
        ) as meter,
        pytest.raises(RigError, match="lux_meter"),
    ):
        meter.illuminance_lx()


def test_a_lamp_of_another_maker_takes_its_own_command(simulated, journal: Journal) -> None:
    with closing(
        ScpiLightSource("TCPIP::lamp.test::5025::SOCKET", journal, command="DIM", settle_s=0.001, library=simulated())
    ) as lamp:
        lamp.set_level(42.5)
        assert lamp.level() == 42.5


def test_a_lamp_that_does_not_take_its_level_is_told(simulated, journal: Journal) -> None:
    with (
        closing(
            ScpiLightSource(
                "TCPIP::lamp.test::5025::SOCKET", journal, command="STUCK", settle_s=0.001, library=simulated()
            )
        ) as lamp,
        pytest.raises(RigError, match=r"set to 42\.5 % and says that it is at 7 %"),
    ):
        lamp.set_level(42.5)
