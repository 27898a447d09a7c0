"""A strict platform: it refuses, shuffles, delays and rotates, and a client that does as it should notices nothing."""

import random
import time

import pytest

from reference_impl.access.rate_limit import Quotas
from reference_impl.door.api.operation_routes import StrictTold
from reference_impl.door.strictness import MAX_SHARE, StrictFace, StrictGate, check_share
from reference_impl.errors import PlatformError
from reference_impl.storage.schema import AUDIT

NO_QUOTAS = Quotas(0, 0, 0, 0)


def strict_gate(share, seed=1, quotas=NO_QUOTAS):
    return StrictGate(quotas, lambda _: None, share, random.Random(seed))


@pytest.fixture
def database():
    return "sqlite"


@pytest.fixture
def strict_bench(open_bench):
    return open_bench(gate=strict_gate(0.5))


def persistent(bench, method, biz):
    """Call as a client should: what says try again is tried again, as a new request."""
    for _ in range(100):
        answer = bench.call(method, biz)
        if answer.code != "114":
            return answer
    pytest.fail("it never served")


def test_whoever_tries_again_always_succeeds(strict_bench, person):
    bench = strict_bench
    for serial in range(1, 31):
        card_id = persistent(bench, "ehc.ehealthcard.register", person(serial)).biz["ehealth_card_id"]
        made = persistent(bench, "ehc.ehealthcode.generate", {"ehealth_card_id": card_id, "ewmbs": "0"})
        biz = {"medstepcode": "010101", "channelcode": "0100", "ehealth_code": made.biz["ehealth_code"]}
        assert persistent(bench, "ehc.ehealthcode.verify", biz).success
        assert persistent(bench, "ehc.ehealthcode.verify", biz).code == "406"


def test_about_the_share_is_refused_and_nothing_is_spent(strict_bench, person):
    bench = strict_bench
    card_id = persistent(bench, "ehc.ehealthcard.register", person(1)).biz["ehealth_card_id"]
    codes = [bench.call("ehc.ehealthcode.query", {"ehealth_card_id": card_id}).code for _ in range(200)]
    refused = codes.count("114")
    assert set(codes) == {"000", "114"}
    assert 60 < refused < 140
    assert len(queries(bench)) == 200 - refused


def queries(bench):
    with bench.platform.readers.connect() as connection:
        return connection.execute(AUDIT.select().where(AUDIT.c.op == "ehc.ehealthcode.query")).all()


def test_the_same_seed_makes_the_same_choices():
    def choices(seed):
        gate = strict_gate(0.3, seed)
        return [gate.admit("a", "b", "c") is None for _ in range(200)]

    assert choices(1) == choices(1) != choices(2)


def test_limits_come_first():
    gate = strict_gate(0.9, quotas=Quotas(1, 0, 0, 0))
    told = [gate.admit("a", "b", "c") for _ in range(50)]
    assert {wait.outcome.name for wait in told if wait} == {"try_again", "rate_limited"}
    assert [wait.outcome.name for wait in told[10:]] == ["rate_limited"] * 40


@pytest.mark.parametrize("share", [-0.1, MAX_SHARE + 0.01, float("nan"), float("inf")])
def test_a_share_that_nobody_could_live_with(share):
    with pytest.raises(PlatformError, match="cannot refuse the share"):
        check_share(share)


def test_answers_keep_their_content_and_lose_their_order(api):
    strict = api.application.asgi
    plain = api.ask("GET", "/keys")
    api.application.asgi = StrictFace(strict, random.Random(1))
    orders = set()
    for _ in range(20):
        answer = api.ask("GET", "/keys")
        assert answer.json() == plain.json()
        assert int(answer.headers["content-length"]) == len(answer.content)
        orders.add(tuple(answer.json()["keys"][0]))
    assert len(orders) > 3
    assert api.plain("GET", "/admin").text.startswith("<!doctype html>")


def test_it_says_that_it_is_strict(bench, make_api, api):
    assert "strict" not in api.plain("GET", "/health").json()
    strict = make_api(bench, strict=StrictTold(share=0.05, seed=3))
    assert strict.plain("GET", "/health").json()["strict"] == {"share": 0.05, "seed": 3}


def test_a_strict_platform_as_it_is_served(serve, person):
    served = serve(strict=0.3, strict_seed=4, token_ttl_s=2)
    assert served.client().get("/health").json()["strict"] == {"share": 0.3, "seed": 4}
    caller = served.caller()
    outcomes = []
    for serial in range(1, 16):
        card_id = persistent(caller, "ehc.ehealthcard.register", person(serial)).biz["ehealth_card_id"]
        made = persistent(caller, "ehc.ehealthcode.generate", {"ehealth_card_id": card_id, "ewmbs": "0"})
        biz = {"medstepcode": "010101", "channelcode": "0100", "ehealth_code": made.biz["ehealth_code"]}
        outcomes.append(persistent(caller, "ehc.ehealthcode.verify", biz).code)
    assert set(outcomes) == {"000"}
    token = {"Authorization": f"Bearer {served.credentials['admin_token']}"}

    def versions():
        keys = served.client().get("/api/v1/keys", headers=token).json()["keys"]
        return [key for key in keys if key["purpose"] == "token"]

    deadline = time.monotonic() + 60
    while len(versions()) < 2 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert len(versions()) > 1
