"""Random programs against the model of a card, in one process under a clock that only the program turns."""

from __future__ import annotations

import asyncio
import json
import tempfile
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fixtures.card_model import ACTIVE, CHANGES, CardModel, Code
from fixtures.population import person
from reference_impl.defects.table import defect_named
from reference_impl.platform import open_platform
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import open_response, seal_request
from reference_impl.wire.exchange import HttpRequest
from reference_impl.wire.gateway import GatewayProfile

START_MS = 1_800_000_000_000
LIFE_MS = 60_000
TIMES = {"lost": "lost_time", "found": "found_time", "freeze": "freeze_time", "unfreeze": "unfreeze_time"}
STAMP = "20270115160000"


class CardPrograms(RuleBasedStateMachine):
    """One platform for all programs, one card for each; the platform is closed and opened again within a program."""

    defect = ""
    folder: Path
    people = count()

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.now_ms = START_MS
        self._open()

    def _open(self) -> None:
        self.platform = open_platform(self.folder, clock=lambda: self.now_ms / 1000, token_ttl_s=LIFE_MS / 1000)
        if self.defect:
            defect_named(self.defect).apply(self.platform)

    def teardown(self) -> None:
        self.runner.run(self.platform.close())
        self.runner.close()

    def call(self, method: str, **fields: str):
        # Two equal requests of one millisecond are one request sent twice.
        self.now_ms += 1
        credentials = self.platform.credentials
        body = json.dumps(seal_request(HN_A, credentials, method, fields, self.now_ms)).encode()
        http = HttpRequest("/gateway", "application/json", body)
        answer = self.runner.run(self.platform.gateway.answer(GatewayProfile(HN_A), http, "127.0.0.1"))
        return open_response(HN_A, credentials, json.loads(answer.body), method, self.now_ms)

    @initialize()
    def issue(self) -> None:
        resident = person(next(self.people))
        issued = self.call("ehc.ehealthcard.register", register_no="1", register_time=STAMP, **resident)
        self.card_id = str(issued.biz["ehealth_card_id"])
        self.model = CardModel(LIFE_MS)

    @rule()
    def generate(self) -> None:
        before = self.now_ms
        made = self.call("ehc.ehealthcode.generate", ehealth_card_id=self.card_id, ewmbs="0")
        assert made.success == (self.model.state == ACTIVE)
        if made.success:
            self.model.fresh.append(Code(str(made.biz["ehealth_code"]), before, self.now_ms))

    @precondition(lambda self: self.model.fresh or self.model.shown)
    @rule(data=st.data())
    def verify(self, data: st.DataObject) -> None:
        code = data.draw(st.sampled_from([*self.model.fresh, *self.model.shown]))
        before = self.now_ms
        place = {"medstepcode": "010101", "channelcode": "0100"}
        answer = self.call("ehc.ehealthcode.verify", ehealth_code=code.text, **place)
        assert self.model.expects(code, before, self.now_ms) in (None, answer.success)
        if answer.success:
            code.good = False

    @rule(operation=st.sampled_from(sorted(CHANGES)))
    def change(self, operation: str) -> None:
        if operation == "close":
            fields = {"revoke_no": "1", "revoke_time": STAMP}
        else:
            fields = {TIMES[operation]: STAMP}
        answer = self.call(f"ehc.ehealthcard.{operation}", ehealth_card_id=self.card_id, **fields)
        assert answer.success == self.model.change(operation)

    @rule(seconds=st.sampled_from([1, 20, 90]))
    def wait(self, seconds: int) -> None:
        self.now_ms += seconds * 1000

    @rule()
    def restart(self) -> None:
        self.runner.run(self.platform.close())
        self._open()

    @invariant()
    def state_is_told(self) -> None:
        if hasattr(self, "card_id"):
            told = self.call("ehc.ehealthcode.query", ehealth_card_id=self.card_id)
            assert told.biz["card_state"] == self.model.state


def hunt(defect: str, programs: int, steps: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        machine = type("Hunt", (CardPrograms,), {"defect": defect, "folder": Path(folder), "people": count()})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=programs,
                stateful_step_count=steps,
                derandomize=True,
                database=None,
                deadline=None,
                print_blob=False,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_a_sound_platform_agrees_with_the_model():
    hunt("", 40, 25)


def test_a_card_that_comes_back_from_being_closed_is_found():
    with pytest.raises(AssertionError):
        hunt("resurrects-closed-card", 200, 30)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_many_programs_agree_with_the_model():
    hunt("", 2000, 50)
