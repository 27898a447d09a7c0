"""What the national platform may ask of this one: who proves nothing learns nothing, and nobody learns much."""

import asyncio
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from random import Random

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from reference_impl.access.gate import AccessGate
from reference_impl.access.rate_limit import Quotas
from reference_impl.door import national_questions
from reference_impl.door.national_proof import WINDOW_MS
from reference_impl.door.strictness import StrictFace
from reference_impl.keys.keyring import PassingKeys, open_keyring
from reference_impl.keys.life_cycle import rotate
from reference_impl.keys.purposes import NATIONAL_LINK
from reference_impl.records.national_link import (
    HEADERS,
    NATION,
    PLATFORM_QUERY_PATH,
    QUERY_PATH,
    ForeignCard,
    HttpNationalLink,
    LinkDownError,
    NotTakenError,
    answer_proof,
    question_proof,
)
from reference_impl.storage.schema import AUDIT, CARDS
from xiangka.cli import main

UNKNOWN = "AB" * 32
HOUR_MS = 3_600_000


class Nation:
    """Asks the platform of a test, by the link or by hand."""

    def __init__(self, bench, asgi):
        self.bench = bench
        self.asgi = asgi
        self.keys = bench.platform.parts.keyring.national_link

    def sent(self, request):
        async def send():
            transport = httpx.ASGITransport(self.asgi)
            async with httpx.AsyncClient(transport=transport, base_url="http://platform") as client:
                return await request(client)

        return self.bench.wait(send())

    def resolve(self, card_id):
        return self.sent(
            lambda client: HttpNationalLink(
                client, lambda: self.keys, self.bench.clock, PLATFORM_QUERY_PATH, NATION
            ).resolve(card_id)
        )

    def ask(self, body, *, at_ms=None, key=None, version=None, path=PLATFORM_QUERY_PATH, **changes):
        moment = str(self.bench.now_ms() if at_ms is None else at_ms)
        proof = question_proof(key or self.keys.keys[self.keys.active], path, moment, body)
        headers = {
            HEADERS.moment: moment,
            HEADERS.version: str(self.keys.active if version is None else version),
            HEADERS.proof: proof,
        } | changes.pop("headers", {})
        body = changes.pop("instead", body)
        answer = self.sent(lambda client: client.post(PLATFORM_QUERY_PATH, content=body, headers=headers))
        proved = answer_proof(self.keys.keys[self.keys.active], proof, answer.status_code, answer.content)
        return answer.status_code, answer.headers.get(HEADERS.proof) == proved


@pytest.fixture
def nation(bench, make_api):
    return Nation(bench, make_api(bench, national=True).application.asgi)


def question(card_id, **more):
    return json.dumps({"card_id": card_id, **more}).encode()


def records(bench):
    with bench.platform.readers.connect() as connection:
        rows = connection.execute(select(AUDIT).where(AUDIT.c.op == "national.query").order_by(AUDIT.c.seq))
        return [(row.actor, row.card_id, row.outcome) for row in rows]


def test_an_active_card_is_told_of_and_of_its_holder_little(nation, bench, person):
    card_id = bench.register(1)
    assert nation.resolve(card_id) == ForeignCard(card_id, "43", person(1)["name"], "1", "1990-01-01")
    assert records(bench) == [("national-platform", card_id, "000")]
    assert set(ForeignCard.__struct_fields__) == {"card_id", "province", "name", "gender", "birthday"}


def test_a_card_that_is_not_active_is_as_unknown_as_one_that_is_not_here(nation, bench):
    card_id = bench.register(1)
    for state in ("0", "1", "3", "4", "5"):
        bench.clock.now += 1
        bench.do(lambda connection, state=state: connection.execute(update(CARDS).values(state=state)))
        assert nation.resolve(card_id) is None, state
    assert nation.resolve(UNKNOWN) is None
    assert records(bench) == [("national-platform", card_id, "301")] * 5 + [("national-platform", UNKNOWN, "301")]


def test_a_card_whose_static_code_would_be_refused_here_is_not_told_of(open_bench, make_api):
    bench = open_bench(only_given_out=True)
    nation = Nation(bench, make_api(bench, national=True).application.asgi)
    card_id = bench.register(1)
    assert nation.resolve(card_id) is None
    assert bench.verify(bench.static(card_id)).success
    bench.clock.now += 1
    assert nation.resolve(card_id).card_id == card_id


