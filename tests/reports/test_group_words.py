"""A group that was never measured is told by its name, never as a whole sample of nothing."""

from __future__ import annotations

import pytest

from certification.catalogue import load_catalogue
from certification.decision import judge_criterion
from certification.observations import Observation
from reports.findings import judged_clauses
from reports.group_words import group_text, groups_wanted

CATALOGUE = load_catalogue()
COLOURS = ("#000000", "#256A0A", "#F39119", "#E02020")


def judged_of(row, cells, measure="read"):
    observations = [Observation(row, measure, "exact", cell=cell, times=75) for cell in cells]
    requirement = CATALOGUE[row]
    results = judge_criterion(requirement.criterion, observations, frozenset())
    return judged_clauses(requirement, results, frozenset())[-1]


def told(row, judged):
    return [group_text(judged, result, CATALOGUE[row].title) for result in judged.results]


@pytest.mark.parametrize(
    ("measured", "zh", "en"),
    [
        (3, "屏幕 · 颜色 #E02020（未测）", "screen · colour #E02020 (not measured)"),
        (
            1,
            "屏幕 · 颜色 #256A0A、#F39119、#E02020（未测）",
            "screen · colour #256A0A, #F39119, #E02020 (not measured)",
        ),
    ],
)
def test_a_colour_that_was_not_reached_is_named(measured, zh, en):
    judged = judged_of("EHC-TRM-007", [{"colour": one, "surface": "screen"} for one in COLOURS[:measured]])
    (*_, last) = told("EHC-TRM-007", judged)
    assert (last.zh, last.en) == (zh, en)
    assert groups_wanted(judged) == 4


def test_a_group_that_was_measured_is_told_as_ever():
    judged = judged_of("EHC-TRM-007", [{"colour": one, "surface": "screen"} for one in COLOURS])
    assert [text.zh for text in told("EHC-TRM-007", judged)] == [f"屏幕 · 颜色 {one}" for one in COLOURS]
    assert groups_wanted(judged) == 4


def test_groups_no_title_names_are_counted():
    cells = [{"version": version, "level": "M"} for version in range(1, 8)]
    judged = judged_of("EHC-TRM-005", cells)
    (*_, last) = told("EHC-TRM-005", judged)
    assert last.en.startswith("the other 33 of 40 groups by ")
    assert last.en.endswith("(not measured)")
    assert groups_wanted(judged) == 40


def test_a_sample_that_is_not_split_is_whole():
    judged = judged_of("EHC-TRM-003", [{"shape": "static"}])
    assert [text.zh for text in told("EHC-TRM-003", judged)] == ["全部样本"]
