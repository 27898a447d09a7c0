"""Makes the folder of a load out of thin air, by the writer that real loads use: healthy, stalling or long.

``python tests/reports/synthetic_load.py FOLDER`` writes a run folder with every load row to look at.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from certification.catalogue import VERSION, SubjectKind, Text, load_catalogue
from certification.observations import Observation
from certification.verdicts import Circumstance, Verdict, exit_code, judge_run, overall_verdict
from loadtests.plan import MORNING, LoadPlan, Stage, profile
from loadtests.record import Found, LoadTotals, Reason, Second, StageTotals, WorkerTotals
from loadtests.record_writer import RecordWriter

RUN = "20261127-083000-cd34"
LATE = Reason(
    zh="迟发超过 50 ms 的请求占 0.42 %，超过 0.1 %", en="0.42 % of the requests left over 50 ms late, more than 0.1 %"
)


@dataclass
class Weather:
    """How the platform fares in a load.

    Attributes:
        capacity: right answers a second at most; what is more is refused.
        stall: second in which nothing is answered and everything waits, ms are then ``stall_ms``.
        stall_ms: latency of a stalled second.
        errors: errors by kind in the second of the stall.
        typical_ms: median latency of a verification.
        invalid: why the load is invalid.
        thin: share of the requests whose latency is kept, for long loads.
        server: whether the platform tells its processor time and memory.
    """

    capacity: float = math.inf
    stall: int | None = None
    stall_ms: float = 2100.0
    errors: Mapping[str, int] = field(default_factory=dict)
    typical_ms: float = 9.0
    invalid: tuple[Reason, ...] = ()
    thin: float = 1.0
    server: bool = True
    wrong_persons: int = 0


def write_load(folder: Path, name: str, stages: tuple[Stage, ...], weather: Weather | None = None) -> Path:
    """Write a record into ``folder``; returns it."""
    weather = weather or Weather()
    chance = Random(7)
    plan = LoadPlan(
        name, "http://127.0.0.1:8640", Path("credentials.json"), stages, dialects=("hn-a", "hn-b"), workers=2
    )
    totals = {stage.name: Counter() for stage in stages}
    lines = []
    with RecordWriter(folder, 1_795_000_000.0) as writer:
        t = 0
        for stage in stages:
            for within in range(max(1, round(stage.seconds))):
                lines.append(_second(writer, t, stage, within, weather, chance, totals[stage.name]))
                t += 1
        writer.finish(_totals(plan, stages, totals, weather, t))
    if weather.server:
        rows = [
            f"{s.t},{0.12 + 0.0021 * s.ok + 0.02 * chance.random():.3f},{(90 + 6 * math.tanh(s.t / 300)) * 2**20:.0f}"
            for s in lines
        ]
        (folder / "server.csv").write_text("t,cpu,resident_bytes\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return folder


def _second(
    writer: RecordWriter, t: int, stage: Stage, within: int, weather: Weather, chance: Random, totals: Counter[str]
) -> Second:
    rate = stage.rate + (stage.rate_to - stage.rate) * (within + 0.5) / stage.seconds
    offered = max(0, round(chance.gauss(rate, math.sqrt(rate))))
    stalled = t == weather.stall
    errors = sum(weather.errors.values()) if stalled else 0
    ok = min(
        offered - errors, round(weather.capacity * chance.uniform(0.97, 1.0)) if weather.capacity < 1e9 else offered
    )
    refused = offered - errors - ok
    full = weather.typical_ms * (1 + 8 * (refused > 0))
    tried = {kind: max(1, round(offered * share * weather.thin)) for kind, share in MORNING.items()}
    latencies = {
        kind: [
            (weather.stall_ms * chance.random() if stalled else 0) + chance.lognormvariate(math.log(full), 0.35)
            for _ in range(count)
        ]
        for kind, count in tried.items()
    }
    every = sorted(ms for values in latencies.values() for ms in values)
    second = Second(
        t, stage.name, offered, offered, ok, refused, errors, 0, round(rate * 0.01),
        every[len(every) // 2], every[int(0.95 * len(every))], every[int(0.99 * len(every))],
        min(0.2 + rate / 1500 + 0.04 * chance.random(), 1.0),
    )  # fmt: skip
    delays = [
        round(1000 * min(chance.lognormvariate(-0.9, 0.5), 40)) for _ in range(max(1, round(offered * weather.thin)))
    ]
    writer.second(
        second,
        {(stage.name, kind): [round(1000 * ms) for ms in values] for kind, values in latencies.items()},
        {(stage.name, "verification"): delays},
    )
    totals.update(offered=offered, ok=ok, refused=refused, errors=errors)
    if stalled:
        totals.update({f"error {kind}": count for kind, count in weather.errors.items()})
    return second


def _totals(
    plan: LoadPlan, stages: tuple[Stage, ...], totals: Mapping[str, Counter[str]], weather: Weather, seconds: int
) -> LoadTotals:
    found = tuple(
        StageTotals(
            name,
            sum(stage.seconds for stage in stages if stage.name == name),
            offered=of["offered"],
            sent=of["offered"],
            ok=of["ok"],
            refused={"http-503": of["refused"] - of["refused"] // 9, "code-112": of["refused"] // 9}
            if of["refused"]
            else {},
            errors={key[6:]: count for key, count in of.items() if key.startswith("error ")},
            late=4 if weather.invalid == () else 42,
        )
        for name, of in totals.items()
    )
    sent = sum(stage.sent for stage in found)
    workers = tuple(WorkerTotals(f"w{n}", sent // 2, 2, 0.41, 0.63) for n in range(2))
    people = Found(weather.wrong_persons, ("xk-000417",) if weather.wrong_persons else ())
    return LoadTotals(plan, 1_795_000_000.0, seconds, False, found, weather.invalid, people, workers=workers)


def write_run(folder: Path, observations: list[Observation], planned: set[str], invalid: bool = False) -> Path:
    """Write the other files of a run below ``folder`` around its loads."""
    catalogue = load_catalogue()
    rows = [row.id for row in catalogue.of(SubjectKind.LOAD)]
    left_out = Circumstance(Verdict.NOT_ASSESSED, Text(zh="不在计划内", en="not planned"))
    circumstances = {row: left_out for row in rows if row not in planned}
    if invalid:
        circumstances |= {row: Circumstance(Verdict.RIG_ERROR, Text(zh=LATE.zh, en=LATE.en)) for row in planned}
    judged = judge_run(catalogue, rows, observations, circumstances, plan=frozenset(planned), emulated=True, options=())
    identity = {"vendor": "湘卡", "model": "参考平台", "serial": "east", "hardware": "2 cores", "firmware": "0.1"}
    record = {
        "schema": 1,
        "run": RUN,
        "started": "2026-11-27T08:30:00+08:00",
        "finished": "2026-11-27T09:11:00+08:00",
        "state": "finished",
        "overall": "INVALID" if invalid else str(overall_verdict(judged)),
        "exit_code": 3 if invalid else int(exit_code(judged)),
        "emulated": True,
        "plan": {"name": "load"},
        "mode": "TEST",
        "subject": {"kind": "platform", "identity": {**identity, "firmware_sha256": None}, "options": {}, "file": None},
        "identity_read": identity,
        "bench": {"file": "b.toml", "settings": {"name": "p", "platform": {"driver": "hn-a"}}},
        "versions": {"xiangka": "0.1.0", "catalogue": VERSION},
    }
    verdicts = {"schema": 1, "run": RUN, "verdicts": [row.as_record() for row in judged]}
    for name, content in (("run.json", record), ("verdicts.json", verdicts)):
        (folder / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    lines = [json.dumps(o.as_record(), ensure_ascii=False) + "\n" for o in observations]
    (folder / "observations.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder


def minutes(requirement: str, measure: str, value: float, count: int, unit: str = "%") -> list[Observation]:
    """One observation a minute."""
    return [Observation(requirement, measure, value, unit=unit, cell={"minute": n + 1}) for n in range(count)]


def _every_row(folder: Path) -> Path:
    loads = folder / "load"
    write_load(loads / "EHC-PRF-001", "province", profile("province", seconds=1800), Weather(thin=0.1))
    write_load(
        loads / "EHC-PRF-002", "peak", profile("peak"),
        Weather(stall=400, errors={"timeout": 31, "reset": 4, "wrong-person": 1}, thin=0.1, wrong_persons=1),
    )  # fmt: skip
    write_load(loads / "EHC-PRF-003", "overload", profile("overload"), Weather(capacity=350, thin=0.1, server=False))
    for n, rate in enumerate((300, 340, 380), start=2):
        write_load(loads / f"EHC-PRF-003-{n}", "capacity", profile("capacity", rate=rate), Weather(capacity=350))
    write_load(loads / "EHC-PRF-004", "cards", profile("cards"), Weather(typical_ms=7))
    write_load(loads / "EHC-PRF-004-2", "cards", profile("cards"), Weather(typical_ms=7.7))
    write_load(loads / "EHC-PRF-005", "honesty", profile("honesty"), Weather())
    observations = [
        Observation("EHC-PRF-001", "verification_time", 22.0, unit="ms", uncertainty=0.1, times=9000),
        *minutes("EHC-PRF-001", "error_share", 0.0, 30),
        *minutes("EHC-PRF-001", "achieved_share", 99.9, 30),
        Observation("EHC-PRF-002", "verification_time", 60.0, unit="ms", times=9000),
        Observation("EHC-PRF-002", "wrong_persons", 1),
        Observation("EHC-PRF-004", "verification_p95", 12.0, unit="ms", cell={"cards": 100_000}),
        Observation("EHC-PRF-004", "verification_p95", 13.3, unit="ms", cell={"cards": 10_000_000}),
        Observation("EHC-PRF-004", "verification_p95_growth", 10.8, unit="%"),
        Observation("EHC-PRF-005", "send_delay", 0.4, unit="ms", times=20000),
    ]
    return write_run(folder, observations, {f"EHC-PRF-00{n}" for n in range(1, 6)})


if __name__ == "__main__":
    sys.stdout.write(f"{_every_row(Path(sys.argv[1]))}\n")
