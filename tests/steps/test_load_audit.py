"""What one load left on the audit says nothing for the next one, whose people and cards may be the same."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from told_loads import BEGUN, CARD, USAGE, Tale, Told, row_of

from loadtests.people import PLACES, beforehand
from loadtests.record import Acknowledged
from steps.load import integrity, offering, sustained
from steps.load.audit_search import search


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(offering, "SETTLING_S", 0.0)


def report(**detail: str) -> bytes:
    return json.dumps({"op": USAGE, "outcome": "000", "card_id": CARD, "detail": detail}).encode()


def acknowledged(number: int) -> Acknowledged:
    return Acknowledged("usage", f"U{number}", sha256(CARD.encode()).hexdigest(), "t", 0)


@pytest.mark.parametrize(
    ("audit", "lost", "more"),
    [
        ([report(report="1", counted="1"), report(report="2", counted="1")], 0, 0),
        ([report(report="1", counted="1"), report(report="1", counted="0")], 1, 0),
        ([report(report=n, counted="1") for n in "123"], 0, 1),
        ([report(), report()], 0, 0),
    ],
)
def test_a_report_made_again_stands_in_for_no_other_and_what_nobody_acknowledged_is_counted(audit, lost, more):
    found = search(lambda: [acknowledged(1), acknowledged(2)], audit)
    assert (found.lost, found.unacknowledged) == ({"usage": lost}, {"usage": more})


class TimedAudit(Told):
    """An audit whose records of use were made at some moment, seconds from the first of the load."""

    def __init__(self, tale: Tale, at_s: float) -> None:
        super().__init__(tale)
        self._uses_ms = (BEGUN + at_s) * 1000

    def audit_lines(self, from_ms=0):
        lines = super().audit_lines(from_ms)
        return (line for line in lines if USAGE not in line.decode() or self._uses_ms >= from_ms)


@pytest.mark.parametrize(("at_s", "lost"), [(-5.0, 1), (-0.5, 0), (0.0, 0), (30.0, 0)])
def test_a_report_of_the_load_before_stands_in_for_none_that_this_one_lost(at_s, lost, tmp_path):
    tale = Tale([("hold", 60, {})])
    row = row_of("EHC-PRF-001", tmp_path, tale)
    row.platform.api = lambda: TimedAudit(tale, at_s)
    integrity.integrity(row.sampler, row.platform, sustained.hold(row.sampler, row.platform))
    found = {one.cell["kind"]: one.value for one in row.observations if one.measure == "lost_uses"}
    assert found == {"verification": 0, "usage": lost}


def test_every_load_of_a_run_has_residents_of_its_own(tmp_path):
    row = row_of("EHC-PRF-001", tmp_path, *[Tale([("hold", 1, {})])] * 3)
    for _ in range(3):
        sustained.hold(row.sampler, row.platform)
    places = [set(beforehand(plan.lot, plan.registered)) for plan in row.plans]
    assert len(set.union(*places)) == 3 * row.plans[0].registered
    assert max(set.union(*places)) < PLACES
