"""Verifications counted behind the audit: the same numbers whatever has been counted already, and none lost with it."""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import partial
from random import Random
from threading import Thread

import pytest
from audit_ledger import KEY
from sqlalchemy import event, func, select

from reference_impl.records import audit, audit_retention, verification_counts
from reference_impl.records.china_time import DAY_MS, day_number, start_of
from reference_impl.records.cross_province import ASK
from reference_impl.records.statistics import figures, period
from reference_impl.records.verification_counts import COUNT_EVERY_S, Kind, count_on, counted, keep_counting
from reference_impl.storage.schema import AUDIT
from reference_impl.storage.schema_records import VERIFICATION_COUNTS
from reference_impl.wire.vocabulary import VERIFY

FROM_MS = start_of(date(2026, 11, 1))
DAYS = 3
LANES = ("w0", "w1", "w1j")


def entry(org, step, channel, outcome, at_ms, op=VERIFY, terminal="window"):
    said = {"step": step, "channel": channel, "terminalcode": terminal} if step else {}
    return audit.Entry(at_ms, op, org, "app", "term", "AB" * 32, outcome, "", audit.detail_text(said))


def some_entries(random, number):
    return [
        entry(
            random.choice(("org-1", "org-2")),
            random.choice(("010101", "010105", "")),
            random.choice(("0100", "0200")),
            random.choice(("000", "000", "000", "406")),
            FROM_MS + random.randrange(-DAY_MS, (DAYS + 1) * DAY_MS),
            random.choice((VERIFY, VERIFY, "ehc.ehealthcode.generate")),
            f"window-{random.randrange(5)}",
        )
        for _ in range(number)
    ]


def kind_of(record):
    said = json.loads(record.detail)
    return Kind(record.org_code, said.get("step", ""), said.get("channel", ""), record.outcome)


def truth(entries):
    inside = [e for e in entries if e.op == VERIFY and FROM_MS <= e.at_ms < FROM_MS + DAYS * DAY_MS]
    return Counter(kind_of(e) for e in inside)


def told(ledger):
    first = day_number(FROM_MS)
    with ledger.engine.connect() as connection:
        return counted(connection, first, first + DAYS - 1)


def count(ledger, *limit):
    with ledger.engine.begin() as connection:
        return count_on(connection, *limit)


def test_the_numbers_are_those_of_the_audit_however_much_of_it_was_counted(ledger):
    random = Random(15)
    entries = []
    for _ in range(12):
        new = some_entries(random, random.randrange(1, 40))
        ledger.write(random.choice(LANES), new)
        entries += new
        assert told(ledger) == truth(entries)
        passed = count(ledger, random.randrange(1, 60))
        assert told(ledger) == truth(entries), passed
    while count(ledger):
        pass
    assert told(ledger) == truth(entries)
    with ledger.engine.connect() as connection:
        assert connection.scalar(select(func.sum(VERIFICATION_COUNTS.c.verifications))) == sum(
            e.op == VERIFY for e in entries
        )


def test_no_more_is_passed_than_was_asked_for_and_in_the_end_nothing(ledger):
    for lane in LANES:
        ledger.write(lane, some_entries(Random(lane), 10))
    assert [count(ledger, 12) for _ in range(4)] == [12, 12, 6, 0]


def test_what_the_audit_forgets_stays_counted_and_what_it_forgot_before_is_passed_over(ledger):
    old = [entry("org-1", "010101", "0100", "000", FROM_MS + n) for n in range(6)]
    ledger.write("w0", old[:4])
    now_ms = FROM_MS + 200 * DAY_MS

    def forget():
        with ledger.engine.begin() as connection:
            gone = audit.forget(connection, KEY, now_ms)
            audit.pending(connection).clear()
        return gone

    assert count(ledger) == 4
    assert forget() == 4
    assert told(ledger) == truth(old[:4])
    ledger.write("w0", old[4:])
    assert forget() == 2
    ledger.write("w0", [entry("org-1", "010105", "0100", "000", now_ms)])
    assert [count(ledger), count(ledger)] == [1, 0]
    assert told(ledger) == truth(old[:4])


def test_a_record_whose_detail_was_changed_is_still_one_verification(ledger):
    ledger.write("w0", [entry("org-1", "010101", "0100", "000", FROM_MS)])
    ledger.do(AUDIT.update().values(detail="not JSON"))
    expected = {Kind("org-1", "", "", "000"): 1}
    assert told(ledger) == expected
    count(ledger)
    assert told(ledger) == expected


def test_a_code_of_another_province_counts_by_what_was_answered_in_the_end(ledger):
    asked = entry("org-1", "010101", "0100", "000", FROM_MS)
    asking = replace(asked, op=ASK)
    answered = replace(asked, detail=audit.detail_text(json.loads(asked.detail) | {"province": "44"}))
    ledger.write("w0", [asking])
    ledger.write("w0j", [answered])
    for _ in range(2):
        assert told(ledger) == {Kind("org-1", "010101", "0100", "000"): 1}
        count(ledger)


