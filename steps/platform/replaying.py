"""Requests heard before: sent again byte for byte, and once more with nothing but their time changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_bdd import when

from rigs.drivers.hn_a import HnAPlatform
from rigs.roles import PlatformAnswer
from steps.platform.asking import LINES, PLACE, cards, must_grant, outcome, patiently, spread, static_code
from steps.sampling import Sampler

EACH_ACTION = 20
LATER_MS = 1000


@dataclass(frozen=True)
class Asked:
    """A request: what a report calls it, its method and its content."""

    action: str
    method: str
    content: Mapping[str, str]


@when("requests that were granted are sent again, as they were and under a new time")
@when("将已被接受的请求原样重发，并改写时间后再次重发")
def send_again(sampler: Sampler, people: Iterator[dict[str, str]]) -> None:
    """Static codes are verified and cards asked for, which may be done as often as one likes, in a new request."""
    # From addresses of their own: a wrong digest may well count against the address it comes from.
    with sampler.run.bench.callers(LINES, apart=True) as lines:
        held = cards(lines, people, EACH_ACTION)
        codes = spread(lines, held, static_code)
        asked = [Asked("verify a code", "ehc.ehealthcode.verify", {"ehealth_code": code, **PLACE}) for code in codes]
        asked += [Asked("ask for a card", "ehc.ehealthcode.query", {"ehealth_card_id": card_id}) for card_id in held]
        for one, answers in zip(asked, spread(lines, asked, _send_thrice), strict=True):
            for replay, answer in answers.items():
                sampler.observe(
                    "request_sent_again",
                    outcome(answer),
                    cell={"action": one.action, "replay": replay},
                    journal=answer.journal,
                    detail={"answer": answer.code},
                )


def _send_thrice(line: HnAPlatform, asked: Asked) -> dict[str, PlatformAnswer]:
    """The answers to what was sent the second and the third time."""
    first = line.seal(asked.method, asked.content)
    again = {"as it was": first, "under a new time": _dated_later(first)}
    must_grant(_send(line, first, asked.method), asked.method)
    return {replay: _send(line, body, asked.method) for replay, body in again.items()}


def _send(line: HnAPlatform, body: bytes, method: str) -> PlatformAnswer:
    return patiently(lambda: line.send(body, method))


def _dated_later(body: bytes) -> bytes:
    envelope = json.loads(body)
    return json.dumps({**envelope, "timestamp": str(int(envelope["timestamp"]) + LATER_MS)}).encode()
