"""Twice what a platform can take, over real HTTP: it goes on serving what it can, refuses the rest, and recovers."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass

import httpx
import pytest

from reference_impl.door.backlog import MAX_WAIT_S
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import Credentials, open_response, seal_request

VERIFY = "ehc.ehealthcode.verify"
VISIT = {"medstepcode": "010101", "channelcode": "0100", "terminalcode": "window-1"}
CAPACITY = 50
FLOOD_S, AFTER_S = 4, 3


@dataclass
class Sent:
    """One request: when it was to leave, s from the beginning, and what came of it."""

    at_s: float
    status: int
    retry_after: str | None
    code: str
    took_s: float


async def offered(credentials, code, plan):
    """Send a verification at each of these moments, whether or not those before were answered."""
    names = ("app_id", "app_secret", "term_id")
    caller = Credentials(**{name: credentials[name] for name in names})
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=credentials["url"], trust_env=False, timeout=30, limits=limits) as client:
        begun, stamp = time.monotonic(), int(time.time() * 1000)

        async def send(number, at_s):
            await asyncio.sleep(begun + at_s - time.monotonic())
            sealed = seal_request(HN_A, caller, VERIFY, {**VISIT, "ehealth_code": code}, stamp + number)
            answer = await client.post("/gateway", content=json.dumps(sealed).encode())
            took_s = time.monotonic() - begun - at_s
            opened = answer.status_code == 200 and open_response(HN_A, caller, answer.json(), VERIFY, stamp)
            return Sent(
                at_s, answer.status_code, answer.headers.get("retry-after"), opened.code if opened else "", took_s
            )

        return await asyncio.gather(*[send(number, at_s) for number, at_s in enumerate(plan)])


def refusals(served):
    text = served.client().get("/metrics").text
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("xiangka_overload_refusals_t"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.nightly)])
def database(request):
    return request.param


def test_at_twice_its_capacity_it_serves_what_it_can_and_recovers_at_once(serve, database_url):
    served = serve(capacity=CAPACITY, database_url=database_url)
    caller = served.caller()
    code = caller.static(caller.register())
    flood = [number / (2 * CAPACITY) for number in range(FLOOD_S * 2 * CAPACITY)]
    after = [FLOOD_S + number / (CAPACITY / 2) for number in range(AFTER_S * CAPACITY // 2)]
    sent = asyncio.run(offered(served.credentials, code, flood + after))

    good = [one for one in sent if (one.status, one.code) == (200, "000")]
    refused = [one for one in sent if one.status == 503]
    assert len(good) + len(refused) == len(sent)
    assert all(int(one.retry_after) >= 1 for one in refused)
    assert refusals(served) == len(refused) > 0
    assert sum(one.at_s < FLOOD_S for one in good) >= 0.8 * CAPACITY * FLOOD_S
    waits = sorted(one.took_s for one in good)
    assert waits[int(0.95 * len(waits))] < 3 * MAX_WAIT_S
    # What came last: nobody is refused any more, and nobody waits as long as in the flood.
    last = [one for one in sent if one.at_s > FLOOD_S + AFTER_S / 2]
    assert {one.code for one in last} == {"000"}
    assert max(one.took_s for one in last) < waits[len(waits) // 2]


def test_below_its_capacity_nobody_is_refused(serve, database_url):
    served = serve(capacity=CAPACITY, database_url=database_url)
    caller = served.caller()
    code = caller.static(caller.register())
    sent = asyncio.run(offered(served.credentials, code, [n / (0.8 * CAPACITY) for n in range(2 * CAPACITY)]))
    assert {(one.status, one.code) for one in sent} == {(200, "000")}
    assert refusals(served) == 0
