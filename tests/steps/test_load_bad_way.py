"""A bad way that was none: what the fault proxy did not do, or did late, lets nothing follow from the load."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from told_loads import Tale, row_of

from loadtests.record import LoadRecord, LoadTotals, StageTotals
from rigs.errors import InvalidLoadError, RigError
from rigs.fault_proxy.faults import Faults
from rigs.fault_proxy.lots import ENDED_IN_ANSWER, Fate, lot
from rigs.fault_proxy.pacing import Delays
from steps.load.bad_way import observe_way, refuse_a_way_past, shortcomings

DEMANDED = Faults(latency_ms=50, jitter_ms=20, reset=0.05, seed=3)


def counted(requests: int, drawn: Faults = DEMANDED, answered: float = 1.0, **others) -> dict:
    """What a proxy with such faults counts over so many requests, of which the platform answers a share."""
    chance, fates, answers = random.Random(1), Counter(), 0
    for number in range(1, requests + 1):
        fate = lot(drawn, number).fate
        begun = fate not in (Fate.RESET_BEFORE, Fate.RESET_IN_REQUEST) and chance.random() < answered
        answers += begun
        if fate is not Fate.PASSED and (begun or fate not in ENDED_IN_ANSWER):
            fates[fate] += 1
    held = [Delays(drawn, number, "up").due_s(0.0) for number in range(requests)]
    told = {"connections": 5, "requests": requests, "answers": answers, "faults": dict(fates), "writes": 2 * requests}
    mean = round(1000 * sum(held) / max(1, len(held)), 3)
    return {**told, "mean_delay_ms": mean, "late": 0, "longest_stall_ms": 30, **others}


def record(ok: int, **others) -> LoadRecord:
    totals = LoadTotals(None, 0.0, 1.0, False, (StageTotals("hold", 1.0, ok, ok, ok, **others),))
    return LoadRecord(None, totals)


@pytest.mark.parametrize("requests", [1, 40, 600, 20_000])
@pytest.mark.parametrize("drawn", [DEMANDED, Faults(reset=0.05, seed=9)])
def test_what_was_demanded_is_enough_however_short_the_load(requests, drawn) -> None:
    assert list(shortcomings(drawn, counted(requests, drawn))) == []


@pytest.mark.parametrize("answered", [0.0, 0.3])
def test_a_platform_that_does_not_answer_is_not_excused_by_the_resets_that_then_never_came(answered) -> None:
    assert list(shortcomings(DEMANDED, counted(20_000, answered=answered))) == []


@pytest.mark.parametrize(
    ("did", "said"),
    [
        (counted(20_000, Faults(latency_ms=50, jitter_ms=20)), "reset 0.00 %"),
        (counted(20_000, Faults(latency_ms=50, jitter_ms=20, reset=0.03)), "where it was to reset 2.50 %"),
        (counted(20_000, Faults(latency_ms=50, jitter_ms=20, reset=0.08)), "where it was to reset 2.56 %"),
        (counted(20_000, Faults(reset=0.05)), "delayed by 0 ms where it was to delay by 50 ms"),
        (counted(20_000, Faults(latency_ms=70, jitter_ms=20, reset=0.05)), r"delayed by (69|70)\."),
        (counted(20_000, late=2_100), "itself was late in 5.2 %"),
        (counted(20_000, longest_stall_ms=2_300), "stood still for 2.3 s"),
    ],
)
def test_another_way_than_was_demanded_makes_the_load_invalid(did, said, tmp_path) -> None:
    row = row_of("EHC-PRF-006", tmp_path, Tale([]))
    with pytest.raises(InvalidLoadError, match=said):
        observe_way(row.sampler, DEMANDED, did, record(100))
    assert row.observations == []


def test_how_the_way_was_is_told_with_the_load_it_was_of(tmp_path) -> None:
    row = row_of("EHC-PRF-006", tmp_path, Tale([]))
    observe_way(row.sampler, DEMANDED, counted(20_000), record(100), {"kill": "yes"})
    told = {one.measure: one for one in row.observations}
    assert 4 < told["reset_share"].value < 6
    assert told["reset_share"].detail["requests"] == 20_000
    assert 45 < told["added_delay"].value < 60
    assert {one.cell["kill"] for one in row.observations} == {"yes"}


def test_a_load_whose_answers_did_not_all_come_through_the_proxy_is_the_benchs_fault() -> None:
    refuse_a_way_past({"connections": 3, "answers": 100}, record(90, refused={"http-503": 10}))
    refuse_a_way_past({"connections": 3, "answers": 0}, record(0, errors={"timeout": 10}))
    with pytest.raises(RigError, match="fault proxy: 99 answers came through it, and the load had 100"):
        refuse_a_way_past({"connections": 3, "answers": 99}, record(90, refused={"http-503": 10}))
    with pytest.raises(RigError, match="fault proxy"):
        refuse_a_way_past({"connections": 0, "answers": 0}, record(0, errors={"timeout": 10}))
