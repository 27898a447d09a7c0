"""A state machine of one card on a platform of this process, under a clock that only the program turns."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest
from broken_writes import around_commits, as_after_a_kill, failing_disk
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fixtures.card_model import ACTIVE, CardModel, Code, KeyModel
from fixtures.population import passport, person
from reference_impl.keys import life_cycle
from reference_impl.keys.dual_control import RequestState
from reference_impl.keys.guarded_operations import approve, propose_revocation
from reference_impl.keys.purposes import TOKEN
from reference_impl.platform import Platform, open_platform
from reference_impl.records import audit
from reference_impl.refusals import RefusalError
from reference_impl.storage.spent import FORGET_AFTER_MS, forget
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import open_response, seal_request
from reference_impl.wire.exchange import HttpRequest, Response
from reference_impl.wire.gateway import GatewayProfile

START_MS = 1_800_000_000_000
LIFE_MS = 60_000
TIMES = {"lost": "lost_time", "found": "found_time", "freeze": "freeze_time", "unfreeze": "unfreeze_time"}
STAMP = "20270115160000"
WAITS_S = (10, 20, 1, 10, 20, 90, 4500, -1, -15, -600)
"""Seconds that pass; the clock is set back by as many where they are negative."""
GRACES_S = (5, 0, 5, 400)
FURTHEST_BACK_MS = FORGET_AFTER_MS / 2
OPERATIONS = ("generate", "verify", "change", "register again", "replace", "rotate", "revoke")
OFTEN = (*["generate", "verify"] * 4, "verify", "change", "rotate", *OPERATIONS[2:])
"""Most of all codes are made and shown: whatever else happens is known by what becomes of them."""
CHANGED = ("close", "freeze", "lost", *["found", "unfreeze"] * 2)


def open_at(folder: Path, clock: Callable[[], float]) -> Platform:
    return open_platform(folder, clock=clock, token_ttl_s=LIFE_MS / 1000)


@dataclass
class Question:
    """Something to be asked: asking it, and holding what became of it against the model, which then moves on."""

    ask: Callable[[], Coroutine[Any, Any, Any]]
    settle: Callable[[Any], None]


class CardPrograms(RuleBasedStateMachine):
    """One card and its successors; the platform fails, dies, restarts and loses time in between.

    Attributes:
        plant: what is wrong with the platform; nothing by default.
        unused: data of a platform that nobody has used.
        folder: where the data of the programs stand.
        history: the rules of the last program, for whoever compares two.
    """

    unused: ClassVar[Path]
    folder: ClassVar[Path]
    history: ClassVar[list[str]] = []

    @staticmethod
    def plant(platform: Platform) -> None:
        del platform

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.now_ms = START_MS
        self.serial, self.passports, self.lives = count(), count(1), count()
        self.history.clear()
        self.data = self._next_folder()
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self.unused, self.data)
        self._open()
        self.keys = KeyModel(self.platform.parts.verification.keys.newest)

    def _next_folder(self) -> Path:
        return self.folder / f"life-{next(self.lives)}"

    def _open(self) -> None:
        self.platform = open_at(self.data, lambda: self.now_ms / 1000)
        self.plant(self.platform)

    def teardown(self) -> None:
        try:
            with self.platform.readers.connect() as connection:
                assert audit.check(connection, self.platform.parts.keyring.audit_versions).first_bad is None
        finally:
            self.runner.run(self.platform.close())
            self.runner.close()

    # How one asks

    def tick(self) -> int:
        """The next moment; no two questions are asked in one."""
        self.now_ms += 1
        self.keys.latest_ms = max(self.keys.latest_ms, self.now_ms)
        return self.now_ms

    async def asked(self, method: str, fields: dict[str, str]) -> tuple[int, Response]:
        now_ms, credentials = self.tick(), self.platform.credentials
        # A clock set back may bring a moment again, and an equal request of one moment would be a replay.
        fields = {**fields, "serial": str(next(self.serial))}
        body = json.dumps(seal_request(HN_A, credentials, method, fields, now_ms)).encode()
        http = HttpRequest("/gateway", "application/json", body)
        answer = await self.platform.gateway.answer(GatewayProfile(HN_A), http, "127.0.0.1")
        return now_ms, open_response(HN_A, credentials, json.loads(answer.body), method, now_ms)

    async def done(self, job: Callable[[Any, int], Any]) -> tuple[int, Any]:
        now_ms = self.tick()
        return now_ms, await self.platform.writer.submit(lambda connection: job(connection, now_ms))

    def run(self, asking: Coroutine[Any, Any, Any]) -> Any:
        """Ask, and take an error of the platform for what it is while nothing is wrong with its disk."""
        try:
            return self.runner.run(asking)
        except (RefusalError, AssertionError):
            raise
        except Exception as error:
            raise AssertionError("the platform failed") from error

    def call(self, method: str, **fields: str) -> Response:
        answer: Response = self.run(self.asked(method, fields))[1]
        return answer

    def do(self, question: Question) -> None:
        question.settle(self.run(question.ask()))

    # What one may ask

    def question(self, operation: str, data: st.DataObject) -> Question:
        return getattr(self, f"_{operation.replace(' ', '_')}")(data)

    def _about_the_card(self, method: str, settle: Callable[[int, Response], None], **fields: str) -> Question:
        named = {"ehealth_card_id": self.card_id, **fields}
        return Question(partial(self.asked, method, named), lambda told: settle(*told))

    def _generate(self, _data: st.DataObject) -> Question:
        def settle(now_ms: int, made: Response) -> None:
            assert made.success == (self.model.state == ACTIVE)
            if made.success:
                text = str(made.biz["ehealth_code"])
                self.model.fresh.append(Code(text, now_ms, now_ms, key=self.keys.active))

        return self._about_the_card("ehc.ehealthcode.generate", settle, ewmbs="0")

    def _verify(self, data: st.DataObject) -> Question:
        codes = [*self.model.fresh[-3:], *self.model.fresh, *self.model.shown]
        if not codes:
            return self._generate(data)
        code = data.draw(st.sampled_from(codes))

        def settle(told: tuple[int, Response]) -> None:
            now_ms, answer = told
            assert self.model.expects(code, now_ms, now_ms) in (None, answer.success)
            if answer.success:
                code.good = False

        fields = {"ehealth_code": code.text, "medstepcode": "010101", "channelcode": "0100"}
        return Question(partial(self.asked, "ehc.ehealthcode.verify", fields), settle)

    def _change(self, data: st.DataObject) -> Question:
        return self._changed(data.draw(st.sampled_from(CHANGED)))

    def _changed(self, operation: str) -> Question:
        model = self.model
        fields = {TIMES[operation]: STAMP} if operation in TIMES else {"revoke_no": "1", "revoke_time": STAMP}

        def settle(now_ms: int, answer: Response) -> None:
            assert answer.success == model.change(operation, now_ms)

        return self._about_the_card(f"ehc.ehealthcard.{operation}", settle, **fields)

    def _register_again(self, _data: st.DataObject) -> Question:
        model, document = self.model, self.document

        def settle(told: tuple[int, Response]) -> None:
            now_ms, answer = told
            assert answer.success == model.register_again(now_ms)

        return Question(partial(self.asked, "ehc.ehealthcard.register", document), settle)

    def _replace(self, _data: st.DataObject) -> Question:
        document = {"id_type": "03", "id_no": passport(next(self.passports)), "name": self.document["name"]}

        def settle(now_ms: int, answer: Response) -> None:
            given_up = self.card_id, self.model, self.document
            successor = self.model.replace(now_ms)
            assert answer.success == (successor is not None)
            if successor is not None:
                self.given_up.append(given_up)
                self.card_id, self.model = str(answer.biz["ehealth_card_id"]), successor
                self.document = {**self.document, **document, "birthday": ""}

        return self._about_the_card("ehc.ehealthcard.alterinfo", settle, **document)

    def _rotate(self, data: st.DataObject) -> Question:
        grace_ms = 1000 * data.draw(st.sampled_from(GRACES_S))
        parts, root = self.platform.parts, self.platform.memory.root

        def job(connection: Any, now_ms: int) -> int:
            return life_cycle.rotate(connection, root, TOKEN, grace_ms, now_ms, parts.random).version

        def settle(told: tuple[int, int]) -> None:
            now_ms, version = told
            self.keys.rotate(version, now_ms + grace_ms if grace_ms else float("-inf"))

        return Question(partial(self.done, job), settle)

    def _revoke(self, data: st.DataObject) -> Question:
        """Proposed by one officer at once; what is asked is the approval, first by the same officer."""
        versions = [self.keys.active, *(v for v, until in self.keys.until_ms.items() if until > 0)]
        version, parts = data.draw(st.sampled_from(versions)), self.platform.parts

        def propose(connection: Any, now_ms: int) -> str:
            return propose_revocation(connection, TOKEN, version, "officer-1", now_ms, parts.random).request_id

        request_id = self.run(self.done(propose))[1]
        self._alone_is_too_few(request_id)

        def job(connection: Any, now_ms: int) -> int:
            root = self.platform.memory.root
            done = approve(connection, request_id, "officer-2", root, now_ms, parts.random)
            assert done.state is RequestState.DONE
            return max(key.version for key in life_cycle.list_keys(connection, now_ms) if key.purpose == TOKEN)

        def settle(told: tuple[int, int]) -> None:
            self.keys.revoke(version, told[1])

        return Question(partial(self.done, job), settle)

    def _alone_is_too_few(self, request_id: str) -> None:
        def job(connection: Any, now_ms: int) -> None:
            root, random = self.platform.memory.root, self.platform.parts.random
            approve(connection, request_id, "officer-1", root, now_ms, random)

        with pytest.raises(RefusalError) as refused:
            self.run(self.done(job))
        assert refused.value.outcome.name == "same_officer"

    # The rules

    @initialize()
    def issue(self) -> None:
        self.document = person(1)
        now_ms, issued = self.run(
            self.asked("ehc.ehealthcard.register", {"register_no": "1", "register_time": STAMP, **self.document})
        )
        self.card_id = str(issued.biz["ehealth_card_id"])
        self.model = CardModel(LIFE_MS, keys=self.keys, since_ms=now_ms, unsure_ms=0)
        self.given_up: list[tuple[str, CardModel, dict[str, str]]] = []

    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        """One after the other, for a program should ask more often than it breaks something."""
        for operation in data.draw(st.lists(st.sampled_from(OFTEN), min_size=1, max_size=6)):
            self.history.append(operation)
            self.do(self.question(operation, data))

    @precondition(lambda self: self.given_up)
    @rule(data=st.data(), operation=st.sampled_from(["change", "register again", "replace"]))
    def ask_of_a_card_given_up(self, data: st.DataObject, operation: str) -> None:
        self.history.append(f"{operation} of a card given up")
        present = self.card_id, self.model, self.document
        self.card_id, self.model, self.document = data.draw(st.sampled_from(self.given_up))
        try:
            self.do(self.question(operation, data))
        finally:
            self.card_id, self.model, self.document = present

    @rule(seconds=st.sampled_from(WAITS_S))
    def let_time_pass(self, seconds: int) -> None:
        self.history.append(f"{seconds} s")
        if seconds > 0 or self.keys.latest_ms - self.now_ms < FURTHEST_BACK_MS:
            self.now_ms += seconds * 1000

    @rule(what=st.sampled_from(["tidied up", "restarted"]))
    def keep_running(self, what: str) -> None:
        """What is done beside the requests, sooner or later."""
        self.history.append(what)
        if what == "restarted":
            self.runner.run(self.platform.close())
            self._open()
        else:
            self.run(self.done(forget))
            self.run(self.done(life_cycle.expire_grace))

    @rule(data=st.data(), operations=st.lists(st.sampled_from(OPERATIONS), min_size=1, max_size=4))
    def ask_while_the_disk_fails(self, data: st.DataObject, operations: list[str]) -> None:
        """Asked together, so that they share a transaction: everyone must be told, and nothing may have been done."""
        self.history.append(f"disk fails: {operations}")
        questions = [self.question(operation, data) for operation in operations]

        async def together() -> list[Any]:
            return await asyncio.gather(*(question.ask() for question in questions), return_exceptions=True)

        with failing_disk():
            told = self.runner.run(together())
        assert all(isinstance(one, Exception) for one in told), told

    @rule(
        data=st.data(),
        operation=st.sampled_from(OPERATIONS),
        moment=st.sampled_from(["idle", "before the commit", "after the commit"]),
    )
    def kill(self, data: st.DataObject, operation: str, moment: str) -> None:
        """Opened again from what a killed process leaves; whoever waited for an answer never gets it."""
        self.history.append(f"kill {moment}: {operation}")
        question, left = self.question(operation, data), self._next_folder()
        leave = partial(as_after_a_kill, self.data, left)
        if moment == "idle":
            self.do(question)
            leave()
        else:
            before, after = (leave, _nothing) if moment == "before the commit" else (_nothing, leave)
            with around_commits(self.platform.writer, before, after):
                told = self.run(question.ask())
            if moment == "after the commit":
                question.settle(told)
        self.runner.run(self.platform.close())
        shutil.rmtree(self.data)
        self.data = left
        self._open()

    @invariant()
    def states_are_told(self) -> None:
        if not hasattr(self, "card_id"):
            return
        for card_id, model in ((self.card_id, self.model), *(known[:2] for known in self.given_up)):
            told = self.call("ehc.ehealthcode.query", ehealth_card_id=card_id)
            assert told.biz["card_state"] == model.state
        assert self.platform.parts.verification.keys.newest == self.keys.active


def _nothing() -> None:
    pass
