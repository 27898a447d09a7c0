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
