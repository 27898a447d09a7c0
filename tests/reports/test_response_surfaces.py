"""Response surfaces in the report: the right plot for each row, its band, and what could not be judged."""

from __future__ import annotations

import re

import pytest

from certification.catalogue import load_catalogue
from certification.decision import judge_criterion
from certification.observations import Observation
from certification.statistics import two_sided_bounds
from reports.findings import CellCount, judged_clauses
from reports.plots import plots_of
from reports.response_curves import shown_interval, widest_window

CATALOGUE = load_catalogue()
DISTANCES = range(30, 201, 10)


def read(row, cell, exact, failed=0) -> list[Observation]:
    found = [Observation(row, "read", "exact", cell=cell, times=exact)] if exact else []
    return found + ([Observation(row, "read", "no_read", cell=cell, times=failed)] if failed else [])


def drawn(row, observations):
    requirement = CATALOGUE[row]
    results = judge_criterion(requirement.criterion, observations, frozenset())
    return plots_of(row, judged_clauses(requirement, results, frozenset()), observations)


def texts(plot) -> list[str]:
    return re.findall(r">([^<>]+)</text>", plot.svg)


def filled(plot) -> int:
    return len(re.findall(r"fill-opacity: 0?\.1\d*|opacity: 0\.1\d*", plot.svg))


def test_a_distance_row_shows_its_window_beside_what_is_asked():
    observations = [
        o
        for d in DISTANCES
        for o in read("EHC-TRM-009", {"distance": d}, 20 * (50 <= d <= 170), 20 * (d < 50 or d > 170))
    ]
    (plot,) = drawn("EHC-TRM-009", observations)
    assert any("窗口 120" in text and "80" in text for text in texts(plot))
    assert any("window 120" in text for text in texts(plot))
    assert filled(plot) >= 2


def test_the_widest_window_is_the_one_the_rule_finds():
    requirement = CATALOGUE["EHC-TRM-009"]
    (clause,) = requirement.criterion
    for gap in (None, 60, 110, 150):
        observations = [
            o for d in DISTANCES for o in read("EHC-TRM-009", {"distance": d}, 18 if d == gap else 20, 2 * (d == gap))
        ]
        (result,) = judge_criterion(requirement.criterion, observations, frozenset())
        counts = [CellCount({"distance": d}, 20, 18 if d == gap else 20, None, clause) for d in DISTANCES]
        first, last = widest_window(counts, clause)
        assert last - first == result.value


def test_angles_are_drawn_all_round_as_a_target_and_as_curves():
    observations = [o for angle in range(0, 360, 15) for o in read("EHC-TRM-010", {"axis": "roll", "angle": angle}, 10)]
    for axis in ("pitch", "yaw"):
        for angle in (-45, -35, -30, -15, 0, 15, 30, 35, 45):
            lost = int(abs(angle) == 45)
            observations += read("EHC-TRM-010", {"axis": axis, "angle": angle}, 10 - lost, lost)
    round_plot, target, curve = drawn("EHC-TRM-010", observations)
    assert "Roll" in round_plot.caption.en
    assert {"偏转 +", "俯仰 −"} <= set(texts(target))
    assert "Wilson" in curve.caption.en
    assert all(filled(plot) >= 1 for plot in (round_plot, curve))


def test_conditions_are_a_map_that_names_what_nobody_could_read():
    observations = []
    for illuminance in (500, 10_000):
        for brightness in (20, 50, 100):
            for polariser in (0, 90):
                cell = {"brightness": brightness, "illuminance": illuminance, "polariser": polariser}
                if (illuminance, polariser) == (10_000, 90):
                    observations.append(Observation("EHC-TRM-012", "stimulus", "not_readable", cell=cell, times=30))
                else:
                    failed = 12 * (brightness == 20 and polariser == 90)
                    observations += read("EHC-TRM-012", cell, 30 - failed, failed)
    (plot,) = drawn("EHC-TRM-012", observations)
    said = texts(plot)
    assert said.count("30/30") == 8
    assert said.count("18/30") == 1
    assert said.count("—") == 3
    assert {"20 %", "50 %", "100 %"} <= set(said)


@pytest.mark.parametrize(("successes", "trials"), [(0, 20), (1, 20), (10, 20), (19, 20), (20, 20), (997, 1000)])
def test_a_band_is_the_wilson_interval_and_holds_the_share(successes, trials):
    low, high = shown_interval(CellCount({}, trials, successes, None, None))
    expected = two_sided_bounds(successes, trials)
    assert (low, high) == pytest.approx((100 * expected[0], 100 * expected[1]), abs=1e-9)
    assert low <= 100 * successes / trials <= high
