"""Loads that were never offered: records written by hand, and a platform that says of them what a test wants."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

from certification.catalogue import load_catalogue
from certification.verdicts import Verdict, judge
from loadtests.plan import LoadPlan
from loadtests.record import Acknowledged, LoadTotals, Second, StageTotals, read_record
from loadtests.record_writer import RecordWriter
from rigs.bench_tables.load import LoadTable
from rigs.errors import SubjectFaultError
from rigs.roles import ApiAnswer
from rigs.roles.load import LiveSecond
from steps.load.offering import PAIRS
from steps.sampling import Sampler

VERIFY, USAGE = "ehc.ehealthcode.verify", "ehc.usage.report"
BEGUN = 1_800_000_000.0
CARD = "AB" * 32
BOUNDS_S = (0.01, 0.1, 1.0, float("inf"))


@dataclass
class Tale:
    """What a load shall have been, and what the platform shall say of it.

    Attributes:
        stages: name, seconds, and the figures of each of its seconds.
        times_ms: latencies of verifications by stage, ms, with how many had them.
        delays_ms: the same of send delays.
        totals: fields of ``LoadTotals`` that differ from those of a sound load.
        stage_totals: fields of ``StageTotals`` by stage.
        acknowledged: verifications that were acknowledged; the audit has them all but for what follows.
        lost, doubled: how many of them the audit has not, or has twice.
        counted: verifications the platform says it accepted; None for what was acknowledged.
        told_s: how long the platform says that its verifications took; None where it does not say.
        begun_anew: whether its second worker counts from nothing afterwards.
        resident_mib: what it holds, one value a minute.
        reads_audit, tells: whether it lets the bench read the audit, and tells figures.
        dies: whether it no longer answers afterwards.
    """

    stages: list[tuple[str, int, dict]]
    times_ms: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    delays_ms: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    totals: dict = field(default_factory=dict)
    stage_totals: dict[str, dict] = field(default_factory=dict)
    acknowledged: int = 40
    lost: int = 0
    doubled: int = 0
    counted: int | None = None
    told_s: list[float] | None = None
    begun_anew: bool = False
    reads_audit: bool = True
    tells: bool = True
    dies: bool = False

    def seconds(self) -> list[Second]:
        told, t = [], 0
        for name, length, figures in self.stages:
            for _ in range(length):
                told.append(replace(Second(t, name, offered=100, sent=100, ok=100, p95_ms=8.0), **figures))
                t += 1
        return told

    def write(self, plan: LoadPlan, folder: Path) -> None:
        seconds = self.seconds()
        with RecordWriter(folder, BEGUN) as writer:
            for number, second in enumerate(seconds):
                writer.second(second, _samples(self.times_ms, number), _samples(self.delays_ms, number, "verification"))
            writer.acknowledged(self.effects())
            stages = tuple(
                StageTotals(name, 1.0, **_sums(seconds, name) | self.stage_totals.get(name, {}))
                for name in dict.fromkeys(second.stage for second in seconds)
            )
            told = {"twins": PAIRS, **self.totals}
            writer.finish(LoadTotals(plan, BEGUN, float(len(seconds)), False, stages, **told))

    def effects(self) -> list[Acknowledged]:
        told = [Acknowledged("verification", f"T{n:04d}", f"{n:064x}", "t", 0) for n in range(self.acknowledged)]
        return [*told, Acknowledged("usage", "U1", hashlib.sha256(CARD.encode()).hexdigest(), "t", 0)]

    def audit(self) -> Iterable[bytes]:
        tags = [f"T{n:04d}" for n in range(self.lost, self.acknowledged)] + ["T0039"] * self.doubled
        for tag in tags:
            yield json.dumps({"op": VERIFY, "outcome": "000", "detail": {"terminalcode": tag}, "lane": "w0"}).encode()
        yield json.dumps({"op": VERIFY, "outcome": "406", "detail": {"terminalcode": "T0000"}}).encode()
        yield json.dumps({"op": USAGE, "outcome": "000", "card_id": CARD.lower(), "detail": {}}).encode()


def _sums(seconds, stage):
    offered, ok, refused, errors = (
        sum(getattr(second, name) for second in seconds if second.stage == stage)
        for name in ("offered", "ok", "refused", "errors")
    )
    return {"offered": offered, "ok": ok, "refused": {"http-503": refused}, "errors": {"timeout": errors}}


def _samples(by_stage, number, kind="verification"):
    """All of them in the first second: encoding a histogram costs more than every other line."""
    if number:
        return {}
    return {
        (stage, kind): [round(ms * 1000) for ms, times in values for _ in range(times)]
        for stage, values in by_stage.items()
    }


class Told:
    """The interface of a platform that says what a tale tells."""

    monitor = ""

    def __init__(self, tale: Tale) -> None:
        self._tale, self._asked = tale, 0
        self.reads_audit = tale.reads_audit

    def ask(self, method, path, body=None, *, role="admin"):
        self._asked += 1
        if not self._tale.tells:
            return ApiAnswer(404, {"code": "not_found"}, (1, 1))
        if self._asked > 1 and self._tale.dies:
            raise SubjectFaultError("stopped answering", where="platform")
        after = self._asked > 1
        accepted = self._tale.acknowledged if self._tale.counted is None else self._tale.counted
        w1 = 0 if after and self._tale.begun_anew else 5
        lines = ["# TYPE xiangka_gateway_seconds histogram"]
        lines += [_line(VERIFY, "w0", 100 + accepted * after), _line(VERIFY, "w1", w1), _line(USAGE, "w0", int(after))]
        for bound in BOUNDS_S if self._tale.told_s is not None else ():
            within = sum(seconds <= bound for seconds in self._tale.told_s) if after else 0
            lines.append(f'xiangka_gateway_seconds_bucket{{method="{VERIFY}",le="{bound}",worker="w0"}} {within}')
        return ApiAnswer(200, "\n".join(lines) + "\n", (1, 1))

    def audit_lines(self, from_ms=0):
        yield from self._tale.audit()

    def close(self):
        pass


def _line(method, worker, count):
    return f'xiangka_gateway_answers_total{{method="{method}",outcome="000",worker="{worker}"}} {count}'


@dataclass
class Row:
    """One row of load with a bench that tells tales, one for each load in turn."""

    sampler: Sampler
    platform: SimpleNamespace
    observations: list
    plans: list[LoadPlan]
    remarks: list

    @property
    def verdict(self) -> Verdict:
        row = judge(self.sampler.requirement, self.observations, None, planned=True, emulated=True)
        return row.verdict

    def broken(self) -> set[str]:
        """Measures of the clauses that do not hold."""
        row = judge(self.sampler.requirement, self.observations, None, planned=True, emulated=True)
        return {clause.measure for clause in row.clauses if clause.outcome == "broken"}

    def open(self) -> set[str]:
        row = judge(self.sampler.requirement, self.observations, None, planned=True, emulated=True)
        return {clause.measure for clause in row.clauses if clause.outcome == "open"}


def row_of(requirement: str, folder: Path, *tales: Tale, table: LoadTable | None = None) -> Row:
    """A row whose loads were as told."""
    observations, plans, remarks = [], [], []
    rest = list(tales)

    class Generator:
        def run(self, plan, place, watch):
            plans.append(plan)
            tale = rest.pop(0)
            tale.write(plan, place)
            for second in tale.seconds():
                live = {name: getattr(second, name) for name in ("t", "stage", "offered", "ok", "refused", "errors")}
                if not watch(LiveSecond(**live, p95=second.p95_ms)):
                    break
            return read_record(place)

    bench = SimpleNamespace(
        load=Generator(),
        file=SimpleNamespace(
            load=table or LoadTable(rate=100, base_rate=20, capacity=50),
            platform=SimpleNamespace(credentials=folder / "credentials.json"),
        ),
        journal=SimpleNamespace(count=0),
    )
    run = SimpleNamespace(
        evidence=SimpleNamespace(folder=folder, add=observations.append, of=lambda _: observations),
        subject=SimpleNamespace(yes_options=("own_figures",)),
        bench=bench,
        seed=1,
        remarks=remarks,
        progress=lambda *_: None,
        live=lambda *_: None,
    )
    platform = SimpleNamespace(
        link=SimpleNamespace(url="http://127.0.0.1:1"),
        host=SimpleNamespace(pid=0, running=True, credentials_file=folder / "credentials.json"),
        api=lambda: Told(tales[-1]),
    )
    return Row(Sampler(run, load_catalogue()[requirement]), platform, observations, plans, remarks)
