"""A record that stands for many identical outcomes is judged exactly as those outcomes one by one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certification.catalogue import load_catalogue
from certification.clauses import (
    CountClause,
    InspectionClause,
    LimitClause,
    PercentileClause,
    ProportionClause,
    WindowClause,
)
from certification.decision import Outcome, judge_clause
from certification.observations import Observation
from certification.verdicts import judge

NAMED = [
    CountClause(kind="count", measure="m", failure=("bad",), trials=9, failures=2),
    CountClause(kind="count", measure="m", success=("good",), among=("good", "bad"), trials=9, failures=2, per=("g",)),
    ProportionClause(kind="proportion", measure="m", success=("good",), at_least=0.7, stages=((9, 0), (16, 1))),
    WindowClause(
        kind="window", measure="m", success=("good",), along="x", width=1, first=0, last=2, step=1, trials=4, failures=1
    ),
]
CONFORMING = [InspectionClause(kind="inspection", measure="m", items=2)]
NUMBERS = [
    PercentileClause(kind="percentile", measure="m", unit="ms", percentile=75, at_most=5, trials=11),
    *(
        LimitClause(kind="limit", measure="m", unit="ms", statistic=statistic, at_most=5, at_least=1, trials=7)
        for statistic in ("each", "median", "mean", "drift")
    ),
    LimitClause(kind="limit", measure="m", unit="ms", statistic="total", at_most=40, trials=7),
]


def samples(values):
    told = st.builds(
        lambda value, g, x, u, times: Observation(
            "", "m", value, unit="ms", uncertainty=u, cell={"g": g, "x": x}, times=times
        ),
        values,
        st.sampled_from(["a", "b"]),
        st.sampled_from([0.0, 1.0, 2.0]),
        st.sampled_from([0.0, 0.5]),
        st.integers(1, 6),
    )
    return st.lists(told, max_size=12)


def one_by_one(sample):
    return [replace(observation, times=1) for observation in sample for _ in range(observation.times)]


def findings(clause, sample):
    return [
        (r.outcome, r.trials, r.failures, r.group, r.interval, pytest.approx(r.value), pytest.approx(r.bound))
        for r in judge_clause(clause, sample)
    ]


@pytest.mark.parametrize("clause", NAMED, ids=lambda clause: clause.kind)
@settings(max_examples=120)
@given(sample=samples(st.sampled_from(["good", "bad", "odd"])))
def test_named_outcomes_count_as_often_as_they_stand_for(clause, sample):
    assert findings(clause, sample) == findings(clause, one_by_one(sample))


@pytest.mark.parametrize("clause", CONFORMING, ids=lambda clause: clause.kind)
@settings(max_examples=60)
@given(sample=samples(st.sampled_from(["conforms", "differs"])))
def test_inspected_items_count_as_often_as_they_stand_for(clause, sample):
    assert findings(clause, sample) == findings(clause, one_by_one(sample))


@pytest.mark.parametrize("clause", NUMBERS, ids=lambda clause: getattr(clause, "statistic", clause.kind))
@settings(max_examples=120)
@given(sample=samples(st.sampled_from([0.5, 1.0, 2.0, 5.0, 5.4, 9.0])))
def test_numbers_count_as_often_as_they_stand_for(clause, sample):
    assert findings(clause, sample) == findings(clause, one_by_one(sample))


def test_one_record_fills_a_sample_of_a_hundred_thousand_and_one_failure_breaks_it():
    requirement = load_catalogue()["EHC-PLT-008"]
    sample = [
        Observation(requirement.id, "forged_code", "refused", times=100_000),
        Observation(requirement.id, "http_status", "200", times=100_000),
    ]
    row = judge(requirement, sample, None, planned=True, emulated=True)
    assert (row.verdict, row.observations) == ("PASS", 200_000)
    one_short = [replace(sample[0], times=99_999), sample[1]]
    assert judge(requirement, one_short, None, planned=True, emulated=True).verdict == "INCONCLUSIVE"
    accepted = [*sample, Observation(requirement.id, "forged_code", "accepted")]
    assert judge(requirement, accepted, None, planned=True, emulated=True).verdict == "FAIL"


def test_a_million_are_judged_without_making_a_million_of_them():
    clause = CountClause(kind="count", measure="m", failure=("bad",), trials=10_000_000)
    [result] = judge_clause(clause, [Observation("", "m", "good", times=10**7)])
    assert (result.outcome, result.trials) == (Outcome.HOLDS, 10**7)


@pytest.mark.parametrize("times", [0, -1, 1.5, True, "3"])
def test_a_record_stands_for_a_whole_number_of_outcomes_from_one_on(times):
    with pytest.raises(ValueError, match="cannot stand for"):
        Observation("", "m", "good", times=times)


def test_how_often_survives_the_file_and_is_one_where_a_file_does_not_say():
    observation = Observation("EHC-PLT-008", "forged_code", "refused", times=99_999)
    record = json.loads(json.dumps(observation.as_record()))
    assert Observation.from_record(record) == observation
    del record["times"]
    assert Observation.from_record(record).times == 1
