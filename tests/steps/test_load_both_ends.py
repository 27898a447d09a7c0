"""What a platform tells of itself beside what its client saw: counts are judged, waits are told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from told_loads import Tale, row_of

from loadtests.plan import LoadPlan, profile
from steps.load import both_ends, faults, honesty, offering

QUICK = [0.005] * 1000


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(offering, "SETTLING_S", 0.0)


def compared(folder, tale, **plan):
    row = row_of("EHC-PRF-005", folder, tale)
    offered = honesty.offer_a_minute(row.sampler, row.platform)
    totals = replace(offered.record.totals, plan=replace(offered.record.plan, **plan))
    offered.record.totals = totals
    both_ends.both_ends_agree(row.sampler, row.platform, offered)
    return row


def waits(row):
    return [one for one in row.observations if one.measure == "untold_wait"]


def minute(times_ms, **others):
    return Tale([("hold", 60, {})], times_ms={"hold": times_ms}, delays_ms={"hold": [(0.4, 100)]}, **others)


def test_a_stall_that_the_platforms_own_figures_do_not_tell_of_is_said(tmp_path):
    row = compared(tmp_path, minute([(8.0, 970), (1900.0, 30)], told_s=QUICK))
    [wait] = waits(row)
    assert (wait.unit, wait.cell) == ("ms", {"kind": "verification"})
    assert 1880 < wait.value < 1900
    assert (round(wait.detail["client_p99_ms"], -2), wait.detail["platform_p99_ms_at_most"]) == (1900, 10)
    [remark] = row.remarks
    assert "1901 ms at the client, and at most 10 ms" in remark.en
    assert "平台的指标未反映这段等待" in remark.zh


@pytest.mark.parametrize(
    ("times_ms", "told_s", "surplus"),
    [
        ([(8.0, 1000)], QUICK, 0),
        ([(60.0, 1000)], QUICK, 50),
        ([(8.0, 970), (1900.0, 30)], [0.005] * 970 + [1.9] * 30, 0),
        ([(8.0, 970), (150.0, 30)], [0.005] * 970 + [0.08] * 30, 50),
    ],
)
def test_what_the_platform_tells_of_and_what_the_way_takes_is_no_stall(times_ms, told_s, surplus, tmp_path):
    row = compared(tmp_path, minute(times_ms, told_s=told_s))
    assert [round(one.value) for one in waits(row)] == [surplus]
    assert row.remarks == []


def test_nothing_is_said_of_waits_that_are_not_told_or_were_those_of_a_proxy(tmp_path):
    slow = [(1900.0, 1000)]
    for row in (
        compared(tmp_path / "a", minute(slow)),
        compared(tmp_path / "b", minute(slow, told_s=QUICK), through=("127.0.0.1", 9)),
    ):
        assert (waits(row), row.remarks) == ([], [])


def test_under_faults_the_platform_must_have_counted_what_it_acknowledged(tmp_path):
    for place, (counted, retried, broken) in enumerate(
        [(39, 0, {"metrics_deviation"}), (41, 0, {"metrics_deviation"}), (41, 1, set())]
    ):
        tale = Tale([("hold", 60, {})], counted=counted, stage_totals={"hold": {"retried": retried}})
        row = row_of("EHC-PRF-006", tmp_path / str(place), tale)
        plan = LoadPlan("faults", "http://a", tmp_path, profile("faults"), attempts=faults.ATTEMPTS)
        both_ends.both_ends_agree(row.sampler, row.platform, offering.offer(row.sampler, row.platform, plan))
        assert row.broken() == broken
