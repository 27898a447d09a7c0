"""A code of another province: what the caller was told is what the audit says, before it is told, and the live log."""

import json

import pytest
from sqlalchemy import select, update

from reference_impl.codes.tokens import issue
from reference_impl.records.china_time import day_number
from reference_impl.records.cross_province import ASK, CrossProvince
from reference_impl.records.national_link import ForeignCard, LinkDownError
from reference_impl.records.verification_counts import counted
from reference_impl.refusals import OUTCOMES
from reference_impl.storage import epoch
from reference_impl.storage.schema import APPS, AUDIT
from reference_impl.wire.payload import DYNAMIC, build
from reference_impl.wire.vocabulary import VERIFY

FOREIGN = ForeignCard("F0" * 32, "11", "合成来客", "1", "1990-01-01")
OURS = ForeignCard("0F" * 32, "43", "合成无人", "2", "1990-01-01")
UNKNOWN = "AB" * 32


class Nation:
    """Knows two cards, or is silent; ``meanwhile`` happens while it is asked."""

    def __init__(self):
        self.silent = False
        self.asked = []
        self.meanwhile = None

    async def resolve(self, card_id):
        self.asked.append(card_id)
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.silent:
            raise LinkDownError("nobody there")
        return {card.card_id: card for card in (FOREIGN, OURS)}.get(card_id)


@pytest.fixture
def nation(bench):
    nation, platform = Nation(), bench.platform
    platform.gateway.abroad = CrossProvince(nation, platform.writer.submit, platform.clock, platform.parts.random)
    return nation


def records(bench, card_id):
    """What the audit says of a card: operation, outcome, province, step; by the number in the lane."""
    with bench.platform.readers.connect() as connection:
        rows = connection.execute(select(AUDIT).where(AUDIT.c.card_id == card_id).order_by(AUDIT.c.op, AUDIT.c.seq))
        details = [(row.op, row.outcome, json.loads(row.detail)) for row in rows]
    return [(op, outcome, detail.get("province"), detail["step"]) for op, outcome, detail in details]


@pytest.mark.parametrize(
    ("card_id", "silent", "outcome", "province"),
    [
        (FOREIGN.card_id, False, "000", "11"),
        (FOREIGN.card_id, True, "114", None),
        (OURS.card_id, False, "301", None),
        (UNKNOWN, False, "301", None),
    ],
)
def test_the_audit_and_the_live_log_say_what_the_caller_was_told(
    bench, api, nation, card_id, silent, outcome, province
):
    nation.silent = silent
    watched = api.application.live_log.watch()

    async def tick():
        return await anext(watched)

    bench.wait(tick())
    answer = bench.verify(f"{card_id}:1")
    assert (answer.code, answer.biz.get("province")) == (outcome, province)
    assert records(bench, card_id) == [(VERIFY, outcome, province, "010101"), (ASK, "000", None, "010101")]
    told = bench.wait(tick())
    assert [(entry.op, entry.outcome) for entry in told.entries if entry.op != ASK] == [(VERIFY, outcome)]
    assert (told.verified, told.accepted) == (1, int(outcome == "000"))
    with bench.platform.readers.connect() as connection:
        today = day_number(bench.now_ms())
        assert [(kind.outcome, number) for kind, number in counted(connection, today, today).items()] == [(outcome, 1)]
    bench.wait(watched.aclose())


def test_without_a_national_platform_a_card_is_unknown_at_once(bench):
    assert bench.verify(f"{FOREIGN.card_id}:1").code == "301"
    assert records(bench, FOREIGN.card_id) == [(VERIFY, "301", None, "010101")]


def test_nothing_is_told_of_an_outcome_that_is_not_on_the_audit(bench, nation):
    async def fails(_job):
        raise OSError("disk full")

    bench.platform.gateway.abroad.write = fails
    with pytest.raises(OSError, match="disk full"):
        bench.verify(f"{FOREIGN.card_id}:1")
    assert records(bench, FOREIGN.card_id) == [(ASK, "000", None, "010101")]


def test_a_dynamic_code_of_another_province_is_not_asked_for(bench, nation):
    parts = bench.platform.parts
    (token,) = issue(parts.verification.keys, UNKNOWN, bench.now_ms(), parts.random, 1)
    assert bench.verify(build(UNKNOWN, DYNAMIC, token=token)).code == "301"
    assert records(bench, UNKNOWN) == [(VERIFY, "301", None, "010101")]
    assert nation.asked == []


def test_a_request_that_is_only_repeated_is_not_passed_on(bench, nation):
    sent = []
    post = bench.post
    bench.post = lambda body: sent.append(body) or post(body)
    assert bench.verify(f"{FOREIGN.card_id}:1").code == "000"
    assert post(sent[0])["code"] == "108"
    assert nation.asked == [FOREIGN.card_id]
    assert [outcome for op, outcome, *_ in records(bench, FOREIGN.card_id) if op == VERIFY] == ["000", "108"]


def test_whoever_is_suspended_while_the_nation_is_asked_is_told_nothing_of_the_holder(bench, nation):
    async def suspend():
        def job(connection):
            connection.execute(update(APPS).values(state="frozen"))
            epoch.bump(connection)

        await bench.platform.writer.submit(job)

    nation.meanwhile = suspend
    answer = bench.verify(f"{FOREIGN.card_id}:1")
    assert (OUTCOMES[answer.code].name, answer.biz) == ("app_suspended", {})
    assert records(bench, FOREIGN.card_id) == [(VERIFY, "104", None, "010101"), (ASK, "000", None, "010101")]