def test_a_question_is_answered_once(nation, bench):
    asked = question(bench.register(1))
    assert nation.ask(asked) == (200, True)
    assert nation.ask(asked) == (409, True)
    assert nation.ask(asked, at_ms=bench.now_ms() + 1) == (200, True)
    assert [outcome for *_, outcome in records(bench)] == ["000", "108", "000"]


@pytest.mark.parametrize("side", [-1, 1])
def test_a_question_is_fresh_for_five_minutes_before_and_after(nation, bench, side):
    asked, now = question(bench.register(1)), bench.now_ms()
    assert nation.ask(asked, at_ms=now + side * WINDOW_MS) == (200, True)
    assert nation.ask(asked, at_ms=now + side * (WINDOW_MS + 1)) == (401, False)
    assert len(records(bench)) == 1


UNPROVED = {
    "another key": {"key": b"x" * 32},
    "another version": {"version": 2},
    "no version": {"headers": {HEADERS.version: ""}},
    "a version that is no number": {"headers": {HEADERS.version: "1x"}},
    "no proof": {"headers": {HEADERS.proof: ""}},
    "another proof": {"headers": {HEADERS.proof: "0" * 64}},
    "another time": {"headers": {HEADERS.moment: "1800000000001"}},
    "no time": {"headers": {HEADERS.moment: ""}},
    "another body": {"instead": question("0A" * 32)},
    "our own question to the nation": {"path": QUERY_PATH},
}


def test_who_proves_nothing_is_told_nothing_and_leaves_nothing(nation, bench):
    asked = question(bench.register(1))
    for case, changes in UNPROVED.items():
        assert nation.ask(asked, **changes) == (401, False), case
    for body in (b"", b"[]", b"null", b'{"card_id":"a","card_id":"b"}', b"\xff"):
        assert nation.ask(body) == (401, False), body
    assert records(bench) == []
    assert nation.ask(asked) == (200, True)


OTHERWISE = [
    b"{}",
    question("0a" * 32),
    question("0A" * 31),
    question(7),
    question(None),
    question("0A" * 32, name="张三"),
]


def test_what_is_asked_otherwise_is_refused_and_not_repeated(nation, bench):
    for body in OTHERWISE:
        assert nation.ask(body) == (422, True), body
    assert records(bench) == [("national-platform", "", "110")] * len(OTHERWISE)
    with pytest.raises(NotTakenError) as caught:
        nation.resolve("0a" * 32)
    assert caught.value.final


def test_a_key_made_a_moment_ago_is_known_and_the_old_one_until_its_grace_is_over(nation, bench):
    card_id, old = bench.register(1), nation.keys
    root, random = bench.platform.memory.root, bench.platform.parts.random
    bench.do(lambda connection: rotate(connection, root, NATIONAL_LINK, HOUR_MS, bench.now_ms(), random))
    # Nothing was written since, so that this process has not met the new key yet.
    assert bench.platform.parts.keyring.national_link.active == old.active
    assert nation.ask(question(card_id), key=b"x" * 32, version=old.active + 1) == (401, False)
    new = bench.platform.parts.keyring.national_link
    assert new.active == old.active + 1
    nation.keys = PassingKeys(new.active, new.keys, {})
    assert nation.resolve(card_id).card_id == card_id
    nation.keys = old
    bench.clock.now += 1
    assert nation.resolve(card_id).card_id == card_id
    bench.clock.now += HOUR_MS / 1000
    with pytest.raises(LinkDownError, match="status 401"):
        nation.resolve(card_id)


@pytest.fixture
def jobs(bench, monkeypatch):
    """What the platform's writer was given to do."""
    sound, given = bench.platform.writer.submit, []

    def submit(job):
        given.append(job)
        return sound(job)

    monkeypatch.setattr(bench.platform.writer, "submit", submit)
    return given


@pytest.fixture
def seconds():
    return [0.0]


@pytest.fixture
def timed(bench, seconds):
    """The national platform asking at a route whose seconds the test counts."""
    asgi = FastAPI()
    asgi.include_router(national_questions.routes(bench.platform, lambda: seconds[0]))
    return Nation(bench, asgi)


