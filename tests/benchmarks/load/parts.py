"""The parts: each starts its own servers, loads them, and tells what it found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from random import Random
from urllib.parse import urlsplit

from loadtests.plan import Stage, profile
from loadtests.record import LATE_SHARE
from steps.load.growing import Rounds, percentile
from steps.load.growth import FRESH, cards_of_round
from steps.load.overload import disorderly
from steps.load.recovering import base_level_ms, recovery_s
from tests.benchmarks.load.part import Part, ms
from tests.benchmarks.load.room import VERIFICATIONS, Base, CpuWatch, Room, answers, console
from tests.benchmarks.platform import servers
from tests.benchmarks.platform.prepared import enrol, write_bodies
from tests.benchmarks.platform.run import BARE, HN_A, POSTGRES, Contestant, Results, contest
from tests.benchmarks.platform.servers import ONE_CORE

RATE, BURST = 350.0, 1000.0
CAPACITY = 300.0
"""Of the small machine that is rehearsed, so that one core of generator offers more than twice as much."""
_BODIES = 70_000
_WRK_S = 4
_PERCENTILES = (50, 95, 99)
_LADDER = (500, 1000, 1500, 2000, 2500, 3000, 4000)
_GROWTH_ROUNDS = 6
_BURSTS_S = 120.0
_OK = '"code":"000"'
_CYCLED = 10_000


def throughput(room: Room) -> Part:
    """(a) Verification against a bare server, driven by wrk, and by the generator."""
    part = Part("a", "verification ÷ bare HTTP server", ("what", "driven by", "answers/s", "µs of CPU an answer"))
    results = _wrk(room)
    for name in (BARE, HN_A):
        part.rows.append((name, "wrk", f"{results.rate(name):.0f}", f"{1e6 / results.per_cpu_s(name):.0f}"))
    part.figures["hn-a verify ÷ bare, wrk"] = results.rate(HN_A) / results.rate(BARE)
    part.figures["the same, for a CPU second"] = results.per_cpu_s(HN_A) / results.per_cpu_s(BARE)
    base, cost = room.base(room.few), {}
    with base.serve(cores=ONE_CORE) as server, servers.script("bare_server.py") as bare:
        for name, loaded in ((BARE, bare), (HN_A, server)):
            place = urlsplit(loaded.url)
            through = None if loaded is server else (place.hostname, place.port)
            watch = CpuWatch(loaded)
            with watch.looking():
                record = room.drive(
                    base,
                    server,
                    _even("steady", RATE, room.length(20)),
                    through=through,
                    mix=VERIFICATIONS,
                    reuse_share=0.0,
                )
            ended = record.totals.begun + record.totals.seconds
            cost[name] = watch.between(record.totals.begun, ended) / max(1, answers(record)) * 1e6
            rate = answers(record) / record.totals.seconds
            part.rows.append((name, "xiangka load", f"{rate:.0f}", f"{cost[name]:.0f}"))
    part.figures["hn-a verify ÷ bare, xiangka load, for a CPU second"] = cost[BARE] / cost[HN_A]
    return part


def latency(room: Room) -> Part:
    """(b) Latency at a province's rate, and during bursts."""
    part = Part(
        "b", f"latency at {RATE:g}/s with bursts of {BURST:g}/s", ("stage", "requests", "p50", "p95", "p99", "ok")
    )
    base = room.base(room.few)
    with base.serve() as server:
        record = room.drive(base, server, _bursts(room))
    for stage in record.stages:
        times = [record.percentile(q, stage.name, "verification") for q in _PERCENTILES]
        part.rows.append((stage.name, str(stage.offered), *map(ms, times), f"{stage.ok / max(1, stage.offered):.4%}"))
        part.figures |= {f"p{q} {stage.name}, ms": t for q, t in zip(_PERCENTILES, times, strict=True) if t is not None}
    part.curves["p95 of a second, ms"] = [(s.t, s.p95_ms) for s in record.seconds if s.p95_ms is not None]
    part.curves["offered a second"] = [(s.t, s.offered) for s in record.seconds]
    return part


