"""The live log: what happens is seen by whoever watches, without a word about who it happened to."""

import json

import pytest

from reference_impl.door import live_log
from reference_impl.door.api.problems import ProblemError
from reference_impl.door.live_log import MAX_ENTRIES, MAX_WATCHERS, LiveEntry, LiveLog, Tick


@pytest.fixture
def database():
    return "sqlite"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(live_log, "TICK_S", 0.0)


def watching(api):
    """Begin to watch; give the ticks, the first of which says that watching has begun."""
    ticks = api.application.live_log.watch()

    async def following():
        return await anext(ticks)

    assert api.bench.wait(following()) == Tick(0, 0, 0, ())
    return following, ticks


def next_tick(api, following):
    for _ in range(100):
        if (tick := api.bench.wait(following())).operations:
            return tick
    return pytest.fail("nothing was told")


def next_entries(api, following):
    return next_tick(api, following).entries


def test_what_is_verified_is_seen(api, bench):
    following, ticks = watching(api)
    card_id = bench.register()
    next_entries(api, following)
    code = bench.static(card_id)
    next_entries(api, following)
    bench.verify(code)
    (entry,) = next_entries(api, following)
    assert (entry.op, entry.outcome, entry.name) == ("ehc.ehealthcode.verify", "000", "ok")
    assert (entry.org_code, entry.term_id, entry.card) == ("439900000001", bench.credentials.term_id, card_id[:8])
    bench.wait(ticks.aclose())


def test_nobody_can_draw_a_code_from_what_is_seen(api, bench, person):
    following, ticks = watching(api)
    card_id = bench.register(7)
    told = json.dumps(next_tick(api, following).as_json(), ensure_ascii=False)
    assert card_id not in told
    assert not [value for value in person(7).values() if len(value) > 2 and value in told]
    bench.wait(ticks.aclose())


def test_a_rush_is_told_by_its_newest(api, bench):
    following, ticks = watching(api)
    for serial in range(1, MAX_ENTRIES + 6):
        bench.register(serial)
    tick = next_tick(api, following)
    assert (tick.operations, tick.verified, tick.accepted) == (MAX_ENTRIES + 5, 0, 0)
    entries = tick.entries
    assert len(entries) == MAX_ENTRIES
    assert [entry.seq for entry in entries] == sorted(entry.seq for entry in entries)
    assert entries[-1].seq == max(record["seq"] for record in api.audited() if record["lane"] == entries[-1].lane)
    bench.wait(ticks.aclose())


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_whatever_was_verified_is_counted_though_only_the_newest_are_shown(api, bench, database):
    card_id = bench.register()
    code = bench.static(card_id)
    following, ticks = watching(api)
    for _ in range(MAX_ENTRIES):
        bench.verify(code)
    for forged in ("x", "y", "z"):
        bench.verify(forged)
    bench.register(2)
    tick = next_tick(api, following)
    assert (tick.operations, tick.verified, tick.accepted) == (MAX_ENTRIES + 4, MAX_ENTRIES + 3, MAX_ENTRIES)
    assert len(tick.entries) < tick.operations
    bench.wait(ticks.aclose())


def test_only_so_many_watch_and_one_who_leaves_makes_room(api, bench):
    open_ticks = [watching(api) for _ in range(MAX_WATCHERS)]
    one_more = api.application.live_log.watch()

    async def first():
        return await anext(one_more)

    with pytest.raises(ProblemError, match="at most"):
        bench.wait(first())
    bench.wait(open_ticks[0][1].aclose())
    open_ticks[0] = watching(api)
    for _, ticks in open_ticks:
        bench.wait(ticks.aclose())


def test_the_end_of_the_platform_ends_the_log(api, bench):
    _, ticks = watching(api)

    async def rest():
        api.application.stop()
        return [tick async for tick in ticks]

    assert len(bench.wait(rest())) <= 1


def test_it_is_told_as_events(api, monkeypatch):
    async def two_ticks(_log):
        yield Tick(0, 0, 0, ())
        yield Tick(60, 59, 58, (LiveEntry("w0", 7, 1, "ehc.ehealthcode.verify", "o", "t", "ABCDEF01", "000", "ok"),))

    monkeypatch.setattr(LiveLog, "watch", two_ticks)
    answer = api.ask("GET", "/live", by="auditor")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    first, second, rest = answer.text.split("\n\n")
    assert rest == ""
    told = [json.loads(event.removeprefix("data: ")) for event in (first, second)]
    assert told[0] == {"operations": 0, "verified": 0, "accepted": 0, "entries": []}
    assert (told[1]["operations"], told[1]["verified"], told[1]["accepted"]) == (60, 59, 58)
    assert told[1]["entries"][0]["seq"] == 7


@pytest.mark.parametrize("by", ["admin", "officer-a"])
def test_only_an_auditor_watches(api, by):
    assert api.ask("GET", "/live", by=by).status_code == 403
