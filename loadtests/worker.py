"""A process of the generator: learns the plan from the master, sends its part of it, tells what it saw."""

from __future__ import annotations

import gc
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import gevent
import gevent.socket
from gevent.monkey import get_original
from locust.rpc.protocol import Message
from locust.runners import WorkerRunner

from loadtests.callers import CredentialsError, able, askers, read_applications
from loadtests.codes import DynamicCodes
from loadtests.dispatching import Dispatcher
from loadtests.holders import Holders
from loadtests.http_line import Address, CannotCallError
from loadtests.late_answers import LateAnswers
from loadtests.messages import CLOCK, END, ENDED, FULL, HERE, PLAN, PROBLEM, READY, SECONDS, START
from loadtests.people import beforehand
from loadtests.plan import STALLS, LoadPlan
from loadtests.reserve import Reserve, at_most
from loadtests.schedule import Schedule, draw
from loadtests.sealing import Sealer
from loadtests.tally import Tally
from loadtests.users import CLASSES, LoadEnvironment, Workshop, come

NOT_NEEDED = 3

_CARD_BYTES = 32

_REPORT_S = 0.25
_STALL_S, _STALL_EVERY_S = 0.2, 2.0
_COLLECT_AFTER = 50_000
_CONNECTIONS = 65_536


def work(host: str, port: int, credentials: Path, *, tethered: bool) -> int:
    """Work for a master until it says that it is over, or is gone; returns the exit code."""
    # Each user has a connection; the usual limit of a shell is far below that of the system.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most if most != resource.RLIM_INFINITY else _CONNECTIONS, most))
    environment = LoadEnvironment(user_classes=list(CLASSES))
    if tethered:
        gevent.spawn(_end_with_parent)
    runner = environment.create_worker_runner(host, port)
    worker = _Worker(environment, runner, credentials)
    runner.greenlet.join()
    if worker.not_needed:
        sys.stderr.write(f"the master at {host}:{port} {worker.not_needed}\n")
        return NOT_NEEDED
    return 0


def _end_with_parent() -> None:
    tether = sys.stdin.fileno()
    while True:
        gevent.socket.wait_read(tether)
        if not os.read(tether, 4096):
            # Whoever would be told of an orderly end is gone.
            os._exit(1)


