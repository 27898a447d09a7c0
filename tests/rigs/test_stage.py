"""The stage: drawn into the frame where the bench can, asked of a person where it cannot, one change at a time."""

from __future__ import annotations

import pytest

from rigs.bench_file import load_bench
from rigs.bench_tables.stage import StageTable
from rigs.errors import OperatorDeclinedError, RigError
from rigs.journal import Journal
from rigs.opening.opening import EmulationOptions, Opening
from rigs.opening.stage import open_stage
from rigs.operators.scripted import ScriptedOperator, ScriptedQuestion
from rigs.operators.stage import OperatorStage
from rigs.optics.stage import RenderedStage
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.roles import Setting
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


def test_a_person_is_asked_for_what_changes_and_for_nothing_else(journal):
    operator = person(journal, "70 mm", "80 mm", "亮度调到 20 %", "90°")
    stage = OperatorStage(operator, 0.1, illuminate=lambda lux: None)
    first = stage.arrange(Setting(distance_mm=70.0))
    assert first is not None
    assert first[0] <= first[1]
    assert stage.arrange(Setting(distance_mm=70.0)) is None
    stage.arrange(Setting(distance_mm=80.0))
    stage.arrange(Setting(distance_mm=80.0, brightness_percent=20.0, polariser_deg=90.0))


def test_instruments_set_the_light_where_there_are_some(journal):
    lit = []
    stage = OperatorStage(person(journal), 0.1, illuminate=lit.append)
    stage.arrange(Setting(illuminance_lx=500.0))
    stage.arrange(Setting(illuminance_lx=500.0))
    stage.arrange(Setting(illuminance_lx=10_000.0))
    assert lit == [500.0, 10_000.0]


class Lamp:
    def __init__(self) -> None:
        self.percent = 0.0

    def set_level(self, percent: float) -> None:
        self.percent = percent


class Meter:
    def __init__(self, lamp: Lamp) -> None:
        self.lamp = lamp

    def illuminance_lx(self) -> float:
        return 20.0 + 150.0 * self.lamp.percent


def test_a_bench_with_lamp_and_meter_lights_its_stage_by_them(journal, tmp_path):
    lamp = Lamp()
    opening = Opening(journal, EmulationOptions(tmp_path), operator=person(journal))
    table = StageTable(driver="operator", pixel_mm=0.1)
    with opening.closing:
        stage = open_stage(table, None, (lamp, Meter(lamp)), opening)
        assert stage.arrange(Setting(illuminance_lx=500.0)) is None
        assert Meter(lamp).illuminance_lx() == pytest.approx(500.0, rel=0.05)
        stage = open_stage(table, None, (lamp, None), opening)
        with pytest.raises(RigError, match="not in the script"):
            stage.arrange(Setting(illuminance_lx=500.0))


def test_without_instruments_the_person_sets_the_light_too(journal):
    stage = OperatorStage(person(journal, "500 lx"), 0.1)
    assert stage.arrange(Setting(illuminance_lx=500.0)) is not None


def test_a_person_who_declines_leaves_the_row_open(journal):
    stage = OperatorStage(person(journal, "70 mm", answer="skip no rail here"), 0.1)
    with pytest.raises(OperatorDeclinedError):
        stage.arrange(Setting(distance_mm=70.0))


def test_a_code_on_a_display_comes_out_as_wide_as_asked(journal):
    stage = OperatorStage(person(journal), 0.108)
    drawn = stage.drawn(PLAIN, Setting(code_mm=25.0), 1)
    assert drawn.conditions is None
    assert drawn.appearance.module_px * COLUMNS * 0.108 == pytest.approx(25.0, rel=0.03)


def test_a_display_too_coarse_for_the_code_is_the_benchs_fault(journal):
    with pytest.raises(RigError, match="mm wide where 25 mm are wanted"):
        OperatorStage(person(journal), 0.5).drawn(PLAIN, Setting(code_mm=25.0), 1)


def test_a_display_too_fine_for_the_frame_is_the_benchs_fault_too(journal):
    with pytest.raises(RigError, match="do not fit a frame"):
        OperatorStage(person(journal), 0.04).drawn(PLAIN, Setting(code_mm=25.0), 1)


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


def test_the_table_wants_the_size_of_a_pixel():
    with pytest.raises(ValueError, match="pixel_mm"):
        StageTable(driver="operator")
