"""The link to the national platform: nothing is lost, nothing is taken twice, each card's story is told in order."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from random import Random

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from reference_impl.cards.life_cycle import CardChange, Operation
from reference_impl.door.national_proof import WINDOW_MS
from reference_impl.door.national_stand_in import NationalStandIn
from reference_impl.keys.keyring import PassingKeys
from reference_impl.records import national_outbox as outbox
from reference_impl.records.audit import Entry
from reference_impl.records.card_events import note_change
from reference_impl.records.cross_province import CrossProvince
from reference_impl.records.national_link import ForeignCard, HttpNationalLink, LinkDownError, NotTakenError
from reference_impl.records.national_sender import (
    FIRST_DELAY_MS,
    LONGEST_DELAY_MS,
    MAX_ATTEMPTS,
    NationalSender,
    Round,
    delay_ms,
)
from reference_impl.refusals import APP_SUSPENDED, RefusalError
from reference_impl.storage.schema import AUDIT
from reference_impl.storage.schema_records import FOREIGN_CARDS, NATIONAL_OUTBOX
from reference_impl.wire.payload import parse

KEYS = {1: b"k" * 32}
A, B, C = ("0A" * 32, "0B" * 32, "0C" * 32)
FOREIGN = ForeignCard("F0" * 32, "11", "合成来客", "1", "1990-01-01")


class BrokenTransport(httpx.AsyncBaseTransport):
    """Fails by plan: before the question arrives, or after it was served so that only the answer is lost."""

    def __init__(self, app, plan):
        self.inner = httpx.ASGITransport(app)
        self.plan = plan

    async def handle_async_request(self, request):
        trouble = self.plan.pop(0) if self.plan else ""
        if trouble == "unreachable":
            raise httpx.ConnectError("nobody there", request=request)
        answer = await self.inner.handle_async_request(request)
        if trouble == "answer lost":
            raise httpx.ReadTimeout("no answer", request=request)
        if trouble == "altered":
            body = (await answer.aread()).replace(b'"name":"', b'"name":"x')
            headers = [header for header in answer.headers.raw if header[0] != b"content-length"]
            return httpx.Response(answer.status_code, headers=headers, content=body)
        return answer


@dataclass
class Nation:
    """A platform's outbox, the stand-in, and the line between them; time is turned by hand."""

    engine: object
    now: float = 1_800_000_000.0
    plan: list[str] = field(default_factory=list)
    random: object = field(default_factory=lambda: Random(1).randbytes)

    def __post_init__(self):
        self.stand_in = NationalStandIn(KEYS, self.clock)
        transport = BrokenTransport(self.stand_in.app(), self.plan)
        client = httpx.AsyncClient(transport=transport, base_url="http://nation")
        self.link = HttpNationalLink(client, lambda: PassingKeys(1, KEYS, {}), self.clock)

    def clock(self):
        return self.now

    async def transact(self, job):
        with self.engine.begin() as connection:
            return job(connection)

    def sender(self, **options):
        return NationalSender(self.transact, self.transact, self.link, self.clock, self.random, **options)

    def send(self):
        return asyncio.run(self.sender().send_due())

    def tell(self, *events):
        with self.engine.begin() as connection:
            for kind, card_id in events:
                outbox.enqueue(connection, kind, card_id, int(self.now * 1000), self.random)

    def told(self):
        return [(event["kind"], event["card_id"]) for event in self.stand_in.events]

    def rows(self):
        with self.engine.connect() as connection:
            return connection.execute(select(NATIONAL_OUTBOX).order_by(NATIONAL_OUTBOX.c.event_no)).all()

    def states(self):
        return [row.state for row in self.rows()]


@pytest.fixture
def nation(engine):
    return Nation(engine)


def test_events_are_told_once_and_each_cards_in_order(nation):
    nation.tell(("registered", A), ("registered", B), ("closed", A), ("reopened", A))
    rounds = [nation.send() for _ in range(4)]
    assert rounds == [Round(2, 0, 0, True), Round(1, 0, 0, True), Round(1, 0, 0, True), Round(0, 0, 0, True)]
    assert [kind for kind, card_id in nation.told() if card_id == A] == ["registered", "closed", "reopened"]
    assert nation.told().count(("registered", B)) == 1
    assert set(nation.states()) == {"sent"}
    event = nation.stand_in.events[0]
    assert event["province"] == "43"
    assert event["at_ms"] == int(nation.now * 1000)


