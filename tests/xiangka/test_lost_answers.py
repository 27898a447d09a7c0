"""What a platform does with a request whose answer was lost on the way, and that is made again."""

from __future__ import annotations

import http.client
import json
import time
from itertools import count
from urllib.request import Request, urlopen

import pytest

from fixtures.population import people
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import Credentials, open_response, seal_request
from rigs.drivers.fault_proxy import fault_proxy
from rigs.fault_proxy.faults import Faults
from rigs.fault_proxy.lots import Fate, lot
from rigs.journal import Journal
from steps.load.effects import Effects, effects

REGISTER, GENERATE, VERIFY = "ehc.ehealthcard.register", "ehc.ehealthcode.generate", "ehc.ehealthcode.verify"
USAGE = "ehc.usage.report"
LOSING = next(
    faults
    for faults in (Faults(reset=1.0, seed=seed) for seed in count())
    if all(lot(faults, number).fate is Fate.RESET_UNANSWERED for number in (1, 2, 3))
)
"""Loses the answers to the first three requests, which the platform has served by then."""


class Caller:
    """One terminal of a hospital, over a wire that loses answers or over one that does not."""

    def __init__(self, platform, lossy: str) -> None:
        told = json.loads(platform.credentials.read_text(encoding="utf-8"))
        self._credentials = Credentials(told["app_id"], told["app_secret"], told["term_id"])
        self._auditor = told["auditor_token"]
        self._sound, self._lossy = platform.url.removeprefix("http://"), lossy.removeprefix("http://")
        self._stamps = count(time.time_ns() // 1_000_000)

    def sealed(self, method: str, fields: dict[str, str]) -> bytes:
        return json.dumps(seal_request(HN_A, self._credentials, method, fields, next(self._stamps))).encode()

    def ask(self, method: str, body: bytes):
        answer = self._post(self._sound, body)
        return open_response(HN_A, self._credentials, json.loads(answer), method, time.time_ns() // 1_000_000)

    def lose_answer(self, body: bytes) -> None:
        with pytest.raises(ConnectionResetError):
            self._post(self._lossy, body)

    def audit(self, from_ms: int) -> list[bytes]:
        request = Request(f"http://{self._sound}/api/v1/audit?from_ms={from_ms}")
        request.add_header("Authorization", f"Bearer {self._auditor}")
        with urlopen(request, timeout=60) as answer:  # noqa: S310 - a platform of the test
            return [line for line in answer if line.strip()]

    def _post(self, address: str, body: bytes) -> bytes:
        connection = http.client.HTTPConnection(address, timeout=60)
        try:
            connection.request("POST", "/gateway", body, {"Content-Type": "application/json"})
            return connection.getresponse().read()
        finally:
            connection.close()


@pytest.fixture
def caller(platform):
    address = platform.url.removeprefix("http://").split(":")
    with fault_proxy((address[0], int(address[1])), LOSING, Journal(None)) as proxy:
        yield Caller(platform, proxy.url)


def test_what_was_served_without_an_answer_is_served_once_however_often_it_is_asked_again(caller) -> None:
    begun_ms = time.time_ns() // 1_000_000
    person = {"register_no": "lost-1", "register_time": "20260101080000", **next(people(41, 7))}
    caller.lose_answer(caller.sealed(REGISTER, person))
    cards = {caller.ask(REGISTER, caller.sealed(REGISTER, person)).biz["ehealth_card_id"] for _ in range(2)}
    [card_id] = cards

    fetched = caller.ask(GENERATE, caller.sealed(GENERATE, {"ehealth_card_id": card_id, "ewmbs": "0", "count": "1"}))
    [code] = fetched.biz["ehealth_codes"]
    shown = {"ehealth_code": code, "medstepcode": "010101", "terminalcode": "lost-2", "channelcode": "0100"}
    envelope = caller.sealed(VERIFY, shown)
    caller.lose_answer(envelope)
    assert caller.ask(VERIFY, envelope).code == "108"
    assert caller.ask(VERIFY, caller.sealed(VERIFY, shown)).code == "406"

    used = {"seq_no": "lost-3", "ehealth_card_id": card_id, "visit_no": "lost-3", "time": "20260101080000"}
    used |= {"med_step_code": "010101", "channel_code": "0100", "department_type": "01"}
    caller.lose_answer(caller.sealed(USAGE, used))
    again = caller.ask(USAGE, caller.sealed(USAGE, used))
    assert (again.success, again.biz["counted"]) == (True, "0")

    audit = caller.audit(begun_ms)
    assert effects(audit) == Effects(reports=1, reports_again=0, cards=1, cards_again=0)
    uses = [json.loads(line) for line in audit]
    accepted = [one for one in uses if one["op"] == VERIFY and one["outcome"] == "000"]
    assert [one["detail"]["terminalcode"] for one in accepted] == ["lost-2"]
