"""One load from its plan to its record: prepares, starts the workers, listens to them, writes what they saw."""

from __future__ import annotations

import csv
import json
import secrets
import time
from collections.abc import Iterable, Sequence
from math import ceil
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from locust.rpc.protocol import Message
from locust.runners import MasterRunner
from locust.stats import PERCENTILES_TO_REPORT, StatsCSV

from loadtests.callers import CredentialsError, able, askers, read_applications
from loadtests.crew import Crew
from loadtests.enrolling import credentials_for
from loadtests.errors import GeneratorError
from loadtests.gathering import Gathering
from loadtests.honesty import reasons
from loadtests.listening import listen
from loadtests.messages import END, PLAN, SECONDS, START
from loadtests.people import PLACES
from loadtests.plan import LoadPlan
from loadtests.preparing import first_codes, population
from loadtests.processes import LocalWorkers
from loadtests.record import LoadTotals, Second
from loadtests.record_writer import RecordWriter
from loadtests.reserve import at_first
from loadtests.schedule import Schedule, draw
from loadtests.tally import DOUBLE, LATE, REUSED, SENT, TWINS, WRONG_PERSONS
from loadtests.users import CLASSES, LoadEnvironment

_LOOK_S = 0.1
_LEAD_S = 1.0
"""The first request is due so long after everybody is there: time to seal what comes first."""
_LETTERS = "abcdefghjkmnpqrstuvwxyz"


class Master:
    """Runs one load.

    Args:
        plan: what is to be done.
        folder: where the record goes.
        port: where workers of other hosts find it; 0 takes a free one.
    """

    def __init__(self, plan: LoadPlan, folder: Path, port: int) -> None:
        self._plan = plan
        self._folder = folder
        self._port = port
        self._told_to_end = Event()

    def end(self) -> None:
        """Send nothing more; the record will hold what there is."""
        self._told_to_end.set()

    def run(self) -> None:
        """Offer the load to its end, or until it is told to end.

        Raises:
            GeneratorError: it could not be offered.
        """
        plan = self._plan
        with credentials_for(plan) as credentials:
            try:
                can_ask = able(askers(read_applications(credentials), plan.dialects), plan.mix)
            except CredentialsError as error:
                remedy = "name the file that the platform wrote"
                raise GeneratorError(str(error), where=str(plan.credentials), remedy=remedy) from error
            cards = population(plan, can_ask["registration"])
            environment = LoadEnvironment(user_classes=list(CLASSES))
            runner = listen(environment, plan.bind, self._port, plan.all_workers)
            crew = Crew(runner, plan.all_workers, self._told_to_end)
            local = LocalWorkers(plan.workers, plan.bind, runner.server.port, credentials)
            try:
                crew.come(local)
                self._make_ready(runner, crew, cards)
                codes = first_codes(plan, cards, can_ask["generation"])
                self._offer(runner, crew, local, codes.codes, codes.life_s)
                runner.quit()
                local.join()
                _write_locust_tables(environment, self._folder)
            finally:
                local.close()
                runner.server.close(linger=0)  # type: ignore[no-untyped-call]

    def _make_ready(self, runner: MasterRunner, crew: Crew, cards: Iterable[str]) -> None:
        told = {
            "plan": self._plan.to_json(),
            "workers": self._plan.all_workers,
            "population": bytes.fromhex("".join(cards)),
            "letters": "L" + "".join(secrets.choice(_LETTERS) for _ in range(5)),
            "first_place": secrets.randbelow(PLACES // 2),
        }
        crew.tell(PLAN, lambda worker: {**told, "worker": worker.number})
        crew.until_ready()
        crew.compare_clocks()
        for one in CLASSES:
            one.fixed_count = at_first(self._plan, one.who)
        total = sum(one.fixed_count for one in CLASSES)
        runner.start(total, float(total))
        crew.wait_for(lambda: runner.user_count >= total, f"not all of {total} users came")

    def _offer(
        self, runner: MasterRunner, crew: Crew, local: LocalWorkers, codes: Sequence[str], life_s: float
    ) -> None:
        """Let it begin, listen to its end, and write the record."""
        # In a thread, as in the workers: it takes seconds for hours.
        plan, schedule = self._plan, gevent.get_hub().threadpool.apply(draw, (self._plan,))
        begun = time.time() + _LEAD_S
        with RecordWriter(self._folder, begun) as writer:
            gathering = Gathering(
                plan, schedule.per_second(ceil(plan.seconds)), writer, [worker.name for worker in crew]
            )

            def hear_second(msg: Message, **_: Any) -> None:
                worker = crew.find(msg.node_id)
                if worker is not None and not worker.lost:
                    _tell(gathering.take(worker.name, msg.data))

            runner.register_message(SECONDS, hear_second)
            crew.tell(
                START,
                lambda worker: {
                    "begun": begun,
                    "clock_s": worker.clock_s,
                    "codes": codes[worker.number :: plan.all_workers],
                    "life_s": life_s,
                },
            )
            self._watch(crew, local, gathering)
            _tell(gathering.finish())
            writer.finish(self._totals(schedule, crew, gathering, begun))

    def _watch(self, crew: Crew, local: LocalWorkers, gathering: Gathering) -> None:
        told = False
        while crew.working:
            crew.check()
            if self._told_to_end.is_set() and not told:
                told = True
                crew.tell(END, lambda _: {})
            for worker in crew.newly_lost(local):
                _tell(gathering.forget(worker.name))
            gevent.sleep(_LOOK_S)

    def _totals(self, schedule: Schedule, crew: Crew, gathering: Gathering, begun: float) -> LoadTotals:
        workers = list(crew)
        ends = [self._plan.seconds if worker.until_s is None else worker.until_s for worker in workers]
        ended_early = any(worker.until_s is not None for worker in workers)
        due = [schedule.part(worker.number, len(workers)).until(end) for worker, end in zip(workers, ends, strict=True)]
        sent = gathering.count(SENT)
        # What was due in the very moment of an early end was left out on purpose.
        offered = sent if ended_early else sum(one.requests for one in due)
        lost = [worker.name for worker in workers if worker.lost]
        seconds = max(0.0, *ends)
        return LoadTotals(
            self._plan,
            begun,
            seconds,
            ended_early,
            gathering.stages(due, seconds),
            reasons(offered, sent, gathering.count(LATE), gathering.cpu, lost),
            gathering.found(WRONG_PERSONS),
            gathering.found(REUSED),
            gathering.count(TWINS),
            gathering.found(DOUBLE),
            gathering.workers({worker.name: worker.clock_s for worker in workers}),
        )


def _tell(seconds: Iterable[Second]) -> None:
    """Print seconds, each as a line of JSON."""
    for second in seconds:
        told = {
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