def test_an_event_and_its_change_are_durable_together_or_not_at_all(nation):
    class StopError(Exception):
        pass

    def stopped():
        with nation.engine.begin() as connection:
            outbox.enqueue(connection, "registered", A, 1, nation.random)
            raise StopError

    with pytest.raises(StopError):
        stopped()
    assert nation.rows() == []


def test_nobody_there_puts_off_and_goes_on_later_for_ever(nation):
    nation.tell(("registered", A))
    for attempt in range(1, MAX_ATTEMPTS + 5):
        nation.plan[:] = ["unreachable"]
        assert nation.send() == Round(0, 1, 0, reached=False)
        (row,) = nation.rows()
        assert (row.state, row.attempts, row.fault) == ("waiting", attempt, "ConnectError")
        assert row.next_ms > nation.now * 1000
        assert nation.send() == Round(0, 0, 0, reached=True)
        nation.now = row.next_ms / 1000
    assert nation.send().sent == 1
    assert nation.told() == [("registered", A)]


def test_a_lost_answer_leads_to_the_same_event_again_and_it_is_taken_once(nation):
    nation.tell(("registered", A), ("closed", A))
    nation.plan[:] = ["answer lost"]
    assert nation.send() == Round(0, 1, 0, reached=False)
    assert nation.told() == [("registered", A)]
    nation.now += LONGEST_DELAY_MS / 1000
    assert [nation.send().sent for _ in range(3)] == [1, 1, 0]
    assert nation.told() == [("registered", A), ("closed", A)]


def test_what_is_refused_for_good_is_a_dead_letter_that_holds_back_its_card_only(nation):
    nation.tell(("registered", A), ("closed", A), ("registered", B))
    nation.stand_in.trouble["registered"] = 422
    assert nation.send() == Round(0, 0, 2, True)
    assert nation.send() == Round(0, 0, 0, True)
    assert nation.told() == []
    with nation.engine.begin() as connection:
        dead = outbox.dead_letters(connection, 0, 10)
        assert [(event.kind, event.card_id, event.fault) for event in dead] == [
            ("registered", A, "status 422"),
            ("registered", B, "status 422"),
        ]
        assert outbox.retry(connection, dead[0].event_no, int(nation.now * 1000))
        assert outbox.drop(connection, dead[1].event_no, int(nation.now * 1000))
        assert not outbox.drop(connection, dead[1].event_no, int(nation.now * 1000))
        assert not outbox.retry(connection, 999, 0)
    nation.stand_in.trouble.clear()
    assert [nation.send().sent for _ in range(3)] == [1, 1, 0]
    assert nation.told() == [("registered", A), ("closed", A)]
    assert nation.states() == ["sent", "sent", "dropped"]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_fault_of_the_receiver_is_tried_again_but_not_for_ever(nation, status):
    nation.tell(("registered", A))
    nation.stand_in.trouble["registered"] = status
    for attempt in range(MAX_ATTEMPTS):
        last = attempt == MAX_ATTEMPTS - 1
        assert nation.send() == Round(0, int(not last), int(last), True)
        nation.now += LONGEST_DELAY_MS / 1000
    assert nation.states() == ["dead"]


def test_a_sender_that_dies_between_telling_and_noting_tells_again_after_a_restart(nation):
    nation.tell(("registered", A), ("closed", A))

    async def dies(job):
        raise ConnectionError

    broken = NationalSender(nation.transact, dies, nation.link, nation.clock, nation.random)
    with pytest.raises(ConnectionError):
        asyncio.run(broken.send_due())
    assert nation.states() == ["waiting", "waiting"]
    assert [nation.send().sent for _ in range(3)] == [1, 1, 0]
    assert nation.told() == [("registered", A), ("closed", A)]


def test_an_event_settled_meanwhile_is_not_brought_back(nation):
    nation.tell(("registered", A))
    with nation.engine.begin() as connection:
        (event,) = outbox.due(connection, int(nation.now * 1000), 9)
        outbox.settle(connection, event, outbox.SENT, 1)
        outbox.put_off(connection, event, 2, "late")
    assert nation.states() == ["sent"]


