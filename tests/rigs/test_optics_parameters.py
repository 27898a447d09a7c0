"""The laboratory's parameters: what the documentation says of each is what the program does."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from rigs.optics.conditions import Conditions, Film, Glare, Paper
from rigs.optics.parameters import PARAMETERS
from rigs.optics.stimulus import Stimulus, Symbol

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `([a-z-]+)` \| (.*?) ?\| (\S+) … (\S+) \| (\S+) \| (.+) · (.+) \|$", re.MULTILINE)
TOLD = {row[1]: row for row in ROW.finditer((ROOT / "docs" / "optics.md").read_text(encoding="utf-8"))}
PLAIN = Stimulus((Symbol(b"8A3F" * 16 + b":1"),), conditions=Conditions())
WITH_PARTS = [PLAIN] + [
    replace(PLAIN, conditions=replace(PLAIN.conditions, **{part: fresh}))
    for part, fresh in (("film", Film()), ("glare", Glare()), ("surface", Paper()))
]


def test_every_parameter_is_documented_and_nothing_else():
    assert list(TOLD) == list(PARAMETERS)


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=lambda one: one.name)
def test_a_parameter_is_documented_as_it_is(parameter):
    _, unit, low, high, _, en, zh = TOLD[parameter.name].groups()
    assert unit == ("" if parameter.unit == "1" else parameter.unit)
    assert (float(low), float(high)) == (parameter.low, parameter.high)
    assert (en, zh) == (parameter.en, parameter.zh)


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=lambda one: one.name)
def test_its_usual_value_is_what_it_is_without_it(parameter):
    usual = TOLD[parameter.name][5]
    if usual == "—":
        assert all(parameter.put(PLAIN, end) not in WITH_PARTS for end in (parameter.low, parameter.high))
    else:
        assert parameter.put(PLAIN, float(usual)) in WITH_PARTS


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=lambda one: one.name)
def test_it_changes_the_stimulus(parameter):
    assert parameter.put(PLAIN, parameter.low) != parameter.put(PLAIN, parameter.high)
