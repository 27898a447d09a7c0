"""One load from its plan to its record: prepares, starts the workers, listens to them, writes what they saw."""

from __future__ import annotations

import csv
import json
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from locust.rpc.protocol import Message
from locust.runners import MasterRunner
from locust.stats import PERCENTILES_TO_REPORT, StatsCSV

from loadtests.callers import CredentialsError, able, askers, read_applications
from loadtests.enrolling import credentials_for
from loadtests.errors import GeneratorError
from loadtests.gathering import Gathering
from loadtests.honesty import reasons
from loadtests.messages import CLOCK, END, ENDED, HERE, PLAN, PROBLEM, READY, SECONDS, START
from loadtests.people import PLACES
from loadtests.plan import LoadPlan
from loadtests.preparing import population
from loadtests.processes import LocalWorkers
from loadtests.record import LoadTotals, Second
from loadtests.record_writer import RecordWriter
from loadtests.schedule import Schedule, draw, most_at_once
from loadtests.tally import DOUBLE, LATE, REUSED, SENT, WRONG_PERSONS
from loadtests.users import CLASSES, LoadEnvironment

_COMING_S = 120.0
_LOOK_S = 0.1
_LEAD_S = 1.5
_USERS_A_SECOND = 1000.0
"""Users come at this rate at least; so much earlier they are called."""
_ROOM = 1.25
_CLOCK_ROUNDS = 8
_LETTERS = "abcdefghjkmnpqrstuvwxyz"


@dataclass
class _Worker:
    """What the master knows of a worker."""

    name: str
    number: int
    ready: bool = False
    ended: bool = False
    lost: bool = False
    until_s: float | None = None
    clock_s: float = 0.0
    best_trip_s: float = field(default=float("inf"))