def test_waiting_grows_and_is_drawn_anew():
    draws = [bytes(4), b"\xff" * 4]
    bounds = [tuple(delay_ms(failures, lambda n, draw=draw: draw) for draw in draws) for failures in (1, 2, 3, 99)]
    assert bounds[:3] == [(500, 1000), (1000, 2000), (2000, 4000)]
    assert bounds[3] == (LONGEST_DELAY_MS // 2, LONGEST_DELAY_MS)


@given(st.integers(1, 200), st.binary(min_size=4, max_size=4))
def test_waiting_is_never_none_nor_longer_than_the_longest(failures, draw):
    assert FIRST_DELAY_MS // 2 <= delay_ms(failures, lambda n: draw) <= LONGEST_DELAY_MS


def test_the_sender_waits_longer_the_longer_nobody_answers_and_then_goes_on(nation):
    nation.tell(("registered", A))
    nation.plan[:] = ["unreachable"] * 3
    pauses = []

    async def pause(seconds):
        pauses.append(seconds)
        nation.now += max(seconds, LONGEST_DELAY_MS / 1000)
        if len(pauses) == 5:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(nation.sender(pause=pause).run())
    assert 0.5 <= pauses[0] <= 1 <= pauses[1] <= 2 <= pauses[2] <= 4
    assert pauses[3:] == [1.0, 1.0]
    assert nation.told() == [("registered", A)]


def test_neither_end_believes_whoever_has_another_key(nation):
    strange = replace(nation.link, keys=lambda: PassingKeys(1, {1: b"x" * 32}, {}))
    unknown = replace(nation.link, keys=lambda: PassingKeys(2, {2: b"k" * 32}, {}))
    early = replace(nation.link, clock=lambda: nation.now - WINDOW_MS / 1000 - 1)
    nation.stand_in.cards[FOREIGN.card_id] = FOREIGN
    for link in (strange, unknown, early):
        with pytest.raises(LinkDownError, match="without proof, status 401"):
            asyncio.run(link.resolve(FOREIGN.card_id))
    assert asyncio.run(nation.link.resolve(FOREIGN.card_id)) == FOREIGN
    nation.plan[:] = ["altered"]
    with pytest.raises(LinkDownError, match="without proof"):
        asyncio.run(nation.link.resolve(FOREIGN.card_id))


def test_an_event_under_another_events_id_is_not_taken(nation):
    nation.tell(("registered", A))
    with nation.engine.connect() as connection:
        (event,) = outbox.due(connection, int(nation.now * 1000), 9)
    with pytest.raises(NotTakenError) as caught:
        asyncio.run(nation.link._ask("/events", event.body(), {"idempotency-key": "other"}))
    assert caught.value.final


def change(operation, old, new, card_id=A):
    return CardChange(card_id, operation, old, new, "reason", 7)


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        (change(Operation.ISSUE, "", "2"), "registered"),
        (change(Operation.CLOSE, "2", "3"), "closed"),
        (change(Operation.REOPEN, "3", "2"), "reopened"),
        (change(Operation.FREEZE, "2", "5"), None),
        (change(Operation.ISSUE, "2", "2"), None),
        (change(Operation.CLOSE, "3", "3"), None),
    ],
)
def test_the_nation_is_told_of_beginnings_and_ends(nation, changed, kind):
    with nation.engine.begin() as connection:
        note_change(connection, changed, "org", nation.random)
        found = [row.kind for row in connection.execute(select(NATIONAL_OUTBOX))]
    assert found == ([] if kind is None else [kind])


def test_a_platform_queues_its_cards_story(bench, person):
    card_id = bench.register()
    bench.register()
    bench.close(card_id)
    bench.close(card_id)
    bench.register()
    changed = bench.call(
        "ehc.ehealthcard.alterinfo", {"ehealth_card_id": card_id, **person(2), "name": person(1)["name"]}
    )
    new = str(changed.biz["ehealth_card_id"])
    with bench.platform.readers.connect() as connection:
        rows = connection.execute(select(NATIONAL_OUTBOX).order_by(NATIONAL_OUTBOX.c.event_no)).all()
    story = [(row.kind, row.card_id.hex().upper()) for row in rows]
    assert [kind for kind, card in story if card == card_id] == ["registered", "closed", "reopened", "closed"]
    assert [kind for kind, card in story if card == new] == ["registered"]
    assert person(1)["id_no"] not in str(rows)


