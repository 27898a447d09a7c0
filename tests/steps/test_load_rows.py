"""Rows of load judged from records: each clause can break its row, a sound load is met, a short one shows nothing."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from hashlib import sha256

import pytest
from told_loads import Tale, row_of

from certification.verdicts import Verdict
from loadtests.record import Acknowledged, Found, Reason
from rigs.bench_tables.load import LoadTable
from rigs.errors import InvalidLoadError, RigError, SubjectFaultError
from rigs.roles import ApiAnswer
from steps.load import both_ends, integrity, memory, offering, overload, peak, sustained
from steps.load.audit_search import search
from steps.load.memory_watch import SERVER, MemoryWatch

MEMORY = tuple((60.0 * minute + 30, 200 << 20) for minute in range(30))
FAST = [(10.0, 500)]
SLOW_TAIL = [(10.0, 450), (250.0, 50)]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(offering, "SETTLING_S", 0.0)
    monkeypatch.setattr("steps.load.memory_watch.EVERY_S", 0.01)


def held(folder, tale, resident=MEMORY, table=None):
    """EHC-PRF-001 over a tale."""
    row = row_of("EHC-PRF-001", folder, tale, table=table)
    offered = replace(sustained.hold(row.sampler, row.platform), memory=resident)
    sustained.time_verifications(row.sampler, offered)
    sustained.minute_by_minute(row.sampler, offered)
    integrity.integrity(row.sampler, row.platform, offered)
    both_ends.both_ends_agree(row.sampler, row.platform, offered)
    memory.memory_of_each_minute(row.sampler, offered)
    return row


def half_an_hour(times=FAST, **others):
    return Tale([("hold", 1800, others.pop("second", {}))], times_ms={"hold": times}, **others)


def test_a_sound_half_hour_is_met(tmp_path):
    row = held(tmp_path, half_an_hour())
    assert row.verdict is Verdict.PASS, (row.broken(), row.open())
    assert row.plans[0].stages[0].rate == 100


FAILING = {
    "verification_time": (half_an_hour(SLOW_TAIL), MEMORY),
    "error_share": (half_an_hour(second={"errors": 1, "ok": 99}), MEMORY),
    "refusals are errors": (half_an_hour(second={"refused": 1, "ok": 99}), MEMORY),
    "achieved_share": (half_an_hour(second={"ok": 97}), MEMORY),
    "wrong_persons": (half_an_hour(totals={"wrong_persons": Found(1, ("T0001",))}), MEMORY),
    "reused_codes_accepted": (half_an_hour(totals={"reused_accepted": Found(2, ("T0001",))}), MEMORY),
    "lost_uses": (half_an_hour(lost=1), MEMORY),
    "double_effects": (half_an_hour(doubled=1), MEMORY),
    "accepted twice by retry": (half_an_hour(totals={"double_accepted": Found(1, ("T0001",))}), MEMORY),
    "metrics_deviation": (half_an_hour(counted=39), MEMORY),
    "the platform counts more than was answered": (half_an_hour(counted=41), MEMORY),
    "memory_growth": (half_an_hour(), tuple((60.0 * m + 30, (200 + 10 * m) << 20) for m in range(30))),
}
_MEASURE = {
    "refusals are errors": "error_share",
    "accepted twice by retry": "double_effects",
    "the platform counts more than was answered": "metrics_deviation",
}


@pytest.mark.parametrize("name", FAILING)
def test_each_clause_of_the_sustained_rate_can_break_it(name, tmp_path):
    tale, resident = FAILING[name]
    row = held(tmp_path, tale, resident)
    assert row.verdict is Verdict.FAIL
    assert row.broken() == {_MEASURE.get(name, name)}


def test_answers_lost_on_the_way_explain_what_the_platform_counts_more(tmp_path):
    tale = half_an_hour(counted=41, stage_totals={"hold": {"errors": {"timeout": 1}}})
    assert held(tmp_path, tale).verdict is Verdict.PASS


def test_a_shortened_load_is_never_met_and_can_fail(tmp_path):
    short = Tale([("hold", 600, {})], times_ms={"hold": FAST})
    table = LoadTable(rate=100, seconds=600)
    row = held(tmp_path / "a", short, MEMORY[:10], table)
    assert row.verdict is Verdict.INCONCLUSIVE
    assert {"achieved_share", "error_share", "memory_growth"} == row.open()
    assert row.plans[0].seconds == 600
    slow = Tale([("hold", 600, {})], times_ms={"hold": SLOW_TAIL})
    assert held(tmp_path / "b", slow, (), table).verdict is Verdict.FAIL
    wrong = Tale([("hold", 10, {})], times_ms={"hold": FAST}, totals={"wrong_persons": Found(1)})
    assert held(tmp_path / "c", wrong, (), table).verdict is Verdict.FAIL


def test_ten_seconds_are_told_and_no_trial_of_a_minute(tmp_path):
    row = held(tmp_path, Tale([("hold", 10, {})], times_ms={"hold": FAST}), ())
    assert [one.value for one in row.observations if one.measure == "achieved_share"] == [100.0]
    assert row.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("lacking", "open_measures"),
    [({"reads_audit": False}, {"lost_uses", "double_effects"}), ({"tells": False}, {"metrics_deviation"})],
)
def test_what_a_platform_does_not_let_be_seen_leaves_the_row_open_and_is_told(lacking, open_measures, tmp_path):
    row = held(tmp_path, half_an_hour(**lacking))
    assert row.verdict is Verdict.INCONCLUSIVE
    assert row.open() == open_measures
    assert [remark for remark in row.remarks if "EHC-PRF-001" in remark.en and remark.zh]


def test_an_invalid_load_ends_the_row_before_anything_is_observed(tmp_path):
    tale = half_an_hour(totals={"invalid": (Reason("迟发", "late"), Reason("忙", "busy")), "wrong_persons": Found(1)})
    row = row_of("EHC-PRF-001", tmp_path, tale)
    with pytest.raises(InvalidLoadError, match="late; busy") as caught:
        sustained.hold(row.sampler, row.platform)
    assert caught.value.zh == "迟发；忙"
    assert row.observations == []


@pytest.mark.parametrize(
    ("times", "verdict"),
    [
        ([(10.0, 302_940), (600.0, 2800)], Verdict.PASS),
        ([(10.0, 299_940), (250.0, 3060), (600.0, 3000)], Verdict.INCONCLUSIVE),
        ([(10.0, 287_640), (201.0, 18_360)], Verdict.FAIL),
    ],
)
def test_all_verifications_of_half_an_hour_are_judged(times, verdict, tmp_path):
    row = held(tmp_path, half_an_hour(times))
    assert (row.verdict, row.broken() | row.open()) == (
        verdict,
        set() if verdict is Verdict.PASS else {"verification_time"},
    )


def test_each_load_of_a_row_has_a_folder_of_its_own(tmp_path):
    row = row_of("EHC-PRF-001", tmp_path, half_an_hour(), half_an_hour())
    first, second = (sustained.hold(row.sampler, row.platform).record.folder.name for _ in range(2))
    assert (first, second) == ("EHC-PRF-001", "EHC-PRF-001-2")


def morning(folder, base=8.0, after=((120, {}),), times=FAST, second=None, table=None, **others):
    """EHC-PRF-002 over a morning."""
    hold = (1, 600)[table is None]
    stages = [("base", 120, {"p95_ms": base}), ("ramp", 60, {}), ("hold", hold, second or {})]
    tale = Tale([*stages, *(("after", *part) for part in after)], times_ms={"hold": times}, **others)
    row = row_of("EHC-PRF-002", folder, tale, table=table)
    offered = peak.morning(row.sampler, row.platform)
    peak.time_the_peak(row.sampler, offered)
    peak.integrity_of_the_peak(row.sampler, row.platform, offered)
    both_ends.both_ends_agree(row.sampler, row.platform, offered)
    peak.time_to_recover(row.sampler, offered)
    return row


def recovery(row):
    return [one.value for one in row.observations if one.measure == "recovery_time"]


def test_a_sound_morning_is_met_and_rises_to_five_times_the_base(tmp_path):
    row = morning(tmp_path)
    assert row.verdict is Verdict.PASS, (row.broken(), row.open())
    rates = {stage.name: stage.rate_to for stage in row.plans[0].stages}
    assert (rates["base"], rates["ramp"], rates["hold"], rates["after"]) == (20, 100, 100, 20)
    assert recovery(row) == [0.0]


@pytest.mark.parametrize(
    ("measure", "story"),
    [
        ("verification_time", {"times": [(10.0, 400), (900.0, 60)]}),
        ("achieved_share", {"second": {"ok": 90, "refused": 10}}),
        ("lost_audit_records", {"lost": 1}),
        ("double_effects", {"doubled": 1}),
        ("wrong_persons", {"totals": {"wrong_persons": Found(1)}}),
        ("reused_codes_accepted", {"totals": {"reused_accepted": Found(1)}}),
        ("metrics_deviation", {"counted": 30}),
        ("recovery_time", {"after": ((70, {"p95_ms": 400.0}), (50, {}))}),
    ],
)
def test_each_clause_of_a_morning_can_break_it(measure, story, tmp_path):
    row = morning(tmp_path, **story)
    assert row.verdict is Verdict.FAIL
    assert row.broken() == {measure}


def test_recovery_is_counted_to_the_first_seconds_at_the_base_and_not_to_one_lucky_one(tmp_path):
    slow, lucky = {"p95_ms": 400.0}, {"p95_ms": 8.0}
    row = morning(tmp_path, after=((20, slow), (1, lucky), (9, slow), (90, lucky)))
    assert 28 <= recovery(row)[0] <= 30
    assert row.verdict is Verdict.PASS


def test_who_refuses_has_not_recovered(tmp_path):
    row = morning(tmp_path, after=((30, {"p95_ms": 1.0, "refused": 5}), (90, {})))
    assert recovery(row) == [30.0]


def test_a_platform_never_seen_to_recover_has_not_recovered(tmp_path):
    assert recovery(morning(tmp_path, after=((120, {"p95_ms": 400.0}),))) == [120.0]


def test_a_watch_too_short_to_see_a_recovery_shows_nothing(tmp_path):
    row = morning(tmp_path, after=((20, {"p95_ms": 400.0}),), table=LoadTable(base_rate=20, seconds=10))
    assert recovery(row) == []
    assert row.verdict is Verdict.INCONCLUSIVE


ORDERLY = {"refused": {"http-503": 15_000, "http-429": 3}}


def overloaded(folder, stage=None, second=None, after=((120, {}),), table=None, tales=(), **others):
    """EHC-PRF-003 over a load of twice fifty requests a second."""
    stages = [("base", 30, {}), ("overload", 300, second or {"ok": 45, "refused": 55})]
    tale = Tale([*stages, *(("after", *part) for part in after)], stage_totals={"overload": stage or ORDERLY}, **others)
    row = row_of("EHC-PRF-003", folder, *tales, tale, table=table)
    found = overload.overload(row.sampler, row.platform)
    offered = overload.of_overload(found)
    overload.crashes(row.sampler, row.platform, offered)
    overload.refused_in_order(row.sampler, offered)
    overload.goodput(row.sampler, found)
    overload.recovered(row.sampler, offered)
    integrity.integrity(row.sampler, row.platform, offered)
    both_ends.both_ends_agree(row.sampler, row.platform, offered)
    return row


def test_a_sound_platform_refuses_in_order_at_twice_its_capacity(tmp_path):
    row = overloaded(tmp_path)
    assert row.verdict is Verdict.PASS, (row.broken(), row.open())
    assert {stage.name: stage.rate for stage in row.plans[0].stages} == {"base": 10, "overload": 100, "after": 10}


DISORDERLY = "rejections_without_429_or_503_and_retry_after"


@pytest.mark.parametrize(
    ("measure", "story"),
    [
        (DISORDERLY, {"stage": {"refused": {"http-503": 100}, "without_retry_after": 1}}),
        (DISORDERLY, {"stage": {"refused": {"code-114": 1}}}),
        (DISORDERLY, {"stage": {"errors": {"timeout": 1}}}),
        ("goodput_share", {"second": {"ok": 39, "refused": 61}}),
        ("recovery_time", {"after": ((61, {"refused": 1}), (59, {}))}),
        ("lost_uses", {"lost": 1}),
        ("wrong_persons", {"totals": {"wrong_persons": Found(1)}}),
    ],
)
def test_each_clause_of_an_overload_can_break_it(measure, story, tmp_path):
    row = overloaded(tmp_path, **story)
    assert row.verdict is Verdict.FAIL
    assert row.broken() == {measure}


def test_a_worker_that_counts_from_nothing_has_crashed(tmp_path):
    row = overloaded(tmp_path, begun_anew=True)
    assert row.broken() == {"crashes", "metrics_deviation"}


def test_a_platform_that_no_longer_answers_has_crashed(tmp_path):
    row = overloaded(tmp_path, dies=True)
    assert "crashes" in row.broken()


def rising(*served):
    """A search for the capacity whose steps were served as told, a share of what was asked each."""
    asked = range(10, 10 * len(served) + 1, 10)
    steps = [{"offered": rate, "ok": round(rate * part)} for rate, part in zip(asked, served, strict=True)]
    return Tale([(f"step-{number}", 10, figures) for number, figures in enumerate(steps, 1)])


def test_a_capacity_nobody_declared_is_the_most_that_was_served(tmp_path):
    table = LoadTable(rate=20)
    row = overloaded(tmp_path, second={"ok": 27, "refused": 27}, table=table, tales=(rising(1.0, 1.0, 0.9, 0.5),))
    [capacity] = [one.value for one in row.observations if one.measure == "capacity"]
    assert capacity == 27.0
    search, load = row.plans
    assert search.profile == "capacity"
    assert {stage.arrivals for stage in search.stages} == {"even"}
    assert next(stage.rate for stage in load.stages if stage.name == "overload") == 54


def test_a_generator_that_never_finds_the_capacity_is_the_benchs_trouble(tmp_path):
    row = row_of("EHC-PRF-003", tmp_path, rising(1.0, 1.0), table=LoadTable(rate=20))
    with pytest.raises(RigError, match="more than"):
        overload.overload(row.sampler, row.platform)


def test_an_audit_that_is_none_is_the_platforms_fault(tmp_path):
    tale = half_an_hour()
    tale.audit = lambda: iter([b"{"])
    row = row_of("EHC-PRF-001", tmp_path, tale)
    with pytest.raises(SubjectFaultError, match="not JSON"):
        integrity.integrity(row.sampler, row.platform, sustained.hold(row.sampler, row.platform))


def test_memory_is_looked_at_only_once_the_load_has_begun():
    class Api:
        monitor = ""

        def ask(self, *_, **__):
            return ApiAnswer(200, "process_resident_memory_bytes 1048576\n", (1, 1))

    with MemoryWatch(Api(), None) as watch:
        assert watch.samples == ()
        watch.begin()
        while not watch.samples:
            pass
    assert {held for _, held in watch.samples} == {1 << 20}


def test_what_a_platform_takes_stands_beside_the_record_and_a_worker_begun_anew_leaves_a_gap(tmp_path):
    class Api:
        monitor = ""

        def ask(self, *_, **__):
            return ApiAnswer(200, next(told), (1, 1))

    def figures(cpu_s):
        return f"process_resident_memory_bytes 1048576\nprocess_cpu_seconds_total {cpu_s}\n"

    told = (figures(cpu_s) for cpu_s in (10.0, 11.0, 0.5, 0.75))
    watch = MemoryWatch(Api(), None)
    watch.begin()
    for _ in range(4):
        watch.look()
    watch.leave(tmp_path)
    with (tmp_path / SERVER).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["resident_bytes"] for row in rows] == ["1048576"] * 4
    assert [bool(row["cpu"]) for row in rows] == [False, True, False, True]
    times = [float(row["t"]) for row in rows]
    assert times == sorted(times)


def test_a_platform_that_tells_nothing_leaves_no_figures(tmp_path):
    class Api:
        monitor = ""

        def ask(self, *_, **__):
            return ApiAnswer(404, "", (1, 1))

    watch = MemoryWatch(Api(), None)
    watch.begin()
    watch.look()
    watch.leave(tmp_path)
    assert not (tmp_path / SERVER).exists()


def test_what_the_audit_lacks_or_has_twice_is_named_by_its_tags(tmp_path):
    row = held(tmp_path, half_an_hour(lost=2, doubled=1))
    [lost] = [one for one in row.observations if one.measure == "lost_uses" and one.cell["kind"] == "verification"]
    assert (lost.value, lost.detail["acknowledged"], lost.detail["examples"]) == (2, 40, "T0000 T0001 T0039")
    assert row.broken() == {"lost_uses", "double_effects"}


def test_a_load_of_hours_asks_of_every_effect_once(tmp_path):
    """More than one report of a card, and records of others between."""
    digest = sha256(b"AB" * 32).hexdigest()
    effects = [Acknowledged("usage", f"U{number}", digest, "t", 0) for number in range(3)]
    line = json.dumps({"op": "ehc.usage.report", "outcome": "000", "card_id": "ab" * 32}).encode()
    told = []
    found = search(lambda: effects, [line, b'{"op": "api.audit.export"}', line], told.append)
    assert (found.acknowledged, found.lost, found.doubled) == ({"usage": 3}, {"usage": 1}, 0)
    assert found.examples == ("U0", "U1", "U2")
    assert told == []


def test_what_others_ask_of_somebodys_platform_is_no_contradiction_and_what_it_forgets_is(tmp_path):
    for counted, broken in ((400, set()), (39, {"metrics_deviation"})):
        row = row_of("EHC-PRF-001", tmp_path, half_an_hour(counted=counted))
        row.platform.host = None
        offered = sustained.hold(row.sampler, row.platform)
        both_ends.both_ends_agree(row.sampler, row.platform, offered)
        assert row.broken() == broken


def test_a_capacity_that_was_understated_is_the_benchs_trouble(tmp_path):
    with pytest.raises(RigError, match="served 90/s where its capacity was said to be 50/s"):
        overloaded(tmp_path, second={"ok": 90})
