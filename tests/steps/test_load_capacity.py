"""The capacity that is searched for is what was served steadily."""

from __future__ import annotations

import pytest
from told_loads import Tale, row_of

from rigs.bench_tables.load import LoadTable
from steps.load import offering
from steps.load.capacity import capacity_of


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(offering, "SETTLING_S", 0.0)


def found(folder, steps, totals):
    tale = Tale([(f"step-{n}", 10, figures) for n, figures in enumerate(steps, 1)], stage_totals=totals)
    row = row_of("EHC-PRF-003", folder, tale, table=LoadTable(rate=20))
    return capacity_of(row.sampler, row.platform)


def test_what_a_platform_catches_up_after_a_stall_is_no_capacity(tmp_path):
    steps = [{"offered": 10, "ok": 10}, {"offered": 13, "ok": 7}, {"offered": 17, "ok": 23}]
    stalled = {"step-2": {"ok": 130}, "step-3": {"ok": 110, "refused": {"http-503": 60}}}
    assert found(tmp_path, steps, stalled) == 11.0


def test_a_step_that_ended_with_answers_outstanding_was_too_much(tmp_path):
    steps = [{"offered": 10, "ok": 10}, {"offered": 13, "ok": 12}]
    assert found(tmp_path, steps, {"step-2": {"ok": 130}}) == 12.0
