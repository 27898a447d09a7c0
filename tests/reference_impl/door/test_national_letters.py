"""Dead letters through the API: seen, tried again, given up; each decision is on the audit."""

import pytest
from sqlalchemy import select

from reference_impl.records import national_outbox as outbox
from reference_impl.storage.schema_records import NATIONAL_OUTBOX

A, B = "0A" * 32, "0B" * 32
LETTERS = "/national/dead-letters"


@pytest.fixture
def letters(bench):
    """Two dead letters of A and B, and an event of A that waits behind the first; the numbers of the dead."""

    def job(connection):
        now, random = bench.now_ms(), bench.platform.parts.random
        for card_id in (A, B):
            outbox.enqueue(connection, outbox.REGISTERED, card_id, now, random)
        for event in outbox.due(connection, now, 10):
            outbox.settle(connection, event, outbox.DEAD, now, "status 422")
        outbox.enqueue(connection, outbox.CLOSED, A, now, random)
        return [event.event_no for event in outbox.dead_letters(connection, 0, 10)]

    return bench.do(job)


def due(bench):
    return bench.do(lambda c: [(event.kind, event.card_id) for event in outbox.due(c, bench.now_ms(), 10)])


def states(bench):
    with bench.platform.readers.connect() as connection:
        return list(connection.scalars(select(NATIONAL_OUTBOX.c.state).order_by(NATIONAL_OUTBOX.c.event_no)))


def decisions(api):
    told = [record for record in api.audited() if record["op"].startswith("api.national.")]
    return [(r["op"], r["actor"], r["outcome"], r["detail"]["event_no"]) for r in told]


@pytest.mark.parametrize("by", ["admin", "auditor"])
def test_dead_letters_are_shown_oldest_first_and_no_others(api, bench, letters, by):
    page = api.ask("GET", LETTERS, by=by).json()
    assert [letter["event_no"] for letter in page["dead_letters"]] == letters
    assert page["next"] is None
    first = page["dead_letters"][0]
    assert len(first.pop("event_id")) == 32
    assert first == {
        "event_no": letters[0],
        "card_id": A,
        "kind": "registered",
        "at_ms": bench.now_ms(),
        "attempts": 0,
        "fault": "status 422",
    }


def test_many_are_shown_page_by_page(api, letters):
    first = api.ask("GET", LETTERS, params={"limit": 1}).json()
    assert [letter["event_no"] for letter in first["dead_letters"]] == letters[:1]
    rest = api.ask("GET", LETTERS, params={"limit": 1, "after": first["next"]}).json()
    assert [letter["event_no"] for letter in rest["dead_letters"]] == letters[1:]
    assert rest["next"] is None


def test_one_tried_again_is_due_before_the_later_events_of_its_card(api, bench, letters):
    assert due(bench) == []
    answer = api.ask("POST", f"{LETTERS}/{letters[0]}/retry")
    assert (answer.status_code, answer.json()) == (200, {"event_no": letters[0], "state": "waiting"})
    assert due(bench) == [("registered", A)]
    assert states(bench) == ["waiting", "dead", "waiting"]
    assert decisions(api) == [("api.national.retry", "admin", "000", str(letters[0]))]


def test_one_given_up_lets_the_later_events_of_its_card_go(api, bench, letters):
    answer = api.ask("POST", f"{LETTERS}/{letters[0]}/drop")
    assert (answer.status_code, answer.json()) == (200, {"event_no": letters[0], "state": "dropped"})
    assert due(bench) == [("closed", A)]
    assert states(bench) == ["dropped", "dead", "waiting"]
    assert decisions(api) == [("api.national.drop", "admin", "000", str(letters[0]))]


@pytest.mark.parametrize("act", ["retry", "drop"])
def test_what_is_no_dead_letter_is_unknown_and_the_refusal_is_on_the_audit(api, bench, letters, act):
    assert api.ask("POST", f"{LETTERS}/{letters[1]}/drop").status_code == 200
    before = states(bench)
    for event_no in (letters[1], letters[1] + 1, 9999):
        answer = api.ask("POST", f"{LETTERS}/{event_no}/{act}")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_dead_letter")
        assert decisions(api)[-1] == (f"api.national.{act}", "admin", "558", str(event_no))
    assert states(bench) == before


@pytest.mark.parametrize("act", ["retry", "drop"])
@pytest.mark.parametrize(("by", "status"), [("auditor", 403), ("officer-a", 403), ("", 401)])
def test_nobody_but_an_admin_decides(api, bench, letters, act, by, status):
    assert api.ask("POST", f"{LETTERS}/{letters[0]}/{act}", by=by).status_code == status
    assert states(bench) == ["dead", "dead", "waiting"]
    assert decisions(api) == []


@pytest.mark.parametrize(("by", "status"), [("officer-a", 403), ("", 401)])
def test_not_everybody_sees_them(api, letters, by, status):
    assert api.ask("GET", LETTERS, by=by).status_code == status


@pytest.mark.parametrize("event_no", ["0", "-1", "x", str(1 << 53)])
def test_what_is_no_number_of_an_event(api, event_no):
    assert api.ask("POST", f"{LETTERS}/{event_no}/drop").status_code == 422
