"""The stage: drawn into the frame where the bench can, asked of a person where it cannot, one change at a time."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import ClassVar

import pytest
from PIL import Image

from rigs.bench_file import load_bench
from rigs.bench_tables.instruments import LuxMeterTable
from rigs.bench_tables.stage import StageTable
from rigs.errors import OperatorDeclinedError, RigError
from rigs.instruments.lighting import TRIES, LampLight
from rigs.journal import Journal
from rigs.opening.instruments import open_lux_meter
from rigs.opening.opening import EmulationOptions, Opening
from rigs.opening.stage import open_stage
from rigs.operators.light import HandLight
from rigs.operators.scripted import ScriptedOperator, ScriptedQuestion
from rigs.operators.stage import OperatorStage
from rigs.operators.stage_drawings import SIZE
from rigs.optics.stage import RenderedStage
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.roles import Setting
from rigs.roles.stage import USUAL
from xiangka.unbound import unbound_roles

PLAIN = Stimulus((Symbol(b"8A3F" * 16 + b":1"),))
COLUMNS = 33


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal.jsonl") as journal:
        yield journal


def person(journal, *asks, answer="") -> ScriptedOperator:
    questions = [ScriptedQuestion(asks=pattern, answer=answer) for pattern in asks]
    return ScriptedOperator(questions, "script", journal, 5.0)


def test_a_drawn_stage_puts_the_setting_into_the_conditions():
    setting = Setting(distance_mm=70.0, brightness_percent=20.0, illuminance_lx=10_000.0, polariser_deg=90.0)
    conditions = RenderedStage().drawn(PLAIN, setting, 7).conditions
    assert (conditions.distance_mm, conditions.surface.brightness) == (70.0, 20.0)
    assert (conditions.light.ambient_lx, conditions.polariser_deg, conditions.sensor.seed) == (10_000.0, 90.0, 7)
    usual = RenderedStage().drawn(PLAIN, Setting(), 7).conditions
    assert (usual.surface.brightness, usual.polariser_deg) == (100.0, None)


SET_UP = "布置测试台"
NO_POLARISER = "取走终端前的偏振片"
ROOM = "the usual light of a room"
TYPED = "type what it reads"


@pytest.fixture
def staged():
    """Makes stages, and closes them."""
    with ExitStack() as open_stages:

        def stage(*arguments) -> OperatorStage:
            made = OperatorStage(*arguments)
            open_stages.callback(made.close)
            return made

        yield stage


class Meter:
    """Reads what it is told to, one value after the other."""

    uncertainty_percent = 8.0

    def __init__(self, *readings: float) -> None:
        self.readings = list(readings)

    def illuminance_lx(self) -> float:
        return self.readings.pop(0)

    def close(self) -> None:
        pass


def recorded(journal, tmp_path) -> list[dict]:
    journal.flush()
    return [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()]


def asked(journal, tmp_path) -> list[str]:
    return [record["en"] for record in recorded(journal, tmp_path) if record.get("what") == "asked"]


def test_a_person_is_asked_for_what_changes_and_for_nothing_else(journal, staged):
    operator = person(journal, SET_UP, ROOM, "70 mm", "80 mm", "亮度调到 20 %", "90°")
    stage = staged(operator, 0.1)
    first = stage.arrange(USUAL)
    assert first is not None
    assert first[0] <= first[1]
    assert stage.arrange(USUAL) is None
    assert stage.arrange(Setting(distance_mm=70.0)) is not None
    assert stage.arrange(Setting(distance_mm=70.0)) is None
    stage.arrange(Setting(distance_mm=80.0))
    stage.arrange(Setting(distance_mm=80.0, brightness_percent=20.0, polariser_deg=90.0))


def test_no_setting_of_an_earlier_row_shows_through(journal, tmp_path, staged):
    meter = Meter(10_000.0)
    operator = person(journal, SET_UP, ROOM, *[".*"] * 12)
    stage = staged(operator, 0.1, HandLight(operator, meter))
    stage.arrange(USUAL)
    stage.arrange(Setting(distance_mm=200.0))
    stage.arrange(Setting(brightness_percent=20.0, illuminance_lx=10_000.0, polariser_deg=90.0))
    told = asked(journal, tmp_path)
    assert "Move the phone to 90 mm" in " ".join(told[3:]), told
    before = len(told)
    stage.arrange(USUAL)
    put_back = " ".join(asked(journal, tmp_path)[before:])
    for words in ("brightness of the phone's screen to 100 %", "Take the polariser away", ROOM):
        assert words in put_back


def test_what_a_person_declined_is_asked_for_again(journal, tmp_path, staged):
    script = [("SET", ""), (ROOM, ""), ("20 %", ""), ("90°", "skip none here"), ("100 %", ""), ("polariser away", "")]
    questions = [ScriptedQuestion(asks=SET_UP if asks == "SET" else asks, answer=answer) for asks, answer in script]
    stage = staged(ScriptedOperator(questions, "script", journal, 5.0), 0.1)
    stage.arrange(USUAL)
    with pytest.raises(OperatorDeclinedError):
        stage.arrange(Setting(brightness_percent=20.0, polariser_deg=90.0))
    stage.arrange(USUAL)
    assert len(asked(journal, tmp_path)) == len(script)


def test_instruments_set_the_light_where_there_are_some(journal, staged):
    lamp = Lamp()
    stage = staged(person(journal, SET_UP), 0.1, LampLight(lamp, LitMeter(lamp)))
    stage.arrange(USUAL)
    assert LitMeter(lamp).illuminance_lx() == pytest.approx(500.0, rel=0.05)
    stage.arrange(Setting(illuminance_lx=10_000.0))
    assert LitMeter(lamp).illuminance_lx() == pytest.approx(10_000.0, rel=0.05)
    assert stage.arrange(USUAL) is None
    assert LitMeter(lamp).illuminance_lx() == pytest.approx(500.0, rel=0.05)


class Lamp:
    def __init__(self) -> None:
        self.percent = 0.0

    def set_level(self, percent: float) -> None:
        self.percent = percent


class LitMeter:
    def __init__(self, lamp: Lamp) -> None:
        self.lamp = lamp

    def illuminance_lx(self) -> float:
        return 20.0 + 150.0 * self.lamp.percent


def test_a_bench_with_lamp_and_meter_lights_its_stage_by_them(journal, tmp_path):
    lamp = Lamp()
    opening = Opening(journal, EmulationOptions(tmp_path), operator=person(journal, SET_UP, SET_UP, ROOM))
    table = StageTable(driver="operator", pixel_mm=0.1)
    with opening.closing:
        stage = open_stage(table, None, (lamp, LitMeter(lamp)), opening)
        stage.arrange(USUAL)
        assert stage.arrange(Setting(illuminance_lx=600.0)) is None
        assert LitMeter(lamp).illuminance_lx() == pytest.approx(600.0, rel=0.05)
        stage = open_stage(table, None, (lamp, None), opening)
        stage.arrange(USUAL)
        with pytest.raises(RigError, match="nothing on the bench measures the 600 lx"):
            stage.arrange(Setting(illuminance_lx=600.0))


def test_a_meter_makes_sure_of_the_light_that_a_person_sets(journal, tmp_path):
    meter = Meter(430.0, 510.0)
    operator = person(journal, "to 500 lx", "reads 430 lx, more than 5 %")
    assert HandLight(operator, meter).bring(500.0) is not None
    assert len(asked(journal, tmp_path)) == 2
    never = HandLight(person(journal, *["lx"] * TRIES), Meter(*[430.0] * TRIES))
    with pytest.raises(RigError, match="not within 5 % of 500 lx"):
        never.bring(500.0)


def test_the_reading_of_a_meter_in_a_hand_is_typed_and_recorded(journal, tmp_path):
    operator = person(journal, TYPED, answer=["bright", "512 lx"])
    opening = Opening(journal, EmulationOptions(tmp_path), operator=operator)
    table = LuxMeterTable(driver="operator", label="Sunlight L-1 no. 7")
    meter = open_lux_meter(table, None, opening)
    assert (meter.identity, meter.illuminance_lx()) == ("Sunlight L-1 no. 7", 512.0)
    answers = [record["typed"] for record in recorded(journal, tmp_path) if record.get("what") == "answered"]
    assert answers == ["512 lx"]


def test_a_meter_in_a_hand_has_a_name_and_no_wire():
    with pytest.raises(ValueError, match="needs `label`"):
        LuxMeterTable(driver="operator")
    with pytest.raises(ValueError, match="a person reads it"):
        LuxMeterTable(driver="operator", label="L-1", resource="USB::1::INSTR")


def test_rail_and_polariser_are_drawn_for_the_person(journal, tmp_path, staged):
    class Looking(ScriptedOperator):
        seen: ClassVar[list[bytes]] = []

        def _put(self, question):
            if question.picture is not None:
                with Image.open(question.picture) as picture:
                    assert picture.size == SIZE
                self.seen.append(question.picture.read_bytes())
            super()._put(question)

    stage = staged(Looking([ScriptedQuestion(asks=".", answer="", times=0)], "script", journal, 5.0), 0.1)
    stage.arrange(USUAL)
    for distance, angle in ((30.0, 0.0), (200.0, 90.0)):
        stage.arrange(Setting(distance_mm=distance, polariser_deg=angle))
    assert len(set(Looking.seen)) == len(Looking.seen) == 5
    drawn = [record["picture"] for record in recorded(journal, tmp_path) if "picture" in record]
    assert drawn == ["rail.png", "polariser.png", "rail.png", "polariser.png", "rail.png"]


def test_a_person_who_declines_leaves_the_row_open(journal, staged):
    stage = staged(person(journal, SET_UP, answer="skip no rail here"), 0.1)
    with pytest.raises(OperatorDeclinedError):
        stage.arrange(USUAL)


def test_a_code_on_a_display_comes_out_as_wide_as_asked(journal, staged):
    stage = staged(person(journal), 0.108)
    drawn = stage.drawn(PLAIN, Setting(code_mm=25.0), 1)
    assert drawn.conditions is None
    assert drawn.appearance.module_px * COLUMNS * 0.108 == pytest.approx(25.0, rel=0.03)


def test_a_display_too_coarse_for_the_code_is_the_benchs_fault(journal, staged):
    with pytest.raises(RigError, match="mm wide where 25 mm are wanted"):
        staged(person(journal), 0.5).drawn(PLAIN, Setting(code_mm=25.0), 1)


def test_a_display_too_fine_for_the_frame_is_the_benchs_fault_too(journal, staged):
    with pytest.raises(RigError, match="do not fit a frame"):
        staged(person(journal), 0.04).drawn(PLAIN, Setting(code_mm=25.0), 1)


ASKED = '[operator]\ndriver = "terminal"\n[stage]\ndriver = "operator"\npixel_mm = 0.1\n'


@pytest.mark.parametrize(
    ("presenter", "more", "unbound"), [("frame-port", "", False), ("screen", "", True), ("screen", ASKED, False)]
)
def test_only_a_bench_that_can_change_distance_and_light_binds_a_stage(presenter, more, unbound, tmp_path):
    text = (
        f'name = "desk"\n[presenter]\ndriver = "{presenter}"\n[scanner]\ndriver = "gm65"\nurl = "/dev/ttyACM0"\n'
        f'[platform]\ndriver = "hn-a"\n[platform.reference]\n{more}'
    )
    bench = tmp_path / "bench.toml"
    bench.write_text(text, encoding="utf-8")
    assert ("stage" in unbound_roles(load_bench(bench))) == unbound


@pytest.mark.parametrize(
    ("meter", "unbound"), [("", True), ('[lux_meter]\ndriver = "operator"\nlabel = "L-1"\n', False)]
)
def test_a_person_lights_a_stage_only_by_a_meter_that_is_named(meter, unbound, tmp_path):
    bench = tmp_path / "bench.toml"
    bench.write_text(
        'name = "desk"\n[presenter]\ndriver = "screen"\n[scanner]\ndriver = "gm65"\nurl = "/dev/ttyACM0"\n'
        f'[platform]\ndriver = "hn-a"\n[platform.reference]\n{ASKED}{meter}',
        encoding="utf-8",
    )
    assert ("lux_meter" in unbound_roles(load_bench(bench))) == unbound


def test_the_table_wants_the_size_of_a_pixel():
    with pytest.raises(ValueError, match="pixel_mm"):
        StageTable(driver="operator")
