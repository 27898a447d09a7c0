"""Codes are text: a leading zero is part of a code."""

import pytest

from reference_impl.wire import codetables


@pytest.mark.parametrize(
    ("table", "width"),
    [
        ("ID_TYPES", 2),
        ("TERMINAL_TYPES", 2),
        ("CHANNELS", 4),
        ("STEPS", 6),
        ("SCENES", 7),
        ("SEXES", 1),
        ("CARD_STATES", 1),
    ],
)
def test_every_code_is_text_of_one_width(table, width):
    for code, meaning in getattr(codetables, table).items():
        assert isinstance(code, str)
        assert len(code) == width
        assert meaning


def test_every_scene_is_counted_as_a_step():
    assert codetables.STEP_OF_SCENE.keys() == codetables.SCENES.keys()
    assert set(codetables.STEP_OF_SCENE.values()) <= codetables.STEPS.keys()
    assert set(codetables.DESK_CHANNELS) < codetables.CHANNELS.keys()


@pytest.mark.parametrize(
    ("scene", "step"),
    [("book", "register"), ("queue", "other"), ("pay as inpatient", "settle"), ("laboratory report", "other")],
)
def test_a_scene_is_its_step_by_what_is_done_in_it(scene, step):
    code = {name: code for code, name in codetables.SCENES.items()}[scene]
    assert codetables.STEPS[codetables.STEP_OF_SCENE[code]] == step
