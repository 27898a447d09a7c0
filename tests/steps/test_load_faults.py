"""A load on a bad way: what counts as served, what counts as done twice, when the power is cut."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from told_loads import Tale, row_of

from certification.verdicts import Verdict
from loadtests.plan import LoadPlan, profile
from loadtests.record import Acknowledged
from rigs.errors import RigError, SubjectFaultError
from rigs.roles.load import LiveSecond
from steps.load import both_ends, faults, integrity, offering
from steps.load.audit_search import search
from steps.load.effects import Effects, effects
from steps.load.outages import MOST_CUTS, Outages, cut_moments

CARD = "A" * 64


def line(op: str, outcome: str = "000", card_id: str = CARD, **detail: str) -> bytes:
    return json.dumps({"op": op, "outcome": outcome, "card_id": card_id, "detail": detail, "more": 1}).encode()


def report(number: str, counted: str = "1", outcome: str = "000") -> bytes:
    return line("ehc.usage.report", outcome, report=number, counted=counted)


def registered(card_id: str = CARD, old_state: str = "", outcome: str = "000") -> bytes:
    return line("ehc.ehealthcard.register", outcome, card_id, old_state=old_state, new_state="2")


def test_a_report_that_was_made_again_counts_once_and_a_card_is_made_once() -> None:
    audit = [
        report("r1"),
        report("r1", "0"),
        report("r2"),
        report("r1", outcome="552"),
        registered(),
        registered(old_state="2"),
    ]
    assert effects([*audit, registered("B" * 64), line("ehc.ehealthcode.verify")]) == Effects(2, 0, 2, 0)


def test_a_report_counted_again_and_a_card_made_again_are_found() -> None:
    assert effects([report("r1"), report("r2"), report("r1"), report("r1")]) == Effects(2, 2, 0, 0)
    assert effects([registered(), registered("B" * 64), registered()]) == Effects(0, 0, 2, 1)


def test_an_audit_that_nobody_can_read_is_the_platforms_fault() -> None:
    with pytest.raises(SubjectFaultError, match="not JSON"):
        effects([b"once upon a time"])


def test_a_static_code_may_be_accepted_again_after_a_lost_answer_and_a_dynamic_one_may_not() -> None:
    audit = [line("ehc.ehealthcode.verify", terminalcode=tag) for tag in ("static", "dynamic") for _ in range(2)]
    codes = {"static": f"{CARD}:1", "dynamic": f"{CARD}:0:abc"}
    shown = [
        Acknowledged("verification", tag, hashlib.sha256(code.encode()).hexdigest(), "t", 0)
        for tag, code in codes.items()
    ]
    found = search(lambda: shown, audit)
    assert (found.doubled, found.examples, sum(found.lost.values())) == (1, ("dynamic",), 0)


@given(st.floats(4, 4000), st.integers(0, 2**32))
def test_the_power_is_cut_within_the_load_and_never_close_together(seconds: float, seed: int) -> None:
    moments = cut_moments(seconds, Random(seed))
    assert 1 <= len(moments) <= MOST_CUTS
    assert moments == sorted(moments)
    assert all(0.04 * seconds < moment < 0.8 * seconds for moment in moments)
    assert all(later - before > 0.07 * seconds for before, later in pairwise(moments))


def judged(folder, seconds_of_a_minute: dict, audit: list[bytes] = (), minutes: int = 10):
    """The row over a load of so many minutes; the audit holds what is told beside what was acknowledged."""
    tale = Tale([("hold", 60 * minutes, seconds_of_a_minute)])
    row = row_of("EHC-PRF-006", folder, tale)
    row.platform.host = None
    sound = tale.audit
    tale.audit = lambda: [*sound(), *audit]
    offered = offering.offer(row.sampler, row.platform, LoadPlan("faults", "http://a", folder, profile("faults")))
    faults.served_in_the_end(row.sampler, offered)
    integrity.integrity(row.sampler, row.platform, offered)
    faults.no_effect_twice(row.sampler, row.platform, offered)
    both_ends.both_ends_agree(row.sampler, row.platform, offered)
    faults.cut_in_mid_load(row.sampler, Random(1), row.platform)
    return row


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(offering, "SETTLING_S", 0.0)


@pytest.mark.usefixtures("at_once")
class TestTheRow:
    def test_ten_minutes_in_which_all_are_served_in_the_end_are_enough(self, tmp_path):
        row = judged(tmp_path, {}, [report("r1"), report("r1", "0")])
        assert row.verdict is Verdict.PASS, (row.broken(), row.open())
        assert "power was not cut" in row.remarks[-1].en

    def test_nine_show_nothing(self, tmp_path):
        row = judged(tmp_path, {}, minutes=9)
        assert (row.verdict, row.open()) == (Verdict.INCONCLUSIVE, {"success_share"})

    @pytest.mark.parametrize(
        ("seconds", "audit", "broken"),
        [
            ({"errors": 1, "ok": 99}, [], {"success_share"}),
            ({"refused": 1, "ok": 99}, [], {"success_share"}),
            ({}, [report("r1"), report("r1")], {"double_effects"}),
            ({}, [registered(), registered()], {"double_effects"}),
        ],
    )
    def test_who_is_not_served_and_what_happens_twice_fails_it(self, tmp_path, seconds, audit, broken):
        row = judged(tmp_path, seconds, audit)
        assert (row.verdict, row.broken()) == (Verdict.FAIL, broken)


class Host:
    """A platform whose start takes so long by a clock of its own."""

    def __init__(self, takes_s: float = 1.5) -> None:
        self.now, self._takes_s = 1000.0, takes_s
        self.done: list[str] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def kill(self) -> None:
        self.done.append("killed")

    def start(self) -> float:
        self.done.append("started")
        self.now += self._takes_s
        return self._takes_s


def watched(monkeypatch, host: Host, moments: list[float], seconds: int) -> Outages:
    """A load of so many seconds, each told as soon as somebody listens again."""
    monkeypatch.setattr("steps.load.outages.time", host)
    begun, outages = host.now, Outages(host, moments, Random(1), seconds)
    for t in range(seconds):
        host.now = max(host.now, begun + t)
        assert outages.watch(LiveSecond(float(t)))
    return outages


def test_each_cut_strikes_once_and_the_platform_is_started_again(monkeypatch) -> None:
    host = Host()
    outages = watched(monkeypatch, host, [2.5, 6.0], 12)
    assert host.done == ["killed", "started"] * 2
    assert outages.moments == []
    assert outages.starts_within(1000, 12) == [1.5, 1.5]
    assert all(moment <= struck - 1000 < moment + 2 for (struck, _), moment in zip(outages.cuts, (2.5, 6), strict=True))


def test_a_platform_slow_to_start_is_never_cut_after_the_load_and_not_twice_at_once(monkeypatch) -> None:
    host = Host(takes_s=25.0)
    outages = watched(monkeypatch, host, [5.0, 15.0, 25.0, 35.0, 45.0], 60)
    assert (len(outages.cuts), outages.moments) == (3, [])
    assert len(outages.starts_within(1000, 60)) == 3
    host = Host(takes_s=70.0)
    assert len(watched(monkeypatch, host, [5.0, 15.0, 25.0], 60).cuts) == 1


def test_cuts_that_struck_when_the_load_had_ended_do_not_count(monkeypatch) -> None:
    outages = watched(monkeypatch, Host(), [2.5, 6.0], 12)
    assert outages.starts_within(1000, 5) == [1.5]
    for begun, seconds in ((1000, 2), (1010, 12)):
        with pytest.raises(RigError, match="no power cut struck while the load was under way"):
            outages.starts_within(begun, seconds)
