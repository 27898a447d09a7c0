"""The row of the generator's own punctuality: it can be met and be left open, and only a platform's faults fail it."""

from __future__ import annotations

import pytest
from told_loads import Tale, row_of

from certification.verdicts import Verdict
from loadtests.record import Found
from rigs.bench_tables.load import LoadTable
from rigs.errors import InvalidLoadError
from steps.load import both_ends, honesty, integrity, offering


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(offering, "SETTLING_S", 0.0)


def compared(folder, delays, seconds=60, table=None, **others):
    """EHC-PRF-005 over a minute."""
    row = row_of(
        "EHC-PRF-005", folder, Tale([("hold", seconds, {})], delays_ms={"hold": delays}, **others), table=table
    )
    offered = honesty.offer_a_minute(row.sampler, row.platform)
    honesty.compare_with_plan(row.sampler, offered)
    integrity.integrity(row.sampler, row.platform, offered)
    both_ends.both_ends_agree(row.sampler, row.platform, offered)
    return row


def test_an_honest_minute_is_met_and_half_of_one_is_not(tmp_path):
    assert compared(tmp_path / "a", [(0.4, 4000)]).verdict is Verdict.PASS
    assert compared(tmp_path / "b", [(0.4, 4000)], seconds=30).verdict is Verdict.INCONCLUSIVE
    assert compared(tmp_path / "c", [(0.4, 2000)]).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("measure", "story"),
    [
        ("lost_uses", {"lost": 1}),
        ("metrics_deviation", {"counted": 39}),
        ("wrong_persons", {"totals": {"wrong_persons": Found(1)}}),
    ],
)
def test_what_a_platform_does_wrong_can_break_the_row_of_honesty(measure, story, tmp_path):
    assert compared(tmp_path, [(0.4, 4000)], **story).broken() == {measure}


@pytest.mark.parametrize(
    ("sends", "late", "verdict"),
    [
        (21_000, 10, Verdict.PASS),
        (21_000, 20, Verdict.INCONCLUSIVE),
        (4000, 1, Verdict.INCONCLUSIVE),
        (2900, 1, Verdict.INCONCLUSIVE),
    ],
)
def test_few_late_requests_of_the_generators_never_fail_a_platform(sends, late, verdict, tmp_path):
    row = compared(tmp_path, [(0.4, sends - late), (80.0, late)])
    assert (row.verdict, row.broken()) == (verdict, set())


def test_more_late_requests_than_may_be_make_the_load_invalid_and_are_no_verdict(tmp_path):
    with pytest.raises(InvalidLoadError, match="9 of 4009 requests left more than 50 ms"):
        compared(tmp_path, [(0.4, 4000), (80.0, 9)])


def test_bursts_are_what_is_offered_where_they_were_chosen(tmp_path):
    table = LoadTable(profile="burst")
    row = compared(tmp_path, [(0.4, 4000)], table=table)
    assert {stage.name for stage in row.plans[0].stages} == {"steady", "burst"}
    assert row.plans[0].profile == "burst"
