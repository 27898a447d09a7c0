"""What never may happen fails a row in whichever of its loads it showed, and is not known before it was tried."""

from __future__ import annotations

from contextlib import nullcontext
from random import Random
from types import SimpleNamespace

import pytest
from told_loads import Tale, row_of

from loadtests.record import Found
from rigs.bench_tables.load import LoadTable
from steps.load import capacity, faults, offering, sustained
from steps.load.outages import Outages

REUSED, WRONG = "reused_codes_accepted", "wrong_persons"
ONCE = Found(1, ("T0001",))
SHOWN = [({}, set()), ({"reused_accepted": ONCE}, {REUSED}), ({"wrong_persons": ONCE}, {WRONG})]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(offering, "SETTLING_S", 0.0)


def held(folder, table=None, **totals):
    row = row_of("EHC-PRF-001", folder, Tale([("hold", 60, {})], totals=totals), table=table)
    sustained.hold(row.sampler, row.platform)
    return row


@pytest.mark.parametrize(("twins", "known"), [(0, False), (58, False), (59, True)])
def test_nobody_knows_of_codes_used_again_who_has_not_tried_it_often_enough(twins, known, tmp_path):
    row = held(tmp_path, twins=twins)
    assert ((REUSED in row.open()), row.broken()) == (not known, set())


def test_one_code_used_again_fails_however_seldom_it_was_tried(tmp_path):
    assert held(tmp_path, twins=3, reused_accepted=ONCE).broken() == {REUSED}


@pytest.mark.parametrize(("rate", "seconds", "share"), [(200, 1800, 0.005), (200, 60, 0.0118), (50, 10, 0.05)])
def test_a_short_load_shows_more_codes_twice_and_is_no_other_load(rate, seconds, share, tmp_path):
    row = held(tmp_path, LoadTable(rate=rate, seconds=seconds))
    assert row.plans[0].reuse_share == pytest.approx(share, rel=0.01)


@pytest.mark.parametrize(("totals", "broken"), SHOWN)
def test_in_a_search_for_the_capacity(totals, broken, tmp_path):
    steps = [("step-1", 10, {"offered": 10, "ok": 10}), ("step-2", 10, {"offered": 20, "ok": 18})]
    row = row_of("EHC-PRF-003", tmp_path, Tale(steps, totals=totals), table=LoadTable(rate=20))
    capacity.capacity_of(row.sampler, row.platform)
    assert row.broken() == broken


def test_a_use_that_was_acknowledged_in_a_search_for_the_capacity_and_is_gone(tmp_path):
    steps = [("step-1", 10, {"offered": 10, "ok": 10}), ("step-2", 10, {"offered": 20, "ok": 18})]
    row = row_of("EHC-PRF-003", tmp_path, Tale(steps, lost=1), table=LoadTable(rate=20))
    capacity.capacity_of(row.sampler, row.platform)
    assert row.broken() == {"lost_uses"}


@pytest.mark.parametrize(("totals", "broken"), SHOWN)
def test_around_power_cuts(totals, broken, tmp_path, monkeypatch):
    proxy = SimpleNamespace(address=("127.0.0.1", 1), counts=dict)
    monkeypatch.setattr(faults, "fault_proxy", lambda *_: nullcontext(proxy))
    monkeypatch.setattr(faults, "observe_way", lambda *_: None)
    monkeypatch.setattr(Outages, "starts_within", lambda *_: [1.0])
    row = row_of("EHC-PRF-006", tmp_path, Tale([("hold", 3, {})], totals=totals))
    row.platform.host = SimpleNamespace(credentials_file=tmp_path, kill=lambda: None, start=lambda: 1.0)
    row.platform.link.host_and_port = ("127.0.0.1", 2)
    faults.cut_in_mid_load(row.sampler, Random(1), row.platform)
    assert row.broken() == broken