class Master:
    """Runs one load.

    Args:
        plan: what is to be done.
        folder: where the record goes.
        port: where workers of other hosts find it; 0 takes a free one.

    Raises:
        GeneratorError: the load could not be offered, or not to its end.
    """

    def __init__(self, plan: LoadPlan, folder: Path, port: int) -> None:
        self._plan = plan
        self._folder = folder
        self._port = port
        self._told_to_end = Event()
        self._problem = ""
        self._workers: dict[str, _Worker] = {}
        self._gathering: Gathering | None = None

    def end(self) -> None:
        """Send nothing more; the record will hold what there is."""
        self._told_to_end.set()

    def run(self) -> None:
        """Offer the load to its end, or until it is told to end.

        Raises:
            GeneratorError: it could not be offered.
        """
        with credentials_for(self._plan) as credentials:
            self._run(credentials)

    def _run(self, credentials: Path) -> None:
        plan = self._plan
        try:
            cards = population(
                plan, able(askers(read_applications(credentials), plan.dialects), plan.mix)["registration"]
            )
        except CredentialsError as error:
            raise GeneratorError(
                str(error), where=str(plan.credentials), remedy="name the file that the platform wrote"
            ) from error
        environment = LoadEnvironment(user_classes=list(CLASSES))
        runner = environment.create_master_runner(plan.bind, self._port)
        self._listen(runner)
        local = LocalWorkers(plan.workers, plan.bind, runner.server.port, credentials)
        try:
            self._come(runner, local)
            self._tell_plan(runner, cards)
            self._offer(runner, local)
            runner.quit()
            _write_locust_tables(environment, self._folder)
        finally:
            local.close()
            runner.server.close(linger=0)  # type: ignore[no-untyped-call]

    def _listen(self, runner: MasterRunner) -> None:
        runner.register_message(HERE, self._hear_here)
        runner.register_message(READY, self._hear_ready)
        runner.register_message(PROBLEM, self._hear_problem)
        runner.register_message(CLOCK, self._hear_clock)
        runner.register_message(SECONDS, self._hear_seconds)
        runner.register_message(ENDED, self._hear_ended)

    def _come(self, runner: MasterRunner, local: LocalWorkers) -> None:
        wanted, waited_until = self._plan.all_workers, time.monotonic() + _COMING_S
        while len(self._workers) < wanted:
            if local.gone or time.monotonic() > waited_until:
                raise GeneratorError(
                    f"{len(self._workers)} of {wanted} workers came",
                    where=f"{self._plan.bind}:{runner.server.port}",
                    remedy="start the others with `python -m loadtests worker --master HOST:PORT`, and see that the "
                    "address can be reached from there",
                )
            gevent.sleep(_LOOK_S)

    def _tell_plan(self, runner: MasterRunner, cards: Iterable[str]) -> None:
        told = {
            "plan": self._plan.to_json(),
            "workers": len(self._workers),
            "population": bytes.fromhex("".join(cards)),
            "letters": "L" + "".join(secrets.choice(_LETTERS) for _ in range(5)),
            "first_place": secrets.randbelow(PLACES // 2),
        }
        for client, worker in self._workers.items():
            runner.send_message(PLAN, {**told, "worker": worker.number}, client)
        self._wait_for(lambda worker: worker.ready, "did not make itself ready")
        for _ in range(_CLOCK_ROUNDS):
            for client in self._workers:
                runner.send_message(CLOCK, {"asked": time.time()}, client)
            gevent.sleep(_LOOK_S / 2)
        self._wait_for(lambda worker: worker.best_trip_s < float("inf"), "did not tell the time")

    def _wait_for(self, what: Any, lacking: str) -> None:
        waited_until = time.monotonic() + _COMING_S
        while not all(what(worker) for worker in self._workers.values()):
            slow = [worker.name for worker in self._workers.values() if not what(worker)]
            if self._problem or time.monotonic() > waited_until:
                raise GeneratorError(
                    self._problem or f"worker {', '.join(slow)} {lacking}",
                    where="load generator",
                    remedy="give every worker the same version, and credentials for each dialect of the load",
                )
            gevent.sleep(_LOOK_S / 10)

    def _offer(self, runner: MasterRunner, local: LocalWorkers) -> None:
        plan, schedule = self._plan, draw(self._plan)
        users = {one: ceil(most_at_once(plan, one.who) * plan.timeout_s * _ROOM) + 8 for one in CLASSES}
        for one, count in users.items():
            one.fixed_count = count
        total = sum(users.values())
        begun = time.time() + _LEAD_S + total / _USERS_A_SECOND
        writer = RecordWriter(self._folder, begun)
        seconds = ceil(plan.seconds)
        names = [worker.name for worker in self._workers.values()]
        self._gathering = Gathering(plan, schedule.per_second(seconds), writer, names)
        for client, worker in self._workers.items():
            runner.send_message(START, {"begun": begun, "clock_s": worker.clock_s}, client)
        spawning = gevent.spawn(runner.start, total, float(total))
        self._watch(runner, local)
        spawning.kill()
        for second in self._gathering.finish():
            _tell(second)
        writer.finish(self._totals(schedule, begun))

    def _watch(self, runner: MasterRunner, local: LocalWorkers) -> None:
        """Until every worker has ended or is lost."""
        told = False
        while not all(worker.ended or worker.lost for worker in self._workers.values()):
            if self._told_to_end.is_set() and not told:
                told = True
                for client in self._workers:
                    runner.send_message(END, {}, client)
            missing = {client.id for client in runner.clients.missing}
            for client, worker in self._workers.items():
                if not worker.ended and not worker.lost and (client in missing or local.gone == len(self._workers)):
                    worker.lost = True
                    assert self._gathering is not None  # noqa: S101 - made before anybody is watched
                    for second in self._gathering.forget(worker.name):
                        _tell(second)
            gevent.sleep(_LOOK_S)

    def _totals(self, schedule: Schedule, begun: float) -> LoadTotals:
        assert self._gathering is not None  # noqa: S101 - made before anybody sent
        gathering, workers = self._gathering, list(self._workers.values())
        ended_early = any(worker.until_s is not None for worker in workers)
        parts = [schedule.part(worker.number, len(workers)) for worker in workers]
        due = [
            part if worker.until_s is None else part.until(worker.until_s)
            for part, worker in zip(parts, workers, strict=True)
        ]
        seconds = max((self._plan.seconds if one.until_s is None else one.until_s for one in workers), default=0.0)
        sent = gathering.count(SENT)
        # What was due in the very moment of an early end was left out on purpose.
        offered = sent if ended_early else sum(one.requests for one in due)
        return LoadTotals(
            self._plan,
            begun,
            max(0.0, seconds),
            ended_early,
            gathering.stages(due, seconds),
            reasons(offered, sent, gathering.count(LATE), gathering.cpu, [one.name for one in workers if one.lost]),
            gathering.found(WRONG_PERSONS),
            gathering.found(REUSED),
            gathering.found(DOUBLE),
            gathering.workers({worker.name: worker.clock_s for worker in workers}),
        )

    def _hear_here(self, msg: Message, **_: Any) -> None:
        number = len(self._workers)
        if number < self._plan.all_workers:
            self._workers[msg.node_id] = _Worker(f"w{number}", number)

    def _hear_ready(self, msg: Message, **_: Any) -> None:
        self._workers[msg.node_id].ready = True

    def _hear_problem(self, msg: Message, **_: Any) -> None:
        self._problem = msg.data["what"]

    def _hear_clock(self, msg: Message, **_: Any) -> None:
        """Believe the exchange that took the least time, as its middle is known best."""
        now, worker = time.time(), self._workers[msg.node_id]
        trip_s = now - msg.data["asked"]
        if trip_s < worker.best_trip_s:
            worker.best_trip_s = trip_s
            worker.clock_s = msg.data["worker"] - (msg.data["asked"] + now) / 2

    def _hear_seconds(self, msg: Message, **_: Any) -> None:
        worker = self._workers.get(msg.node_id)
        if worker is not None and self._gathering is not None and not worker.lost:
            for second in self._gathering.take(worker.name, msg.data):
                _tell(second)

    def _hear_ended(self, msg: Message, **_: Any) -> None:
        worker = self._workers[msg.node_id]
        worker.ended, worker.until_s = True, msg.data["until_s"]


def _tell(second: Second) -> None:
    """Print a second as a line of JSON."""
    told: Mapping[str, Any] = {
        "t": float(second.t),
        "stage": second.stage,
        "offered": second.offered,
        "sent": second.sent,
        "ok": second.ok,
        "refused": second.refused,
        "errors": second.errors,
        "late": second.late,
        "p50": second.p50_ms,
        "p95": second.p95_ms,
        "p99": second.p99_ms,
        "generator_cpu": second.generator_cpu,
    }
    print(json.dumps(told), flush=True)  # noqa: T201 - whoever started this process reads it


def _write_locust_tables(environment: LoadEnvironment, folder: Path) -> None:
    tables = StatsCSV(environment, PERCENTILES_TO_REPORT)
    for name, write in (("stats", tables.requests_csv), ("failures", tables.failures_csv)):
        with (folder / f"locust_{name}.csv").open("w", encoding="utf-8", newline="") as file:
            write(csv.writer(file))