@dataclass
class Window:
    """A platform that is asked about a code of another province."""

    bench: object
    nation: Nation
    link: object = None
    wait_s: float = 5.0

    def verify(self, text, require=lambda _: None):
        asked = Entry(
            0, "ehc.ehealthcode.verify", "439900000001", "hn1", "t", parse(text).card_id, detail='{"step":"1"}'
        )

        async def write(job):
            return await self.bench.platform.writer.submit(job)

        across = CrossProvince(self.link or self.nation.link, write, self.bench.clock, self.nation.random, self.wait_s)
        return self.bench.wait(across.verify(asked, require))

    def refused(self, text, **more):
        with pytest.raises(RefusalError) as caught:
            self.verify(text, **more)
        return caught.value.outcome.name

    def audited(self):
        with self.bench.platform.readers.connect() as connection:
            rows = connection.execute(select(AUDIT).order_by(AUDIT.c.seq)).all()
        assert {(row.op, row.at_ms) for row in rows} <= {("ehc.ehealthcode.verify", self.bench.now_ms())}
        return [(row.card_id, row.outcome, json.loads(row.detail)) for row in rows]


@pytest.fixture
def window(bench):
    window = Window(bench, Nation(bench.platform.engine))
    window.nation.stand_in.cards[FOREIGN.card_id] = FOREIGN
    return window


CODE = f"{FOREIGN.card_id}:1"


def test_a_card_of_another_province_is_resolved_noted_and_told(window):
    assert window.verify(CODE) == FOREIGN
    assert window.verify(CODE) == FOREIGN
    assert window.audited() == [(FOREIGN.card_id, "000", {"province": "11", "step": "1"})] * 2
    with window.bench.platform.readers.connect() as connection:
        (known,) = connection.execute(select(FOREIGN_CARDS)).all()
        told = connection.execute(select(NATIONAL_OUTBOX)).all()
    assert (known.card_id.hex().upper(), known.province) == (FOREIGN.card_id, "11")
    assert [row.kind for row in told] == ["used-across-provinces"] * 2
    assert FOREIGN.name not in str([*told, known])
    usage = {"seq_no": "1", "department_type": "d", "channel_code": "0100", "med_step_code": "010101"}
    usage |= {"time": "20270101000000", "ehealth_card_id": FOREIGN.card_id}
    assert window.bench.call("ehc.usage.report", usage).success


def test_a_card_that_no_province_knows(window):
    assert window.refused(f"{B}:1") == "unknown_card"
    assert window.audited() == [(B, "301", {"step": "1"})]


def test_a_card_the_nation_takes_for_ours_is_nobodys(window):
    window.nation.stand_in.cards[B] = msgspec.structs.replace(FOREIGN, card_id=B, province="43")
    assert window.refused(f"{B}:1") == "unknown_card"


def test_who_may_ask_no_more_when_the_nation_answers_is_told_nothing(window):
    def require(now_ms):
        assert now_ms == window.bench.now_ms()
        raise RefusalError(APP_SUSPENDED)

    assert window.refused(CODE, require=require) == "app_suspended"
    assert window.audited() == [(FOREIGN.card_id, "104", {"step": "1"})]
    with window.bench.platform.readers.connect() as connection:
        assert connection.execute(select(FOREIGN_CARDS)).all() == []


@pytest.mark.parametrize("trouble", ["unreachable", "answer lost", "altered"])
def test_without_an_answer_to_be_believed_one_is_told_to_try_again(window, trouble):
    window.nation.plan[:] = [trouble]
    assert window.refused(CODE) == "try_again"
    assert window.audited() == [(FOREIGN.card_id, "114", {"step": "1"})]
    assert window.verify(CODE) == FOREIGN


def test_an_answer_about_another_card_is_never_taken_for_this_one(window):
    window.nation.stand_in.cards[B] = FOREIGN
    assert window.refused(f"{B}:1") == "try_again"


def test_an_answer_that_takes_too_long(window):
    class Slow:
        async def resolve(self, card_id):
            await asyncio.sleep(60)

    window.link, window.wait_s = Slow(), 0.05
    assert window.refused(CODE) == "try_again"
    assert window.audited() == [(FOREIGN.card_id, "114", {"step": "1"})]