def test_two_that_count_at_once_count_once_and_whoever_asks_meanwhile_is_told_the_same(ledger):
    entries = some_entries(Random(4), 300)
    for first, lane in enumerate(LANES):
        ledger.write(lane, entries[first :: len(LANES)])
    wrong, expected = [], truth(entries)

    def go():
        try:
            while count(ledger, 10):
                pass
        except Exception as error:
            wrong.append(error)

    def ask():
        for _ in range(40):
            if (found := told(ledger)) != expected:
                wrong.append(found)

    threads = [Thread(target=work) for work in (go, go, ask, ask)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert told(ledger) == truth(entries)


@pytest.mark.parametrize("database", ["sqlite"])
def test_what_is_asked_beyond_what_was_counted_is_looked_up_and_not_searched_for(ledger):
    plans = []
    ledger.write("w0", some_entries(Random(1), 3))

    @event.listens_for(ledger.engine, "before_cursor_execute")
    def explain(_connection, cursor, statement, parameters, *_):
        if statement.lstrip("( ").startswith("SELECT"):
            plans.extend(row[-1] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    told(ledger)
    count(ledger)
    of_audit = [step for step in plans if step.split()[1] == "audit"]
    assert of_audit
    assert all("PRIMARY KEY (lane=? AND seq>?" in step for step in of_audit), of_audit


class EnoughError(Exception):
    """Ends what would go on for ever."""


def run_counting(write, rounds):
    """Run ``keep_counting`` for so many pauses; return these, and how often it had caught up before each."""
    pauses, caught = [], []

    async def pause(seconds):
        pauses.append((seconds, len(caught)))
        if len(pauses) == rounds:
            raise EnoughError

    with pytest.raises(EnoughError):
        asyncio.run(keep_counting(write, lambda: caught.append(1), pause))
    return pauses


def test_counting_goes_on_until_it_has_caught_up_and_outlives_a_database_that_is_away():
    answers = iter([verification_counts.COUNT_AT_ONCE, OSError("away"), verification_counts.COUNT_AT_ONCE, 5, 0])

    async def write(_job):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    waited = COUNT_EVERY_S
    assert run_counting(write, 5) == [(0, 0), (waited, 0), (0, 0), (waited, 1), (waited, 2)]


def test_a_platform_forgets_nothing_before_it_has_counted_it(bench, monkeypatch):
    monkeypatch.setattr(verification_counts, "COUNT_AT_ONCE", 1)
    monkeypatch.setattr(verification_counts, "count_on", partial(count_on, limit=1))
    card_id = bench.register()
    codes = bench.dynamics(card_id, 5)
    assert [bench.verify(code).code for code in codes] == ["000"] * 5
    bench.clock.now += (audit_retention.RETENTION_DAYS + 1) * DAY_MS / 1000

    async def keep_up():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.gather(bench.platform.keep_up(), ended())

    async def ended():
        while await bench.platform.writer.submit(kept):
            await asyncio.sleep(0.01)
        raise TimeoutError

    def kept(connection):
        return connection.scalar(select(func.count()).where(AUDIT.c.op == VERIFY))

    bench.wait(keep_up())
    with bench.platform.readers.connect() as connection:
        assert kept(connection) == 0
        assert counted(connection, 0, day_number(bench.now_ms())).total() == 5


def test_the_figures_are_of_what_was_asked_and_answered(bench, enrol):
    card_id = bench.register()
    used, fresh = bench.dynamics(card_id, 2)
    window, kiosk = ({"medstepcode": "010101", "channelcode": c, "terminalcode": "t"} for c in ("0100", "0200"))
    for code, where in ((used, window), (used, window), (fresh, kiosk), ("no code", kiosk)):
        bench.call(VERIFY, {**where, "ehealth_code": code})
    other = enrol("439900000002")
    other.call(VERIFY, {**window, "medstepcode": "010199", "ehealth_code": used})
    for _ in range(2):
        with bench.platform.readers.connect() as connection:
            found = figures(connection, *period(None, None, bench.now_ms()))
            before = figures(connection, *period(None, date(2027, 1, 14), bench.now_ms()))
        assert found.figure("verifications_by_step").rows == (
            ("", "", 1, 0, 0.0),
            ("010101", "register", 4, 2, 0.5),
        )
        assert [row[0:4:2] for row in found.figure("verifications_by_channel").rows] == [
            ("", 1),
            ("0100", 2),
            ("0200", 2),
        ]
        assert {row[1]: row[2:] for row in found.figure("verifications_by_outcome").rows} == {
            "ok": (2, 0.4),
            "bad_field": (1, 0.2),
            "malformed_code": (1, 0.2),
            "reused_code": (1, 0.2),
        }
        assert [(row[0], *row[2:]) for row in found.figure("verifications_by_institution").rows] == [
            ("439900000001", 4, 2, 0.5),
            ("439900000002", 1, 0, 0.0),
        ]
        assert before.figure("verifications_by_outcome").rows == ()
        bench.do(count_on)