class _Worker:
    def __init__(self, environment: LoadEnvironment, runner: WorkerRunner, credentials: Path) -> None:
        self._environment = environment
        self._runner = runner
        self._credentials = credentials
        self._part: Schedule
        self._cpu = 0.0
        self.not_needed = ""
        """Why the master has no use for this worker; "" if it has."""
        runner.register_message(FULL, self._turn_back)
        runner.register_message(PLAN, self._learn)
        runner.register_message(CLOCK, self._tell_time)
        runner.register_message(START, self._start)
        runner.register_message(END, self._end)
        environment.events.user_error.add_listener(  # type: ignore[no-untyped-call]
            lambda exception, **_: self._tell_problem(exception)
        )
        runner.send_message(HERE, {})

    def _turn_back(self, msg: Message, **_: Any) -> None:
        self.not_needed = f"expects {msg.data['size']} workers and has them: have it expect more, or start fewer"
        self._runner.quit()

    def _tell_problem(self, error: BaseException) -> None:
        """Whatever went wrong here is a fault of the generator, and the master waits for nothing more."""
        self._runner.send_message(PROBLEM, {"what": f"a worker failed ({type(error).__name__}: {error})"})

    def _tell_time(self, msg: Message, **_: Any) -> None:
        self._runner.send_message(CLOCK, {**msg.data, "worker": time.time()})

    def _learn(self, msg: Message, **_: Any) -> None:
        """Get ready, or tell why not: Locust would only write down that this has failed."""
        try:
            self._make_ready(msg.data)
        except (CredentialsError, CannotCallError) as error:
            self._runner.send_message(PROBLEM, {"what": str(error)})
        except Exception as error:
            self._tell_problem(error)
        else:
            self._runner.send_message(READY, {})

    def _make_ready(self, told: Mapping[str, Any]) -> None:
        """Make everything ready, but for the moment at which it begins."""
        self._plan = LoadPlan.from_json(told["plan"])
        everyone = askers(read_applications(self._credentials), self._plan.dialects)
        # Workers begin with different terminals, so that these take turns over all of them.
        first = told["worker"] * len(everyone) // told["workers"]
        able_askers = able(everyone[first:] + everyone[:first], self._plan.mix)
        address = Address(self._plan.target, self._plan.through)
        # In a thread: a schedule of hours takes seconds, in which the master must go on hearing of this worker.
        schedule = gevent.get_hub().threadpool.apply(draw, (self._plan,))
        self._part = schedule.part(told["worker"], told["workers"])
        cards = told["population"]
        population = [cards[at : at + _CARD_BYTES].hex().upper() for at in range(0, len(cards), _CARD_BYTES)]
        codes, run = DynamicCodes(), (told["letters"], told["first_place"])
        sealer = Sealer(self._plan, self._part, population, able_askers, codes, address, run)
        reserve = Reserve(
            {one.who: at_most(self._plan, one.who) for one in CLASSES},
            partial(come, self._environment, self._runner.user_greenlets),
        )
        dispatcher = Dispatcher(self._part, sealer, reserve.call)
        # The users, whom the master sends next, find it open.
        tally = Tally()
        late, holders = LateAnswers(tally, self._plan.timeout_s), Holders()
        if self._plan.population is None:
            holders.registered(population, beforehand(self._plan.lot, self._plan.registered))
        self._shop = Workshop(self._plan, address, codes, sealer, dispatcher, tally, late, holders)
        self._environment.workshop = self._shop

    def _start(self, msg: Message, **_: Any) -> None:
        """Begin at a moment that is a little ahead."""
        begun_s = msg.data["begun"]
        begun = time.perf_counter() + begun_s + msg.data["clock_s"] - time.time()
        self._shop.codes.put(msg.data["codes"], msg.data["life_s"], time.perf_counter())
        self._shop.tally.begin(begun, int(begun_s * 1000))
        self._spawn(self._go, begun, int(begun_s * 1000))

    def _spawn(self, what: Callable[..., None], *arguments: float) -> None:
        gevent.spawn(what, *arguments).link_exception(lambda failed: self._tell_problem(failed.exception))

    def _go(self, begun: float, begun_ms: int) -> None:
        # What is there now stays; collecting it again and again would only make requests late.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_COLLECT_AFTER)
        stalling = gevent.spawn(_stall) if self._plan.generator_defect == STALLS else None
        dispatcher, tally = self._shop.dispatcher, self._shop.tally
        self._spawn(dispatcher.run, begun, begun_ms)
        self._seen = (time.perf_counter(), time.process_time())
        while not (dispatcher.ended and tally.done == dispatcher.due):
            gevent.sleep(_REPORT_S)
            self._report(time.perf_counter())
        if stalling is not None:
            stalling.kill()
        self._shop.late.join()
        self._report(time.perf_counter() + 1.0)
        self._runner.send_message(ENDED, {"until_s": dispatcher.until_s})

    def _end(self, **_: Any) -> None:
        self._shop.dispatcher.end()

    def _report(self, until: float) -> None:
        """Tell the master of every second that is over by then, and how busy this process was since the last time."""
        if not (messages := self._shop.tally.take(until)):
            return
        (wall, used), now = self._seen, time.perf_counter()
        if now - wall > _REPORT_S:
            self._cpu = (time.process_time() - used) / (now - wall)
            self._seen = (now, time.process_time())
        for message in messages:
            if message["counts"] or message["found"] or message["t"] < self._plan.seconds:
                self._runner.send_message(SECONDS, {**message, "cpu": self._cpu})


def _stall() -> None:
    stand_still = get_original("time", "sleep")
    while True:
        gevent.sleep(_STALL_EVERY_S)
        stand_still(_STALL_S)
