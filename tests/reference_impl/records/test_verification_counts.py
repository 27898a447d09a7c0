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
from reference_impl.wire.vocabulary import REGISTER, VERIFY

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


def test_the_audit_forgets_what_was_counted_which_stays_counted_and_no_verification_before(ledger):
    old = [entry("org-1", "010101", "0100", "000", FROM_MS + n) for n in range(6)]
    ledger.write("w0", old[:4])
    ledger.write("w1", [replace(old[0], op="ehc.test")])
    now_ms = FROM_MS + 200 * DAY_MS

    def forget():
        with ledger.engine.begin() as connection:
            gone = audit.forget(connection, KEY, now_ms)
            audit.pending(connection).clear()
        return gone

    # Of a lane that nobody counted goes what is no verification.
    assert forget() == 1
    assert told(ledger) == truth(old[:4])
    assert [count(ledger), count(ledger)] == [4, 0]
    ledger.write("w0", [replace(old[4], op="ehc.test"), *old[4:]])
    assert forget() == 5
    ledger.write("w0", [entry("org-1", "010105", "0100", "000", now_ms)])
    assert forget() == 0
    assert [count(ledger), count(ledger)] == [3, 0]
    assert forget() == 2
    assert told(ledger) == truth(old)
    assert ledger.check().first_bad is None


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


@pytest.mark.parametrize("database", ["postgresql"])
def test_whoever_counts_after_another_counted_further_counts_nothing_again(ledger, monkeypatch):
    """On SQLite nobody else gets so far: whoever writes has the whole database."""
    entries = [entry("org-1", "010101", "0100", "000", FROM_MS + n) for n in range(6)]
    ledger.write("w0", entries[:3])
    sound, others = verification_counts.unless_held, []

    def unless_held(*of):
        if not others:
            others.append(1)
            ledger.write("w0", entries[3:])
            others.append(count(ledger))
        return sound(*of)

    monkeypatch.setattr(verification_counts, "unless_held", unless_held)
    assert count(ledger) == 0
    assert others == [1, 6]
    assert [told(ledger), count(ledger), told(ledger)] == [truth(entries), 0, truth(entries)]


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
    """Run ``keep_counting`` for so many pauses; return these."""
    pauses = []

    async def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == rounds:
            raise EnoughError

    with pytest.raises(EnoughError):
        asyncio.run(keep_counting(write, pause))
    return pauses


def test_counting_goes_on_until_it_has_caught_up_and_outlives_a_database_that_is_away():
    answers = iter([verification_counts.COUNT_AT_ONCE, OSError("away"), verification_counts.COUNT_AT_ONCE, 5, 0])

    async def write(_job):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    waited = COUNT_EVERY_S
    assert run_counting(write, 5) == [0, waited, 0, waited, waited]


def test_a_platform_forgets_nothing_before_it_has_counted_it(bench, monkeypatch):
    """Not even what came after it had caught up once: here counting fails from then on."""
    codes = bench.dynamics(bench.register(), 5)
    away = []

    def counts(connection):
        if away:
            raise OSError
        return count_on(connection)

    monkeypatch.setattr(verification_counts, "COUNT_EVERY_S", 0.01)
    monkeypatch.setattr(verification_counts, "count_on", counts)
    monkeypatch.setattr(audit_retention, "PURGE_EVERY_S", 0.01)

    async def keep_up(until):
        upkeep = asyncio.create_task(bench.platform.keep_up())
        while not await bench.platform.writer.submit(until):
            await asyncio.sleep(0.01)
        upkeep.cancel()
        await asyncio.wait([upkeep])

    def forgotten(operation, connection):
        return not connection.scalar(select(func.count()).where(AUDIT.c.op == operation))

    def everything_counted(connection):
        return not connection.execute(verification_counts._WAITING).all()

    bench.wait(keep_up(everything_counted))
    away.append(True)
    assert [bench.verify(code).code for code in codes] == ["000"] * 5
    bench.clock.now += (audit_retention.RETENTION_DAYS + 1) * DAY_MS / 1000
    bench.wait(keep_up(partial(forgotten, REGISTER)))
    with bench.platform.readers.connect() as connection:
        assert not forgotten(VERIFY, connection)
    away.clear()
    bench.wait(keep_up(partial(forgotten, VERIFY)))
    with bench.platform.readers.connect() as connection:
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