def overload(room: Room) -> Part:
    """(c) What becomes of twice the capacity."""
    part = Part(
        "c", f"twice a capacity of {CAPACITY:g}/s", ("stage", "offered/s", "ok/s", "refused/s", "p95", "errors")
    )
    rest = CAPACITY * 0.2
    stages = (
        Stage("base", rest, rest, room.length(20)),
        Stage("full", CAPACITY, CAPACITY, room.length(20), "even"),
        Stage("overload", 2 * CAPACITY, 2 * CAPACITY, room.length(60)),
        Stage("after", rest, rest, room.length(40)),
    )
    base = room.base(room.few)
    with base.serve("--capacity", f"{CAPACITY:g}") as server:
        record = room.drive(base, server, stages)
    for stage in record.stages:
        refused, failed = sum(stage.refused.values()), sum(stage.errors.values())
        per_s = (f"{number / stage.seconds:.0f}" for number in (stage.offered, stage.ok, refused))
        part.rows.append((stage.name, *per_s, ms(record.percentile(95, stage.name, "verification")), str(failed)))
    over = next(stage for stage in record.stages if stage.name == "overload")
    served = [second.ok for second in record.seconds if second.stage == "overload"]
    part.figures["goodput ÷ capacity"] = sum(served) / len(served) / CAPACITY
    part.figures["refused with 429 or 503 and Retry-After"] = (
        sum(over.refused.values()) + sum(over.errors.values()) - sum(disorderly(over).values())
    )
    part.figures["not served otherwise"] = sum(disorderly(over).values())
    usual = base_level_ms([second for second in record.seconds if second.stage == "base"])
    recovered = recovery_s([s for s in record.seconds if s.stage == "after"], usual or 0.0)
    if recovered is None:
        room.notes.append(f"no recovery was seen within {room.length(40):g} s")
        console.print(f"  {room.notes[-1]}", style="yellow", highlight=False)
    else:
        part.figures["recovery, s"] = recovered
    for name in ("offered", "ok", "refused"):
        part.curves[f"{name} a second"] = [(second.t, getattr(second, name)) for second in record.seconds]
    return part


def growth(room: Room) -> Part:
    """(d) p95 at the larger base over p95 at the smaller one, in rounds that take turns."""
    part = Part(
        "d", f"p95 of verification, {room.many} cards ÷ {room.few}", ("cards", "verifications", "p50", "p95", "p99")
    )
    bases = room.base(room.few), room.base(room.many)
    rounds = Rounds()
    length_s = room.length(90) / _GROWTH_ROUNDS
    with ExitStack() as stack:
        served = [
            (base, stack.enter_context(base.serve()), found)
            for base, found in zip(bases, (rounds.few, rounds.many), strict=True)
        ]
        for base, server, _ in served:
            server.settle()
            room.drive(base, server, _even("warm", 100, min(10.0, room.length(10))))
        for number in range(_GROWTH_ROUNDS):
            for base, server, found in served if number % 2 == 0 else reversed(served):
                hold = (Stage("hold", 100, 100, length_s),)
                cards = cards_of_round(base.listed, number + 1)
                record = room.drive_honestly(base, server, hold, mix=FRESH, reuse_share=0.0, population=cards)
                found.append(record.histogram("verification"))
    for base, _, found in served:
        verified = sum(times for one in found for _, times in one)
        part.rows.append((str(base.cards), str(verified), *(ms(percentile(found, q / 100)) for q in _PERCENTILES)))
        part.curves[f"{base.cards} cards, p95 of a round"] = [(n, percentile([one])) for n, one in enumerate(found, 1)]
    part.figures["p95 at many ÷ p95 at few"] = 1 + rounds.growth() / 100
    part.figures["its uncertainty (k = 2)"] = rounds.uncertainty(Random(room.seed)) / 100
    return part


