"""Minutes of a load: no second is left out, and a request belongs to the stage in which it was due."""

from __future__ import annotations

import pytest
from told_loads import Tale, row_of

from loadtests.record import Second
from steps.load import offering, peak, sustained
from steps.load.minutes import minutes


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(offering, "SETTLING_S", 0.0)


@pytest.mark.parametrize(
    ("seconds", "parts"), [(0, 0), (10, 1), (59, 1), (117, 1), (118, 2), (1797, 29), (1799, 30), (1859, 31)]
)
def test_parts_are_equal_and_leave_nothing_out(seconds, parts):
    rows = [Second(t, "hold", offered=1) for t in range(seconds)]
    waiting = [Second(seconds + t, "hold", errors=1) for t in range(5)]
    found = minutes([Second(0, "base", offered=1), *rows, Second(0, "after", offered=1), *waiting], "hold")
    assert [row for part in found for row in part] == rows
    lengths = [len(part) for part in found]
    assert (len(found), max(lengths, default=0) - min(lengths, default=0) <= 1) == (parts, True)


def means(row):
    measures = ("error_share", "achieved_share")
    values = {name: [one.value for one in row.observations if one.measure == name] for name in measures}
    return {name: sum(some) / len(some) for name, some in values.items() if some}


@pytest.mark.parametrize("more", [0, 59])
def test_a_platform_that_dies_in_the_last_seconds_fails_the_row(more, tmp_path):
    """Its last requests time out seconds after the load, when none is due any more."""
    sound, dead = ("hold", 1795 + more, {}), ("hold", 5, {"ok": 0})
    late = ("hold", 5, {"offered": 0, "ok": 0, "errors": 100})
    row = row_of("EHC-PRF-001", tmp_path, Tale([sound, dead, late]))
    sustained.minute_by_minute(row.sampler, sustained.hold(row.sampler, row.platform))
    lost = 100 * 5 / (1800 + more)
    assert means(row)["error_share"] == pytest.approx(lost, rel=0.05)
    assert means(row)["achieved_share"] == pytest.approx(100 - lost, rel=0.001)
    assert row.broken() == {"error_share"}


def test_timeouts_of_a_peak_count_there_and_not_after_it(tmp_path):
    stages = [("hold", 570, {}), ("hold", 30, {"ok": 0}), ("after", 120, {})]
    told = {"hold": {"ok": 57_000, "errors": {"timeout": 3000}}}
    row = row_of("EHC-PRF-002", tmp_path, Tale(stages, stage_totals=told))
    peak.time_the_peak(row.sampler, peak.morning(row.sampler, row.platform))
    assert means(row) == {"achieved_share": 95.0}
    told["hold"] = {"ok": 56_000, "errors": {"timeout": 4000}}
    row = row_of("EHC-PRF-002", tmp_path / "more", Tale(stages, stage_totals=told))
    peak.time_the_peak(row.sampler, peak.morning(row.sampler, row.platform))
    assert row.broken() == {"achieved_share"}
