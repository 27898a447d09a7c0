"""A register of persons that takes its time: it holds up whoever asked and nobody else, and not for ever."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, update

from reference_impl.cards.real_name import Answer
from reference_impl.door import preparing
from reference_impl.refusals import OUTCOMES
from reference_impl.storage import epoch
from reference_impl.storage.schema import APPS, AUDIT, CARDS, TERMINALS
from reference_impl.wire.vocabulary import REGISTER, REGISTER_BATCH

PATIENCE_S = 20


class Register:
    """Knows everybody, and says so once it is let; ``begun`` counts those who wait for it."""

    def __init__(self):
        self.asked = []
        self.begun = threading.Semaphore(0)
        self.let = threading.Event()

    def check(self, document, name):
        self.asked.append(name)
        self.begun.release()
        assert self.let.wait(PATIENCE_S)
        return Answer.MATCH

    def is_asked(self):
        assert self.begun.acquire(timeout=PATIENCE_S)


@pytest.fixture
def register():
    register = Register()
    yield register
    register.let.set()


@pytest.fixture
def slow(open_bench, register):
    """A platform with the slow register; its callers wait as long as a test does."""
    bench = open_bench(real_name=register)
    bench.platform.gateway.preparing.wait_s = PATIENCE_S
    return bench


@pytest.fixture
def begin():
    with ThreadPoolExecutor(8) as threads:
        yield threads.submit


def outcome(response):
    return OUTCOMES[response.code].name


def audited(bench, op):
    with bench.platform.readers.connect() as connection:
        return list(connection.scalars(select(AUDIT.c.outcome).where(AUDIT.c.op == op).order_by(AUDIT.c.seq)))


def cards(bench):
    with bench.platform.readers.connect() as connection:
        return connection.scalar(select(func.count()).select_from(CARDS))


def known(bench, register):
    """A card made while the register was quick."""
    register.let.set()
    card_id = bench.register(1)
    register.is_asked()
    register.let.clear()
    return card_id


def test_others_are_served_while_one_waits(slow, register, begin):
    codes = slow.dynamics(known(slow, register), 20)
    waiting = begin(slow.register, 2)
    register.is_asked()
    assert {outcome(slow.verify(code)) for code in codes} == {"ok"}
    assert not waiting.done()
    register.let.set()
    assert len(waiting.result(PATIENCE_S)) == 64


def test_who_waited_long_enough_is_told_to_try_again_and_has_no_card(slow, register, person):
    slow.platform.gateway.preparing.wait_s = 0.1
    assert outcome(slow.call(REGISTER, person(1))) == "try_again"
    assert audited(slow, REGISTER) == ["114"]
    register.let.set()
    assert outcome(slow.call("ehc.ehealthcode.query", person(1))) == "unknown_card"
    slow.platform.gateway.preparing.wait_s = PATIENCE_S
    assert outcome(slow.call(REGISTER, person(1))) == "ok"
    assert cards(slow) == 1


def test_more_than_there_are_threads_for_are_told_to_try_again(slow, register, begin, person, monkeypatch):
    monkeypatch.setattr(slow.platform.gateway.preparing, "_threads", ThreadPoolExecutor(1))
    first = begin(slow.register, 1)
    register.is_asked()
    slow.platform.gateway.preparing.wait_s = 0.1
    assert outcome(slow.call(REGISTER, person(2))) == "try_again"
    register.let.set()
    assert len(first.result(PATIENCE_S)) == 64
    assert register.asked == [person(1)["name"]]


SUSPENDED = update(APPS).values(state="frozen")
REVOKED = update(TERMINALS).values(state="frozen")
NARROWED = update(APPS).values(scopes="verify")


def change(bench, statement):
    def job(connection):
        connection.execute(statement)
        epoch.bump(connection)

    bench.do(job)


STANDING = [(SUSPENDED, "app_suspended"), (REVOKED, "terminal_refused"), (NARROWED, "out_of_scope")]


@pytest.mark.parametrize(("statement", "name"), STANDING)
def test_nobody_is_asked_about_for_one_who_may_not_ask(slow, register, person, statement, name):
    change(slow, statement)
    assert outcome(slow.call(REGISTER, person(1))) == name
    assert register.asked == []
    assert [OUTCOMES[code].name for code in audited(slow, REGISTER)] == [name]


@pytest.mark.parametrize(("statement", "name"), STANDING)
def test_who_may_not_ask_any_more_when_the_register_answers_gets_nothing(
    slow, register, begin, person, statement, name
):
    waiting = begin(slow.call, REGISTER, person(1))
    register.is_asked()
    change(slow, statement)
    register.let.set()
    assert outcome(waiting.result(PATIENCE_S)) == name
    assert cards(slow) == 0


def test_the_register_is_not_asked_again_for_a_request_that_is_only_repeated(slow, register, person):
    sent = []
    post = slow.post
    slow.post = lambda body: sent.append(body) or post(body)
    register.let.set()
    assert outcome(slow.call(REGISTER, person(1))) == "ok"
    assert OUTCOMES[post(sent[0])["code"]].name == "replayed_request"
    assert register.asked == [person(1)["name"]]


def test_two_who_ask_at_once_for_one_person_get_one_card(slow, register, begin):
    waiting = [begin(slow.register, 1)]
    register.is_asked()
    waiting.append(begin(slow.register, 1))
    register.is_asked()
    register.let.set()
    assert len({answer.result(PATIENCE_S) for answer in waiting}) == 1
    assert cards(slow) == 1
    assert audited(slow, REGISTER) == ["000", "000"]


def test_codes_made_while_the_register_was_asked_do_not_outlive_a_closing(slow, register, begin):
    card_id = known(slow, register)
    waiting = begin(slow.register, 1)
    register.is_asked()
    slow.clock.now += 1
    old = slow.dynamic(card_id)
    slow.clock.now += 1
    slow.close(card_id)
    slow.clock.now += 1
    register.let.set()
    assert waiting.result(PATIENCE_S) == card_id
    assert outcome(slow.verify(old)) == "expired_code"
    assert outcome(slow.verify(slow.dynamic(card_id))) == "ok"


def test_a_register_that_fails_lets_nobody_in(open_bench, person):
    class Broken:
        def check(self, document, name):
            raise OSError(name)

    bench = open_bench(real_name=Broken())
    assert outcome(bench.call(REGISTER, person(1))) == "register_unavailable"
    assert cards(bench) == 0
    assert audited(bench, REGISTER) == ["207"]


def test_of_a_batch_whoever_was_asked_about_in_time_gets_a_card(open_bench, person, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(preparing, "monotonic", lambda: now[0])

    class Second:
        def check(self, document, name):
            now[0] += 1
            return Answer.MATCH

    bench = open_bench(real_name=Second())
    asked = {"items": json.dumps([person(serial) for serial in range(1, 6)], ensure_ascii=False), "clerk_id": "C1"}
    answer = bench.call(REGISTER_BATCH, asked)
    in_time = int(preparing.WAIT_S * preparing.ASKING_SHARE)
    assert answer.biz["outcome"] == ("000",) * in_time + ("207",) * (5 - in_time)
    assert cards(bench) == in_time