def generator(room: Room) -> Part:
    """(e) What one core of generator offers, against what one core of wrk asks of the same endpoint."""
    part = Part("e", "requests of one core of generator", ("rate", "offered", "late", "busiest worker", "p95"))
    base = room.base(room.few)
    steps = tuple(Stage(f"{rate}/s", rate, rate, room.length(8), "even") for rate in _LADDER)
    with base.serve(cores=ONE_CORE) as server:
        # What the first second costs both ends is of no rate.
        stages = (*_even("begin", 100, 3.0), *steps)
        record = room.drive(base, server, stages, alone=True, mix=VERIFICATIONS, reuse_share=0.0)
    best = cost = 0.0
    for stage, rate in zip(record.stages[1:], _LADDER, strict=True):
        seconds = [second for second in record.seconds if second.stage == stage.name]
        cpu = sum(second.generator_cpu for second in seconds) / max(1, len(seconds))
        part.rows.append(
            (
                stage.name,
                str(stage.offered),
                f"{stage.late / max(1, stage.offered):.2%}",
                f"{cpu:.0%}",
                ms(record.percentile(95, stage.name)),
            )
        )
        if stage.offered and stage.late <= LATE_SHARE * stage.offered and cpu < 0.9:
            best, cost = float(rate), cpu / rate
    wrk = _wrk(room)
    busy = sum(one.generator_cores for one in wrk.bursts[HN_A]) / len(wrk.bursts[HN_A])
    part.figures["highest rate kept, requests/s of one core"] = best
    part.figures["requests a CPU second of the worker at that rate"] = 1 / cost if cost else 0.0
    part.figures["requests a CPU second of wrk, same endpoint"] = wrk.rate(HN_A) / busy
    part.figures["generator ÷ wrk"] = (1 / cost if cost else 0.0) * busy / wrk.rate(HN_A)
    return part


def databases(room: Room) -> Part:
    """(f) SQLite and PostgreSQL, at one rate and at their limits."""
    part = Part("f", "SQLite and PostgreSQL", ("database", f"p50 at {RATE:g}/s", "p95", "p99", "at most, answers/s"))
    wrk = _wrk(room)
    found: dict[str, tuple[Base, str]] = {"SQLite": (room.base(room.few), HN_A)}
    if room.database is not None:
        found["PostgreSQL"] = (room.base(room.few, room.database), POSTGRES)
    for name, (base, contestant) in found.items():
        with base.serve() as server:
            server.settle()
            record = room.drive(base, server, (Stage("steady", RATE, RATE, room.length(30)),))
        times = [record.percentile(q, "steady", "verification") for q in _PERCENTILES]
        part.rows.append((name, *map(ms, times), f"{wrk.rate(contestant):.0f}"))
        part.figures |= {f"{name} p{q} at {RATE:g}/s, ms": t for q, t in zip(_PERCENTILES, times, strict=True) if t}
    if room.database is not None:
        part.figures["PostgreSQL ÷ SQLite at their limits"] = wrk.rate(POSTGRES) / wrk.rate(HN_A)
    return part


def _wrk(room: Room) -> Results:
    """What wrk gets out of a bare server and out of the platform on each database, in bursts that take turns."""
    if room.wrk is None:
        room.wrk = Results()
        file = room.folder / "bodies"
        few = room.base(room.few)
        window = enrol(few.data, "hn-a", _OK)
        # The floor answers whatever it is sent, so it may be sent the same again.
        wanted = [
            Contestant(
                BARE,
                lambda: servers.script("bare_server.py"),
                lambda: write_bodies(few.data, window, _CYCLED, file),
                again=True,
            ),
            Contestant(HN_A, lambda: few.serve(cores=ONE_CORE), lambda: write_bodies(few.data, window, _BODIES, file)),
        ]
        if room.database is not None:
            other = room.base(room.few, room.database)
            asker = enrol(other.data, "hn-a", _OK)
            wanted.append(
                Contestant(
                    POSTGRES,
                    lambda: other.serve(cores=ONE_CORE),
                    lambda: write_bodies(other.data, asker, _BODIES, file),
                )
            )
        contest(room.wrk, wanted, round(room.length(_WRK_S)), room.rounds)
    return room.wrk


def _even(name: str, rate: float, seconds: float) -> tuple[Stage, ...]:
    return (Stage(name, rate, rate, seconds, "even"),)


def _bursts(room: Room) -> tuple[Stage, ...]:
    """Two minutes of the profile, or as much of it as there is time for."""
    return profile("burst", rate=BURST, base=RATE, seconds=room.length(_BURSTS_S))


PARTS: Mapping[str, Callable[[Room], Part]] = {
    "a": throughput,
    "b": latency,
    "c": overload,
    "d": growth,
    "e": generator,
    "f": databases,
}
