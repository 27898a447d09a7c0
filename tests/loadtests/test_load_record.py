"""What a load leaves is read as it was written, and percentiles are exact to one per cent."""

import random
from pathlib import Path

import numpy as np
import pytest
from hdrh.log import HistogramLogReader

from loadtests.plan import LoadPlan, Stage, profile, profiles
from loadtests.record import (
    LATENCY,
    SEND_DELAY,
    Acknowledged,
    Found,
    LoadTotals,
    Reason,
    Second,
    StageTotals,
    WorkerTotals,
    new_histogram,
    read_record,
)
from loadtests.record_writer import RecordWriter

PLAN = LoadPlan("province", "http://127.0.0.1:1", Path("credentials.json"), (Stage("hold", 10, 10, 3),))


def test_a_record_is_read_as_it_was_written(tmp_path):
    totals = LoadTotals(
        PLAN,
        1_700_000_000.0,
        3.0,
        ended_early=False,
        stages=(StageTotals("hold", 3.0, 30, 30, 27, {"http-503": 2}, 1, {"timeout": 1}, 4, 1),),
        invalid=(Reason("迟发", "late"),),
        wrong_persons=Found(1, ("L1-7",)),
        workers=(WorkerTotals("w0", 30, 1, 0.2, 0.4, 0.1),),
    )
    seconds = [
        Second(0, "hold", 10, 9, 8, 1, 0, 0, 1, 4.0, 5.0, 6.5, 0.4),
        Second(1, "hold", 10, 10, 10),
    ]
    effect = Acknowledged("verification", "L1-7", "ab" * 32, "439900T01", 1_700_000_000_123)
    with RecordWriter(tmp_path, totals.begun) as writer:
        writer.second(seconds[0], {("hold", "verification"): [4000, 5000, 6500]}, {("hold", "verification"): [30]})
        writer.second(seconds[1], {("hold", "query"): [9000]}, {})
        writer.acknowledged([effect])
        with pytest.raises(OSError, match=r"load\.json"):
            read_record(tmp_path)
        writer.finish(totals)
    record = read_record(tmp_path)
    assert record.totals == totals
    assert record.seconds == tuple(seconds)
    assert list(record.acknowledged()) == [effect]
    assert record.count() == 4
    assert record.count(kind="query") == 1
    assert record.count(between=(0, 1)) == 3
    assert record.percentile(100, kind="query") == pytest.approx(9.0, rel=0.001)
    assert record.percentile(50, "hold", "verification") == pytest.approx(5.0, rel=0.001)
    assert record.percentile(50, "elsewhere") is None
    assert record.percentile(50, log=SEND_DELAY) == pytest.approx(0.03, rel=0.01)
    assert sum(count for _, count in record.histogram("verification", "hold")) == 3


def test_percentiles_are_exact_to_one_per_cent(tmp_path):
    drawn = random.Random(7)
    samples = [int(drawn.lognormvariate(8, 1.2)) + 1 for _ in range(20_000)]
    with RecordWriter(tmp_path, 0.0) as writer:
        for t in range(20):
            writer.second(Second(t, "hold"), {("hold", "verification"): samples[t * 1000 : t * 1000 + 1000]}, {})
        writer.finish(LoadTotals(PLAN, 0.0, 20.0, ended_early=False, stages=()))
    record = read_record(tmp_path)
    for q in (1, 50, 95, 99, 99.9, 100):
        raw = float(np.percentile(samples, q, method="inverted_cdf")) / 1000
        assert record.percentile(q) == pytest.approx(raw, rel=0.01)


def test_another_reader_of_interval_logs_reads_ours(tmp_path):
    with RecordWriter(tmp_path, 1_700_000_000.0) as writer:
        writer.second(Second(5, "hold"), {("hold", "query"): [1234]}, {})
        writer.finish(LoadTotals(PLAN, 1_700_000_000.0, 6.0, ended_early=False, stages=()))
    reader = HistogramLogReader(str(tmp_path / LATENCY), new_histogram())
    interval = reader.get_next_interval_histogram()
    reader.input_file.close()
    assert interval.get_tag() == "hold/query"
    assert interval.get_start_time_stamp() == pytest.approx(1_700_000_005_000)
    assert interval.get_total_count() == 1


def test_a_plan_is_read_as_it_was_written():
    plan = LoadPlan("peak", "http://a", Path("c.json"), profile("peak"), dialects=("hn-a", "hn-s"), attempts=4)
    assert LoadPlan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    "wrong",
    [
        {"mix": {"verification": 0.5}},
        {"stages": ()},
        {"generator_defect": "unheard-of"},
        {"workers": 2, "expect_workers": 1},
        {"workers": 0},
        {"seed": -1},
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(wrong):
    with pytest.raises(ValueError, match=r"plan|mix|worker|defects|seed"):
        LoadPlan("x", "http://a", Path("c"), **{"stages": PLAN.stages, **wrong})


def test_profiles_keep_their_shape_when_made_smaller():
    base, ramp, hold, after = profile("peak", rate=35, seconds=60)
    assert (base.rate, ramp.rate, ramp.rate_to, hold.rate, after.rate) == (7, 7, 35, 35, 7)
    assert (base.seconds, ramp.seconds, hold.seconds, after.seconds) == (12, 6, 60, 12)
    assert [stage.seconds for stage in profile("peak", seconds=6000)] == [120, 60, 6000, 120]
    overload, recovery = profile("overload", rate=600, base=50)
    assert (overload.rate, recovery.rate) == (600, 50)
    assert {profile(name)[0].arrivals for name in profiles()} == {"poisson", "even"}
    with pytest.raises(ValueError, match="no profile"):
        profile("weekend")
