"""The relative stimulus grade, on symbols known to be good and on symbols spoilt in one way."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from rigs.optics.conditions import Conditions, Light, Paper, Screen
from rigs.optics.grading import grade
from rigs.optics.qr_layout import qr_layout
from rigs.optics.sampling_grid import sampled
from rigs.optics.stimulus import Appearance, Damage, Pose, Stimulus, Symbol, SymbolKind, colour_from_hex
from rigs.optics.symbols import draw_modules

CODE = Symbol(b"8A3F" * 16 + b":1")
FRAME, LABORATORY = Stimulus((CODE,)), Stimulus((CODE,), conditions=Conditions(distance_mm=83.0))


def grades(stimulus, **options) -> dict[str, str]:
    return {p.name: "FDCBA"[p.grade] for p in grade(stimulus, **options).parameters}


def values(stimulus) -> dict[str, float]:
    return {p.name: p.value for p in grade(stimulus).parameters if p.value is not None}


@pytest.mark.parametrize("level", "LMQH")
@pytest.mark.parametrize("version", [1, 2, 6, 7, 14, 22, 32, 40])
def test_the_layout_finds_every_codeword_where_the_standard_puts_it(version, level):
    """The byte-mode header and the text itself are read back from the modules, block by block."""
    text = bytes(Random(version).choices(b"abcdefghij", k=6))
    modules = draw_modules(Symbol(text, ec_level=level, version=version, mask=0)).astype(int)
    layout = qr_layout(version, level)
    rows, columns = np.mgrid[0 : modules.shape[0], 0 : modules.shape[0]]
    bits = modules ^ ((rows + columns) % 2 == 0)
    total = sum(len(block.codewords) for block in layout.blocks)
    assert np.bincount(layout.codeword[layout.codeword >= 0]).tolist() == [8] * total
    words = [0] * total
    for row, column in _in_stream_order(layout):
        word = layout.codeword[row, column]
        words[word] = words[word] << 1 | int(bits[row, column])
    data = "".join(f"{words[i]:08b}" for block in layout.blocks for i in block.codewords[: -block.correction])
    length = 8 if version < 10 else 16
    assert data[:4] == "0100"
    assert int(data[4 : 4 + length], 2) == len(text)
    found = data[4 + length : 4 + length + 8 * len(text)]
    assert bytes(int(found[i : i + 8], 2) for i in range(0, len(found), 8)) == text


def _in_stream_order(layout):
    size = layout.codeword.shape[0]
    upward = True
    for right in [*range(size - 1, 6, -2), *range(5, 0, -2)]:
        for step in range(size):
            row = size - 1 - step if upward else step
            for column in (right, right - 1):
                if layout.codeword[row, column] >= 0:
                    yield row, column
        upward = not upward


@pytest.mark.parametrize("stimulus", [FRAME, LABORATORY], ids=["frame", "laboratory"])
def test_a_perfect_symbol_is_a(stimulus):
    assert set(grades(stimulus).values()) == {"A"}
    assert values(stimulus)["SC"] > 0.95
    assert values(stimulus)["UEC"] == 1


@pytest.mark.parametrize("pose", [Pose(), Pose(roll=37), Pose(pitch=20, yaw=-15, roll=10)])
@pytest.mark.parametrize("stimulus", [FRAME, LABORATORY], ids=["frame", "laboratory"])
def test_modules_are_sampled_where_they_are(stimulus, pose):
    for curvature in (0.0, 40.0):
        conditions = stimulus.conditions and replace(stimulus.conditions, curvature_mm=curvature)
        (one,) = sampled(replace(stimulus, pose=pose, conditions=conditions))
        dark, light = one.light[one.modules == 1], one.light[one.modules == 0]
        assert dark.max() < 0.25 * light.min()


def test_two_symbols_are_both_sampled():
    for stimulus in (FRAME, LABORATORY):
        pair = sampled(replace(stimulus, symbols=(CODE, Symbol(b"19BC" * 16 + b":1"))))
        for one in pair:
            assert ((one.light < 0.5) == (one.modules == 1)).all()


@pytest.mark.parametrize(("contrast", "letter"), [(100, "A"), (36, "B"), (28, "C"), (18, "D"), (6, "F")])
def test_faded_print_loses_its_contrast_grade_step_by_step(contrast, letter):
    assert grades(Stimulus((CODE,), Appearance(contrast=contrast)))["SC"] == letter


def test_orange_on_white_is_f_for_a_red_lit_imager():
    orange = Stimulus((CODE,), Appearance(dark=colour_from_hex("#F39119")))
    assert grades(orange)["SC"] in "ABC"
    assert grades(orange, red=True)["SC"] == "F"


def test_damage_uses_error_correction_up():
    unused = [values(Stimulus((CODE,), damage=Damage("stain", share, 11)))["UEC"] for share in (0, 3, 8, 25)]
    assert unused[0] == 1
    assert unused == sorted(unused, reverse=True)
    assert unused[-1] == 0


def test_a_symbol_with_spoilt_finders_has_damaged_fixed_patterns():
    found = [grades(Stimulus((CODE,), damage=Damage("scratch", 10, seed)))["FPD"] for seed in range(6)]
    assert "F" in found


def test_blur_takes_modulation_before_contrast():
    sharp, soft = grades(FRAME), grades(replace(FRAME, blur=0.45))
    assert (sharp["MOD"], sharp["RM"]) == ("A", "A")
    assert soft["MOD"] in "CDF"
    assert soft["SC"] == "A"


def test_what_a_lens_does_is_no_fault_of_the_stimulus():
    far_off = replace(LABORATORY, conditions=replace(LABORATORY.conditions, distance_mm=30.0))
    assert grade(far_off).letter == "A"


def test_tilt_costs_axial_and_grid_uniformity():
    straight, tilted = values(FRAME), values(replace(FRAME, pose=Pose(pitch=40)))
    assert straight["AN"] < 0.001
    assert straight["GN"] < 0.01
    assert tilted["AN"] > 0.12
    assert tilted["GN"] > straight["GN"]


def test_light_falling_on_a_screen_takes_its_contrast_and_on_paper_does_not():
    def contrast(surface, lux) -> float:
        return values(Stimulus((CODE,), conditions=Conditions(distance_mm=83.0, surface=surface, light=Light(lux))))[
            "SC"
        ]

    assert contrast(Screen(), 20_000.0) < contrast(Screen(), 500.0) - 0.2
    assert contrast(Paper(), 20_000.0) == pytest.approx(contrast(Paper(), 500.0), abs=0.02)


def test_what_nobody_can_read_is_f():
    spoilt = Stimulus((replace(CODE, broken=0.6),))
    assert grade(spoilt).letter == "F"
    assert grades(spoilt)["DEC"] == "F"


def test_another_symbology_is_graded_as_far_as_that_can_be():
    assert set(grades(Stimulus((Symbol(b"12345678", SymbolKind.DATA_MATRIX),)))) == {"DEC", "SC"}


def test_a_grade_is_told_in_words():
    detail = grade(FRAME).as_detail()
    assert detail["grade"] == "A"
    assert str(detail["grade_parameters"]).startswith("DEC A · SC 1.00 A · MOD A")