def test_who_proves_nothing_gives_the_writer_one_job_a_second_at_most(timed, seconds, jobs):
    active = timed.keys.active
    for version in (active + 2, 99, active):
        assert timed.ask(question(UNKNOWN), key=b"x" * 32, version=version) == (401, False)
    assert not jobs
    for expected in (1, 2):
        for _ in range(20):
            assert timed.ask(question(UNKNOWN), key=b"x" * 32, version=active + 1) == (401, False)
        assert len(jobs) == expected
        seconds[0] += national_questions.FOLLOW_EVERY_S


def test_questions_that_come_together_under_a_new_key_are_all_answered(timed, bench):
    card_id, old = bench.register(1), timed.keys
    root, random = bench.platform.memory.root, bench.platform.parts.random
    bench.do(lambda connection: rotate(connection, root, NATIONAL_LINK, HOUR_MS, bench.now_ms(), random))
    with bench.platform.readers.connect() as connection:
        new = open_keyring(connection, root, bench.now_ms()).national_link
    assert bench.platform.parts.keyring.national_link.active == old.active
    timed.keys = new

    async def together():
        transport = httpx.ASGITransport(timed.asgi)
        async with httpx.AsyncClient(transport=transport, base_url="http://platform") as client:
            clocks = (lambda ahead=ahead: bench.clock() + ahead for ahead in range(5))
            links = [HttpNationalLink(client, lambda: new, c, PLATFORM_QUERY_PATH, NATION) for c in clocks]
            return await asyncio.gather(*(link.resolve(card_id) for link in links))

    assert [card.card_id for card in bench.wait(together())] == [card_id] * 5


def test_who_asks_too_often_must_wait_before_anything_is_looked_at(open_bench, make_api):
    bench = open_bench(gate=AccessGate(Quotas(address=1), clock=lambda: 0.0))
    api = make_api(bench, national=True)
    answers = [api.plain("POST", PLATFORM_QUERY_PATH, content=b"{}") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 429, 429]
    assert answers[-1].json()["code"] == "rate_limited"
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert api.plain("POST", PLATFORM_QUERY_PATH, content=b"{}", client=("127.0.0.2", 1)).status_code == 401
    told = api.application.api.openapi()["paths"][PLATFORM_QUERY_PATH]["post"]["responses"]["429"]
    assert set(told["headers"]) == {"Retry-After"}


def test_a_key_revoked_while_the_question_was_read_is_worth_nothing(nation, bench, monkeypatch):
    card_id = bench.register(1)
    sound = bench.platform.writer.submit

    def submit(job):
        bench.platform.parts.keyring = without_link(bench.platform.parts.keyring)
        return sound(job)

    monkeypatch.setattr(bench.platform.writer, "submit", submit)
    assert nation.ask(question(card_id)) == (401, False)
    monkeypatch.undo()
    assert records(bench) == []


def without_link(keyring):
    return replace(keyring, national_link=PassingKeys(9, {9: b"y" * 32}, {}))


def test_a_strict_platform_leaves_what_is_proved_as_it_is(nation, bench):
    card_id = bench.register(1)
    nation.asgi = StrictFace(nation.asgi, Random(1))
    for _ in range(5):
        bench.clock.now += 1
        assert nation.resolve(card_id).card_id == card_id


def test_without_a_national_platform_nobody_may_ask(bench, make_api):
    nation = Nation(bench, make_api(bench).application.asgi)
    assert nation.ask(question(bench.register(1))) == (404, False)


def asked(*arguments):
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as errors:
        code = main(["platform", "national-stand-in", *map(str, arguments)])
    return code, out.getvalue(), errors.getvalue()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_stand_in_asks_a_served_platform(serve, tmp_path, person, workers):
    served = serve(national="http://127.0.0.1:9", workers=workers, strict=0.0)
    card_id = served.caller().register(1)
    for _ in range(3):
        code, out, _ = asked("--data", tmp_path / "data", "--ask", card_id)
        assert code == 0
        assert json.loads(out) == {
            "known": True,
            "card_id": card_id,
            "province": "43",
            "name": person(1)["name"],
            "gender": "1",
            "birthday": "1990-01-01",
        }
    assert asked("--data", tmp_path / "data", "--ask", UNKNOWN) == (1, '{"known": false}\n', "")
    code, out, errors = asked("--data", tmp_path / "data", "--ask", "0a" * 32)
    assert (code, out) == (3, "")
    assert "serve it with --national URL" in errors
    served.stop()
    assert "no answer that can be believed" in asked("--data", tmp_path / "data", "--ask", card_id)[2]
