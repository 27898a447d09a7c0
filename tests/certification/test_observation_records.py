"""Observations survive the file they are kept in, and cells select what a clause says they do."""

from __future__ import annotations

import json

import pytest

from certification.observations import Observation, matches


@pytest.mark.parametrize("journal", [(3, 9), None])
def test_an_observation_comes_back_from_its_file_as_it_was(journal):
    observation = Observation(
        requirement="EHC-TRM-015",
        measure="latency",
        value=182.5,
        unit="ms",
        uncertainty=24.7,
        cell={"colour": "#F39119", "version": 4},
        t_ns=12_000_000_001,
        journal=journal,
        detail={"shown": "…"},
        picture="EHC-TRM-015-001.png",
    )
    assert Observation.from_record(json.loads(json.dumps(observation.as_record()))) == observation


@pytest.mark.parametrize(
    ("where", "selected"),
    [
        ({}, True),
        ({"surface": "screen"}, True),
        ({"surface": "paper"}, False),
        ({"version": (1, 10)}, True),
        ({"version": (10, 11)}, True),
        ({"version": (11, 20)}, False),
        ({"surface": (1, 10)}, False),
        ({"colour": "#000000"}, False),
        ({"surface": "screen", "version": (1, 9)}, False),
    ],
)
def test_a_cell_is_selected_by_every_condition_at_once(where, selected):
    assert matches({"surface": "screen", "version": 10}, where) is selected
