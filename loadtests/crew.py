"""The workers as their master knows them: who has come, whose clock says what, who has ended, who was lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import gevent
from gevent.event import Event
from locust.rpc.protocol import Message
from locust.runners import MasterRunner

from loadtests.errors import GeneratorError
from loadtests.messages import CLOCK, ENDED, FULL, HERE, PROBLEM, READY
from loadtests.processes import LocalWorkers

_COMING_S = 120.0
_LOOK_S = 0.02
_CLOCK_ROUNDS = 8
_BETWEEN_ROUNDS_S = 0.03


@dataclass
class Worker:
    """One of them.

    Attributes:
        client: Locust's name of it.
        number: its place, from 0.
        ready: whether it knows the plan.
        ended: whether everything it had to send was sent and answered.
        lost: whether it was lost before that.
        until_s: seconds of the schedule after which it was ended; None if it was not.
        clock_s: how far its clock is ahead of the master's.
    """

    client: str
    number: int
    ready: bool = False
    ended: bool = False
    lost: bool = False
    until_s: float | None = None
    clock_s: float = 0.0
    best_trip_s: float = field(default=float("inf"))

    @property
    def name(self) -> str:
        """What it is called in the record."""
        return f"w{self.number}"


class Crew:
    """So many workers, once they have come.

    Args:
        runner: Locust's, to which they connect.
        size: how many there are.
        told_to_end: set when nobody needs to be waited for any more.
    """

    def __init__(self, runner: MasterRunner, size: int, told_to_end: Event) -> None:
        self._told_to_end = told_to_end
        self._runner = runner
        self._size = size
        self._workers: dict[str, Worker] = {}
        self._problem = ""
        runner.register_message(HERE, self._hear_here)
        runner.register_message(READY, self._hear_ready)
        runner.register_message(PROBLEM, self._hear_problem)
        runner.register_message(CLOCK, self._hear_clock)
        runner.register_message(ENDED, self._hear_ended)

    def __iter__(self) -> Iterator[Worker]:
        return iter(self._workers.values())

    def find(self, client: str) -> Worker | None:
        """Return the worker Locust calls so; None for a stranger."""
        return self._workers.get(client)

    def come(self, local: LocalWorkers) -> None:
        """Wait until all are here.

        Raises:
            GeneratorError: one of this machine has ended, others do not come, or the load was told to end.
        """
        waited_until = time.monotonic() + _COMING_S
        while len(self._workers) < self._size:
            self._check_wanted()
            if local.gone or time.monotonic() > waited_until:
                raise GeneratorError(
                    f"{len(self._workers)} of {self._size} workers came",
                    where=f"{self._runner.master_bind_host}:{self._runner.server.port}",
                    remedy="start the others with `python -m loadtests worker --master HOST:PORT --credentials F`, and "
                    "see that the address can be reached from there",
                )
            gevent.sleep(_LOOK_S)

    def tell(self, message: str, content: Callable[[Worker], Mapping[str, Any]]) -> None:
        """Send each a message of its own."""
        for worker in self:
            self._runner.send_message(message, dict(content(worker)), worker.client)

    def until_ready(self) -> None:
        """Wait until all know the plan.

        Raises:
            GeneratorError: one cannot take part.
        """
        self.wait_for(lambda: all(worker.ready for worker in self), "workers did not make themselves ready")

    def compare_clocks(self) -> None:
        """Find out how far each one's clock is from this one."""
        for _ in range(_CLOCK_ROUNDS):
            self.tell(CLOCK, lambda _: {"asked": time.time()})
            gevent.sleep(_BETWEEN_ROUNDS_S)
        self.wait_for(
            lambda: all(worker.best_trip_s < float("inf") for worker in self), "workers did not tell the time"
        )

    def wait_for(self, condition: Callable[[], bool], lacking: str) -> None:
        """Wait until something holds.

        Raises:
            GeneratorError: it never does, a worker has a problem, or the load was told to end.
        """
        waited_until = time.monotonic() + _COMING_S
        while not condition():
            self.check()
            self._check_wanted()
            if time.monotonic() > waited_until:
                raise GeneratorError(lacking, where="load generator", remedy="run it on machines with less to do")
            gevent.sleep(_LOOK_S)

    def check(self) -> None:
        """See that no worker has told of a problem.

        Raises:
            GeneratorError: one has.
        """
        if self._problem:
            raise GeneratorError(
                self._problem,
                where="load generator",
                remedy="give every worker the same version, and credentials for each dialect of the load",
            )

    def _check_wanted(self) -> None:
        if self._told_to_end.is_set():
            raise GeneratorError("the load was ended before it began", where="load generator", remedy="start it again")

    def newly_lost(self, local: LocalWorkers) -> list[Worker]:
        """Return those that Locust has not heard of for seconds, or whose processes are gone, and were not lost yet."""
        missing = {client.id for client in self._runner.clients.missing}
        everybody_gone = local.gone == self._size
        lost = [
            worker
            for worker in self
            if not worker.ended and not worker.lost and (everybody_gone or worker.client in missing)
        ]
        for worker in lost:
            worker.lost = True
        return lost

    @property
    def working(self) -> bool:
        """Whether anybody has neither ended nor been lost."""
        return any(not (worker.ended or worker.lost) for worker in self)

    def _hear_here(self, msg: Message, **_: Any) -> None:
        number = len(self._workers)
        if number < self._size:
            self._workers[msg.node_id] = Worker(msg.node_id, number)
        else:
            self._runner.send_message(FULL, {"size": self._size}, msg.node_id)

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

    def _hear_ended(self, msg: Message, **_: Any) -> None:
        worker = self._workers[msg.node_id]
        worker.ended, worker.until_s = True, msg.data["until_s"]
