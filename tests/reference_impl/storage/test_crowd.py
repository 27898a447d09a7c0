"""Many at once: one person gets one card, and a change of standing counts for every process."""

import asyncio
import json
import threading
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select, update

from reference_impl.cards.documents import read_document
from reference_impl.cards.issuance import Application, issue
from reference_impl.cards.real_name import StandInRegister, authenticate
from reference_impl.platform import Platform, open_platform
from reference_impl.records import audit
from reference_impl.refusals import OUTCOMES
from reference_impl.storage import epoch
from reference_impl.storage.engine import open_engine
from reference_impl.storage.schema import APPS, CARDS, PERSONS
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import seal_request
from reference_impl.wire.exchange import HttpRequest

CROWD = 50


@dataclass(frozen=True)
class Second:
    """A platform in this process as another process would run it, on an event loop of its own."""

    platform: Platform
    runner: asyncio.Runner


def counts(platform):
    with platform.readers.connect() as connection:
        return [connection.scalar(select(func.count()).select_from(table)) for table in (PERSONS, CARDS)]


def test_fifty_connections_that_issue_to_one_person_make_one_card(bench, person):
    platform, asked, now = bench.platform, person(1), bench.now_ms()
    url = platform.engine.url.render_as_string(hide_password=False)
    document = read_document(asked["id_type"], asked["id_no"], now)
    known = authenticate(StandInRegister(), document, asked["name"])
    start = threading.Barrier(CROWD)
    cards, errors = [], []

    def ask(number):
        # One engine for all would let a few through at a time.
        engine = open_engine(url)
        start.wait()
        try:
            with engine.begin() as connection:
                application = Application("1", "0403", "")
                issued = issue(
                    connection, platform.parts.keyring, known, application, {}, platform.parts.random, now + number
                )
            cards.append(issued.held.card_id)
        except Exception as error:
            errors.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert len(cards) == CROWD
    assert len(set(cards)) == 1
    assert counts(platform) == [1, 1]


@pytest.fixture
def second(bench, tmp_path, database_url):
    """A second process's platform on the same data, in this process."""
    platform = open_platform(tmp_path / "data", clock=bench.clock, database_url=database_url, lane="w1")
    # A connection belongs to the event loop it was opened on, so a process has one for all its life.
    with asyncio.Runner() as runner:
        yield Second(platform, runner)
        runner.run(platform.close())


def sealed(bench, method, biz, stamp):
    body = json.dumps(seal_request(HN_A, bench.credentials, method, biz, stamp)).encode()
    return HttpRequest("/gateway", "application/json", body)


def test_two_processes_asked_at_once_give_one_person_one_card(bench, second, person):
    method, now = "ehc.ehealthcard.register", bench.now_ms()
    answers = []

    async def crowd(platform, first):
        requests = [sealed(bench, method, person(serial), now + first + serial) for serial in range(1, 26)]
        answers.extend(
            await asyncio.gather(*(platform.gateway.answer(bench.profile, r, "127.0.0.1") for r in requests))
        )

    other = threading.Thread(target=lambda: second.runner.run(crowd(second.platform, 100)))
    other.start()
    bench.wait(crowd(bench.platform, 0))
    other.join(30)
    assert len(answers) == 50
    assert {json.loads(answer.body)["code"] for answer in answers} == {"000"}
    assert counts(bench.platform) == [25, 25]
    with bench.platform.readers.connect() as connection:
        found = audit.check(connection, bench.platform.parts.keyring.audit_versions)
    assert (found.records, found.first_bad) == (50, None)


def test_a_code_shown_to_two_processes_is_accepted_by_one(bench, second):
    codes = bench.dynamics(bench.register(), 30)
    visit = {"medstepcode": "010101", "channelcode": "0100", "terminalcode": "w"}
    now = bench.now_ms()
    outcomes = {code: [] for code in codes}

    async def show(platform, first):
        requests = [
            sealed(bench, "ehc.ehealthcode.verify", {**visit, "ehealth_code": code}, now + first + number)
            for number, code in enumerate(codes)
        ]
        answers = await asyncio.gather(*(platform.gateway.answer(bench.profile, r, "127.0.0.1") for r in requests))
        for code, answer in zip(codes, answers, strict=True):
            outcomes[code].append(OUTCOMES[json.loads(answer.body)["code"]].name)

    other = threading.Thread(target=lambda: second.runner.run(show(second.platform, 1000)))
    other.start()
    bench.wait(show(bench.platform, 2000))
    other.join(30)
    assert {tuple(sorted(pair)) for pair in outcomes.values()} == {("ok", "reused_code")}


def test_a_suspension_told_to_one_process_counts_in_the_other(bench, second):
    card_id = bench.register()
    codes = bench.dynamics(card_id, 2)
    visit = {"medstepcode": "010101", "channelcode": "0100", "terminalcode": "w"}

    async def show(code, stamp):
        request = sealed(bench, "ehc.ehealthcode.verify", {**visit, "ehealth_code": code}, stamp)
        answer = await second.platform.gateway.answer(bench.profile, request, "127.0.0.1")
        return OUTCOMES[json.loads(answer.body)["code"]].name

    def suspend(connection):
        connection.execute(update(APPS).values(state="frozen"))
        epoch.bump(connection)

    async def scenario():
        first = await show(codes[0], bench.now_ms() + 1)
        await asyncio.to_thread(bench.do, suspend)
        then = await show(codes[1], bench.now_ms() + 2)
        return first, then

    assert second.runner.run(scenario()) == ("ok", "app_suspended")
