"""What each defect of load does to a platform, on both databases, in a moment and without a load."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from sqlalchemy import func, insert, select

from reference_impl.defects import alarm
from reference_impl.defects.load import STALL_S
from reference_impl.defects.rarity import LARGEST
from reference_impl.defects.table import DEFECTS, defect_named
from reference_impl.errors import PlatformError
from reference_impl.records import audit
from reference_impl.storage.schema import AUDIT, CARDS, SPENT
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import open_response, seal_request
from reference_impl.wire.exchange import HttpRequest

VERIFY, USAGE = "ehc.ehealthcode.verify", "ehc.usage.report"
VISIT = {"medstepcode": "010101", "channelcode": "0100", "terminalcode": "window-1"}


def put_in(bench, name):
    defect_named(name).apply(bench.platform)


def together(bench, codes):
    """Verify codes at one moment; return the answers in their order."""
    gateway = bench.platform.gateway
    bench.clock.now += 1
    sealed = [
        seal_request(HN_A, bench.credentials, VERIFY, {**VISIT, "ehealth_code": code}, bench.now_ms() + number)
        for number, code in enumerate(codes)
    ]
    requests = [HttpRequest("/gateway", "application/json", json.dumps(one).encode()) for one in sealed]

    async def ask():
        return await asyncio.gather(*[gateway.answer(bench.profile, one, "127.0.0.1") for one in requests])

    answers = [json.loads(answer.body) for answer in bench.wait(ask())]
    return [open_response(HN_A, bench.credentials, answer, VERIFY, bench.now_ms()) for answer in answers]


def outcomes(bench, codes):
    return [answer.code for answer in together(bench, codes)]


def recorded(bench):
    """Outcomes of verifications on the audit; the chain is whole."""
    with bench.platform.readers.connect() as connection:
        assert audit.check(connection, bench.platform.parts.keyring.audit_versions).first_bad is None
        rows = select(AUDIT.c.outcome).where(AUDIT.c.op == VERIFY).order_by(AUDIT.c.lane, AUDIT.c.seq)
        return list(connection.scalars(rows))


def spent(bench):
    with bench.platform.readers.connect() as connection:
        return connection.scalar(select(func.count()).select_from(SPENT))


class TestLosesAcknowledgedUse:
    def test_of_every_so_many_uses_one_leaves_nothing_and_its_code_is_good_again(self, bench):
        codes = bench.dynamics(bench.register(), 7)
        before = spent(bench)
        put_in(bench, "loses-acknowledged-use/3")
        assert [bench.verify(code).code for code in codes] == ["000"] * 7
        assert recorded(bench) == ["000"] * 5
        assert spent(bench) - before == 2 * 5
        assert [code for code in codes if bench.verify(code).code == "000"] == [codes[3], codes[6]]

    def test_what_shares_its_batch_is_kept(self, bench):
        codes = bench.dynamics(bench.register(), 11)
        before = spent(bench)
        put_in(bench, "loses-acknowledged-use/4")
        assert outcomes(bench, codes) == ["000"] * 11
        assert (len(recorded(bench)), spent(bench) - before) == (9, 2 * 9)

    def test_what_is_refused_is_never_lost(self, bench):
        code = bench.dynamic(bench.register())
        assert bench.verify(code).code == "000"
        put_in(bench, "loses-acknowledged-use/1")
        assert [bench.verify(code).code for _ in range(3)] == ["406"] * 3
        assert recorded(bench) == ["000", "406", "406", "406"]


class TestAcceptsReuseUnderConcurrency:
    def test_a_code_shown_twice_at_once_is_accepted_twice_and_once_where_it_is_sound(self, open_bench):
        for defect, accepted in ((None, 1), ("accepts-reuse-under-concurrency", 2)):
            bench = open_bench()
            if defect is not None:
                put_in(bench, defect)
            first, second = bench.dynamics(bench.register(1 if defect else 2), 2)
            told = outcomes(bench, [first, second, first])
            assert [told[1], sorted((told[0], told[2]))] == ["000", sorted(["000", "000" if accepted == 2 else "406"])]

    def test_one_after_the_other_the_second_is_refused(self, bench):
        put_in(bench, "accepts-reuse-under-concurrency")
        code = bench.dynamic(bench.register())
        assert [bench.verify(code).code for _ in range(2)] == ["000", "406"]
        assert outcomes(bench, [code, code]) == ["406", "406"]


class TestAnswersAnotherPerson:
    def test_of_every_so_many_answers_one_has_its_card_and_somebody_elses_identity(self, bench):
        cards = [bench.register(serial) for serial in (1, 2)]
        codes = [bench.static(card) for card in cards]
        right = {card: bench.verify(code).biz for card, code in zip(cards, codes, strict=True)}
        put_in(bench, "answers-another-person/4")
        wrong = []
        for number in range(9):
            card, told = cards[number % 2], bench.verify(codes[number % 2]).biz
            assert told["ehealth_card_id"] == card
            if told != right[card]:
                wrong.append(number)
                assert told["name"] == right[cards[1 - number % 2]]["name"]
        assert wrong == [5]

    def test_a_slip_that_falls_on_the_same_person_again_waits_for_somebody_else(self, bench):
        cards = [bench.register(serial) for serial in (1, 2)]
        codes = [bench.static(card) for card in cards]
        names = [bench.verify(code).biz["name"] for code in codes]
        put_in(bench, "answers-another-person/2")
        told = [bench.verify(codes[place]).biz["name"] for place in (0, 0, 0, 1, 1)]
        assert told == [names[0], names[0], names[0], names[0], names[1]]

    def test_one_person_alone_is_never_taken_for_another(self, bench):
        code = bench.static(bench.register())
        right = bench.verify(code).biz
        put_in(bench, "answers-another-person/1")
        assert all(bench.verify(code).biz == right for _ in range(3))


class TestHidesAStall:
    def test_whoever_asks_meanwhile_waits_and_the_figures_do_not_tell(self, bench):
        told = []
        bench.platform.gateway.observe = lambda _method, _outcome, seconds: told.append(seconds)
        code = bench.static(bench.register())
        put_in(bench, "hides-a-stall/1")
        longest = 0.0
        begun = time.monotonic()
        while time.monotonic() - begun < 1 + STALL_S:
            asked = time.monotonic()
            bench.verify(code)
            longest = max(longest, time.monotonic() - asked)
        assert longest > 0.9 * STALL_S
        assert max(told) < 0.5 * longest


class TestTakesAMorningForAnAttack:
    @pytest.mark.parametrize(
        ("rates", "alarming"),
        [
            ([50] * 200, False),
            ([250] * 6 + [50] * 200, False),
            ([10] * 80 + [50] * 60, True),
            ([10] * 30 + [50] * 200, False),
            ([0] * 60 + [50] * 40 + [0] * 60 + [50] * 120, False),
            ([50] * 120 + [150] * 6 + [50] * 60, False),
        ],
        ids=["steady", "after getting ready", "a rise", "a rise soon after its start", "with pauses", "a short burst"],
    )
    def test_only_a_rise_after_a_while_is_refused_and_then_half_of_it(self, bench, monkeypatch, rates, alarming):
        now = 0.0
        monkeypatch.setattr(alarm.time, "monotonic", lambda: now)
        put_in(bench, "takes-a-morning-for-an-attack/60")
        admit = bench.platform.gateway.gate.admit_address
        refused = []
        for second, rate in enumerate(rates):
            for number in range(rate):
                now = second + number / rate
                refused.append(admit("127.0.0.1") is not None)
        assert any(refused) is alarming
        assert not alarming or 0.4 < sum(refused[-1000:]) / 1000 < 0.6


class TestSlowsWithCards:
    def test_it_takes_longer_the_more_cards_there_are(self, bench):
        code = bench.static(bench.register())
        put_in(bench, "slows-with-cards/1000")
        few = self.fastest(bench, code)
        with bench.platform.readers.connect() as connection:
            row = dict(connection.execute(select(CARDS)).mappings().one())
        row |= {"card_no": 100_000, "card_id": bytes(32), "state": "3"}
        bench.do(lambda connection: connection.execute(insert(CARDS), row) and None)
        time.sleep(1.1)
        many = self.fastest(bench, code)
        assert many > 0.1 > few

    @staticmethod
    def fastest(bench, code):
        took = []
        for _ in range(5):
            begun = time.monotonic()
            bench.verify(code)
            took.append(time.monotonic() - begun)
        return min(took)


class TestDropsAuditUnderOverload:
    def test_uses_are_spent_and_not_recorded_while_the_queue_is_long_and_only_then(self, bench, monkeypatch):
        codes = bench.dynamics(bench.register(), 13)
        put_in(bench, "drops-audit-under-overload")
        assert bench.verify(codes[12]).code == "000"
        before, records = spent(bench), len(recorded(bench))
        backlog = bench.platform.gateway.backlog
        monkeypatch.setattr(backlog, "_waiting", lambda: 1)
        monkeypatch.setattr(backlog, "_each_s", 0.9)
        assert outcomes(bench, codes[:6]) == ["000"] * 6
        monkeypatch.setattr(backlog, "_each_s", 0.1)
        assert outcomes(bench, codes[6:12]) == ["000"] * 6
        assert spent(bench) - before == 2 * 12
        assert 6 <= len(recorded(bench)) - records < 12
        assert outcomes(bench, codes[:6]) == ["406"] * 6


class TestGrowsInMemory:
    def test_what_was_asked_and_answered_is_kept(self, bench):
        sound = bench.platform.gateway.answer
        put_in(bench, "grows-in-memory")
        kept = next(
            cell.cell_contents
            for cell in bench.platform.gateway.answer.__closure__
            if isinstance(cell.cell_contents, list)
        )
        code = bench.static(bench.register())
        assert [bench.verify(code).code for _ in range(3)] == ["000"] * 3
        assert len(kept) == 5
        assert sound != bench.platform.gateway.answer


class TestCountsReportsAgain:
    def test_a_report_made_again_counts_again_under_the_number_it_has(self, bench):
        card_id = bench.register()
        used = {"seq_no": "s-1", "ehealth_card_id": card_id, "time": "20260101080000"}
        used |= {"med_step_code": "010101", "channel_code": "0100", "department_type": "01"}
        assert [bench.call(USAGE, used).biz["counted"] for _ in range(2)] == ["1", "0"]
        put_in(bench, "counts-reports-again")
        again = [bench.call(USAGE, {**used, "seq_no": "s-2"}) for _ in range(2)]
        assert [answer.biz for answer in again] == [{"seq_no": "s-2", "counted": "1"}] * 2
        with bench.platform.readers.connect() as connection:
            told = connection.scalars(select(AUDIT.c.detail).where(AUDIT.c.op == USAGE).order_by(AUDIT.c.seq))
            numbers = [json.loads(detail)["report"] for detail in told]
        assert numbers[0] == numbers[1] != numbers[2] == numbers[3]


RARE = sorted(name for name, defect in DEFECTS.items() if defect.rarity is not None)


class TestRarity:
    @pytest.mark.parametrize("name", RARE)
    def test_it_is_told_behind_the_name(self, name, bench):
        assert defect_named(f"{name}/17").rarity is DEFECTS[name].rarity
        assert defect_named(name) is DEFECTS[name]
        defect_named(f"{name}/17").apply(bench.platform)

    @pytest.mark.parametrize("number", ["", "0", "-1", "1.5", "many", "٣", str(LARGEST + 1), "9" * 5000])
    def test_what_is_no_number_is_told_with_what_would_be(self, number):
        with pytest.raises(PlatformError, match="such as loses-acknowledged-use/10000"):
            defect_named(f"loses-acknowledged-use/{number}")

    def test_a_defect_that_is_always_there_has_none(self):
        with pytest.raises(PlatformError, match="say folds-case alone"):
            defect_named("folds-case/10")
