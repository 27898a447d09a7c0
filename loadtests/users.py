"""Locust's users: terminals, kiosks and windows, each with a connection of its own, waiting to be sent."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import gevent
from gevent.hub import Waiter
from gevent.pool import Group
from locust import User, constant, task
from locust.env import Environment

from loadtests.asking import WRONG_PERSON, fetched_codes
from loadtests.codes import DynamicCodes, life_s
from loadtests.dispatching import Dispatcher
from loadtests.errands import Errand, Outcome, rightly_refused
from loadtests.holders import Holders
from loadtests.http_line import Address, HttpLine, HttpReply, LateAnswer, LostAnswerError
from loadtests.late_answers import LateAnswers
from loadtests.plan import LoadPlan
from loadtests.retrying import Retries, Step
from loadtests.sealing import Sealer
from loadtests.tally import REUSED, WRONG_PERSONS, Tally


@dataclass
class Workshop:
    """What all users of a worker share."""

    plan: LoadPlan
    address: Address
    codes: DynamicCodes
    sealer: Sealer
    dispatcher: Dispatcher
    tally: Tally
    late: LateAnswers
    holders: Holders


class LoadEnvironment(Environment):
    """Locust's environment, with what its users share once the plan has come."""

    workshop: Workshop | None = None


class _Asking(User):
    abstract = True
    wait_time = constant(0)
    who = ""

    environment: LoadEnvironment

    def on_start(self) -> None:
        """Come to the desk; the plan came before the users."""
        assert self.environment.workshop is not None  # noqa: S101 - the master spawns users after the plan
        self._shop = self.environment.workshop
        plan = self._shop.plan
        self._line = HttpLine(self._shop.address, plan.timeout_s, keeps_late=plan.attempts > 1)
        self._hub = gevent.get_hub()
        self._waiter: Any = None

    def take(self, errand: Errand) -> None:
        """Be given an errand."""
        self._hub.loop.run_callback(self._waiter.switch, errand)

    @task
    def serve(self) -> None:
        """Do one errand after the other until the load is over."""
        while True:
            self._waiter = Waiter()
            self._shop.dispatcher.free(self.who, self)
            self._do(self._waiter.get())

    def _do(self, errand: Errand) -> None:
        tally = self._shop.tally
        tally.left(errand, time.perf_counter())
        retries = Retries(self._shop.plan.attempts, replaceable=errand.twin is None)
        outcome = self._try(errand)
        while (step := retries.after(outcome)) is not None:
            errand = self._again(errand, step, retries.pause_s)
            outcome = self._try(errand)
        self._settle(errand, replace(outcome, unsure=retries.unsure))

    def _again(self, errand: Errand, step: Step, pause_s: float) -> Errand:
        gevent.sleep(pause_s)
        now = time.perf_counter()
        errand = self._shop.sealer.fresh(errand, now) if step is Step.FRESH_CODE else errand.again()
        errand.seal(self._shop.address, time.time_ns() // 1_000_000)
        self._shop.tally.tried_again(errand, now)
        return errand

    def _try(self, errand: Errand) -> Outcome:
        try:
            reply = self._line.ask(errand.body)
        except LostAnswerError as lost:
            if lost.late is not None:
                self._listen_on(errand, lost.late)
            return Outcome(lost.at, error=lost.kind, lost=lost.kind != "malformed")
        return self._judged(errand, reply)

    def _judged(self, errand: Errand, reply: HttpReply) -> Outcome:
        outcome, known = errand.judge(reply), self._shop.holders
        if outcome.accepted and known.contradicts(errand.question, errand.asker, outcome.biz):
            return replace(outcome, error=WRONG_PERSON)
        return outcome

    def _listen_on(self, errand: Errand, late: LateAnswer) -> None:
        # Two terminals with one code are compared with each other; any other code may be good for many uses.
        if errand.question.dynamic and errand.twin is None:
            self._shop.late.listen(errand, late)
        else:
            late.close()

    def _settle(self, errand: Errand, outcome: Outcome) -> None:
        if errand.twin is None:
            self._book(errand, outcome)
            return
        if not (both := errand.twin.settle(errand, outcome)):
            return
        (first, one), (second, other) = both
        tally, now = self._shop.tally, time.perf_counter()
        if both_accepted := one.accepted and other.accepted:
            tally.found(REUSED, first.question.tag, now)
        if both_accepted or rightly_refused(one, other) or rightly_refused(other, one):
            tally.compared(first, now)
        self._book(first, one, refused_rightly=rightly_refused(one, other))
        self._book(second, other, refused_rightly=rightly_refused(other, one))

    def _book(self, errand: Errand, outcome: Outcome, *, refused_rightly: bool = False) -> None:
        now, question = time.perf_counter(), errand.question
        if outcome.accepted and question.kind == "generation":
            self._shop.codes.put(fetched_codes(outcome.biz), life_s(outcome.biz), now)
        if outcome.accepted:
            self._shop.late.accepted(errand)
        if outcome.error == WRONG_PERSON:
            self._shop.tally.found(WRONG_PERSONS, question.tag, now)
        self._shop.tally.settled(errand, outcome, now, refused_rightly=refused_rightly)
        wrong = "" if refused_rightly else outcome.refusal or outcome.error
        self.environment.events.request.fire(  # type: ignore[no-untyped-call]
            request_type=errand.asker.dialect,
            name=question.kind,
            response_time=(outcome.at - errand.due) * 1000,
            response_length=0,
            exception=wrong or None,
            context={},
        )


class Terminal(_Asking):
    """Reads codes, and does nothing else."""

    who = "terminal"


class Kiosk(_Asking):
    """Fetches codes, looks cards up, registers residents."""

    who = "kiosk"


class Window(_Asking):
    """Registers residents, reports use, reads a code now and then."""

    who = "window"


CLASSES: tuple[type[_Asking], ...] = (Terminal, Kiosk, Window)


def come(environment: LoadEnvironment, users: Group, who: str) -> None:
    """Let one more user of a class come, to those that Locust has sent."""
    [one] = (one for one in CLASSES if one.who == who)
    one(environment).start(users)
