"""The API of institutions, applications and terminals, asked over ASGI, beside the gateway it decides about."""

import asyncio
import json

import httpx
import pytest
from sqlalchemy import select

from reference_impl.access.gate import AccessGate
from reference_impl.access.rate_limit import Quotas
from reference_impl.door.access_tokens import make_tokens
from reference_impl.door.metrics import Metrics
from reference_impl.door.web import Face, create_app
from reference_impl.storage.schema import AUDIT
from reference_impl.wire.envelope import Credentials
from reference_impl.wire.exchange import HttpRequest
from reference_impl.wire.sm2 import generate

ORG = {
    "org_code": "439902000001",
    "name": "合成县医院",
    "level": "2",
    "kind": "hospital",
    "prefecture": "439902",
    "ownership": "private",
}
APP = {"name": "门诊系统", "dialect": "hn-a"}
DEVICE = {"term_id": "T01", "terminal_type": "01", "serial": "SYN-0001", "filing_number": "none"}
VERIFY_SCOPES = ["issue", "code", "verify", "query"]


class Api:
    """Asks the API of a bench's platform as one of those who hold a token."""

    def __init__(self, bench):
        self.bench = bench
        now_ms = int(bench.clock.now * 1000)
        self.tokens = bench.do(lambda connection: make_tokens(connection, bench.platform.parts.random, now_ms))
        self.asgi = create_app(bench.platform, Face(Metrics("w0", ()))).asgi

    async def asked(self, method, path, body=None, who="admin"):
        transport = httpx.ASGITransport(self.asgi)
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        async with httpx.AsyncClient(transport=transport, base_url="http://platform/api/v1") as client:
            return await client.request(method, path, json=body, headers=headers)

    def ask(self, method, path, body=None, who="admin"):
        return self.bench.wait(self.asked(method, path, body, who))

    def made(self, path, body):
        answer = self.ask("POST", path, body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def bring(self, path, *states):
        for state in states:
            answer = self.ask("POST", f"{path}/state", {"state": state, "reason": "测试"})
            assert answer.status_code == 200, answer.text
        return answer.json()

    def enrol(self):
        """Enrol an institution with an application and a terminal, all in force; return its credentials."""
        self.made("/institutions", ORG)
        app = self.made(f"/institutions/{ORG['org_code']}/apps", {**APP, "scopes": VERIFY_SCOPES})
        self.made(f"/apps/{app['app_id']}/terminals", DEVICE)
        for path in self.paths(app["app_id"]):
            self.bring(path, "authorised")
        return Credentials(app["app_id"], app["app_secret"], "T01")

    def paths(self, app_id):
        return f"/institutions/{ORG['org_code']}", f"/apps/{app_id}", f"/apps/{app_id}/terminals/T01"

    def audit(self):
        with self.bench.platform.readers.connect() as connection:
            rows = connection.execute(select(AUDIT).where(AUDIT.c.op.like("api.%")).order_by(AUDIT.c.seq)).all()
        return [(row.op, row.org_code, row.app_id, row.term_id, row.outcome, row.actor) for row in rows]


@pytest.fixture
def api(bench):
    return Api(bench)


def code_of(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_from_application_to_authority(api):
    org = api.made("/institutions", ORG)
    assert org == {**ORG, "state": "applied"}
    app = api.made(f"/institutions/{ORG['org_code']}/apps", APP)
    assert (app["state"], app["scopes"]) == (
        "applied",
        ["issue", "code", "verify", "query", "link", "record", "usage"],
    )
    shown = api.ask("GET", f"/apps/{app['app_id']}").json()
    assert "app_secret" not in shown
    assert app["app_secret"] not in json.dumps(shown)
    device = api.made(f"/apps/{app['app_id']}/terminals", DEVICE)
    assert device == {**DEVICE, "app_id": app["app_id"], "state": "applied"}
    for path in api.paths(app["app_id"]):
        frozen = api.bring(path, "authorised", "frozen")
        assert [(line["old_state"], line["new_state"], line["actor"]) for line in frozen["trace"]] == [
            ("authorised", "frozen", "admin"),
            ("applied", "authorised", "admin"),
            ("", "applied", "admin"),
        ]
    assert api.audit() == [
        ("api.institutions.create", ORG["org_code"], "", "", "000", "admin"),
        ("api.apps.create", ORG["org_code"], app["app_id"], "", "000", "admin"),
        ("api.terminals.create", "", app["app_id"], "T01", "000", "admin"),
        *[("api.institutions.state", ORG["org_code"], "", "", "000", "admin")] * 2,
        *[("api.apps.state", "", app["app_id"], "", "000", "admin")] * 2,
        *[("api.terminals.state", "", app["app_id"], "T01", "000", "admin")] * 2,
    ]


def test_what_the_api_made_may_verify_and_what_it_froze_may_not(api):
    bench, first = api.bench, api.bench.credentials
    card = bench.register()
    codes = bench.dynamics(card, 30)
    bench.credentials = api.enrol()
    assert bench.verify(codes.pop()).code == "000"
    refused = {0: "104", 1: "104", 2: "105"}
    for which, path in enumerate(api.paths(bench.credentials.app_id)):
        api.bring(path, "frozen")
        assert bench.verify(codes.pop()).code == refused[which]
        assert bench.call("ehc.ehealthcode.query", {"ehealth_card_id": card}).code == refused[which]
        api.bring(path, "authorised")
        assert bench.verify(codes.pop()).code == "000"
    api.bring(f"/institutions/{ORG['org_code']}", "deleted")
    assert bench.verify(codes.pop()).code == "104"
    assert api.ask("GET", f"/apps/{bench.credentials.app_id}/terminals/T01").json()["state"] == "deleted"
    bench.credentials = first
    assert bench.verify(codes.pop()).code == "000"


def test_a_freeze_under_way_divides_the_requests_once(api):
    """None is accepted that came after the freeze was acknowledged, and none refused that came before it was asked."""
    bench = api.bench
    codes = bench.dynamics(bench.register(), 300)
    bench.credentials = api.enrol()
    path = f"/apps/{bench.credentials.app_id}"
    envelopes = [sealed(bench, code) for code in codes]

    async def race():
        acknowledged = asyncio.Event()
        seen = []

        async def use(envelope):
            before = acknowledged.is_set()
            outcome = await outcome_of(bench, envelope)
            seen.append((before, outcome))

        async def freeze():
            answer = await api.asked("POST", f"{path}/state", {"state": "frozen", "reason": "竞争"})
            acknowledged.set()
            assert answer.status_code == 200

        first = [asyncio.create_task(use(envelope)) for envelope in envelopes[:100]]
        await asyncio.gather(*first)
        freezing = asyncio.create_task(freeze())
        for start in range(100, 300, 10):
            await asyncio.gather(*(use(envelope) for envelope in envelopes[start : start + 10]))
        await freezing
        seen += [(True, await outcome_of(bench, sealed(bench, code))) for code in codes[:3]]
        return seen

    seen = bench.wait(race())
    assert {outcome for before, outcome in seen if before} == {"104"}
    assert [outcome for _, outcome in seen[:100]] == ["000"] * 100
    assert {outcome for _, outcome in seen} == {"000", "104"}


def sealed(bench, code):
    kept = []
    post, bench.post = bench.post, lambda body: kept.append(body) or {}
    try:
        bench.verify(code)
    except Exception:  # noqa: S110 - there is no answer to be opened
        pass
    finally:
        bench.post = post
    return kept[0]


async def outcome_of(bench, body):
    answer = await bench.platform.gateway.answer(
        bench.profile, HttpRequest("/gateway", "application/json", body), "127.0.0.1"
    )
    return json.loads(answer.body)["code"]


def test_deleted_is_final_and_every_refusal_is_on_the_audit(api):
    app_id = api.enrol().app_id
    api.bring(f"/apps/{app_id}", "deleted")
    lines = len(api.audit())
    for method, path, body in (
        ("POST", f"/apps/{app_id}/state", {"state": "authorised", "reason": "后悔"}),
        ("POST", f"/apps/{app_id}/terminals", {**DEVICE, "term_id": "T02", "serial": "SYN-0002"}),
        ("POST", f"/apps/{app_id}/secret", None),
        ("PUT", f"/apps/{app_id}/scopes", {"scopes": ["verify"]}),
    ):
        assert code_of(api.ask(method, path, body)) == (409, "standing_fixed")
    assert [line[4] for line in api.audit()[lines:]] == ["120"] * 4


def test_the_audit_says_why_and_no_number_of_a_person_with_it(api):
    app_id = api.enrol().app_id
    for path in api.paths(app_id):
        for reason, status in (("合同到期", 200), ("holder 439900199001010074", 422)):
            assert api.ask("POST", f"{path}/state", {"state": "frozen", "reason": reason}).status_code == status
        assert api.ask("GET", path).json()["trace"][0]["reason"] == "合同到期"
        assert api.ask("POST", f"{path}/state", {"state": "applied", "reason": "反悔"}).status_code == 409
    with api.bench.platform.readers.connect() as connection:
        rows = connection.execute(select(AUDIT.c.detail).where(AUDIT.c.op.like("api.%.state")).order_by(AUDIT.c.seq))
        details = [json.loads(row.detail) for row in rows][-6:]
    assert details == [{"state": "frozen", "reason": "合同到期"}, {"state": "applied", "reason": "反悔"}] * 3


NOT_THERE = [
    ("GET", "/institutions/439900000999", None, "unknown_institution"),
    ("POST", "/institutions/439900000999/state", {"state": "frozen", "reason": "x"}, "unknown_institution"),
    ("PATCH", "/institutions/439900000999", {"name": "合成"}, "unknown_institution"),
    ("GET", "/institutions/439900000999/apps", None, "unknown_institution"),
    ("POST", "/institutions/439900000999/apps", APP, "unknown_institution"),
    ("GET", "/apps/hn0", None, "unknown_app"),
    ("POST", "/apps/hn0/secret", None, "unknown_app"),
    ("PUT", "/apps/hn0/scopes", {"scopes": ["verify"]}, "unknown_app"),
    ("GET", "/apps/hn0/terminals", None, "unknown_app"),
    ("POST", "/apps/hn0/terminals", DEVICE, "unknown_app"),
    ("GET", "/apps/hn0/terminals/T01", None, "unknown_terminal"),
    ("POST", "/apps/hn0/terminals/T01/state", {"state": "frozen", "reason": "x"}, "unknown_terminal"),
]


def test_what_is_not_there(api):
    for method, path, body, code in NOT_THERE:
        assert code_of(api.ask(method, path, body)) == (404, code), path


NOT_UNDERSTOOD = [
    ("/institutions", {**ORG, "org_code": "430100000001"}),
    ("/institutions", {**ORG, "level": "9"}),
    ("/institutions", {**ORG, "name": "合\x00成"}),
    ("/institutions", {**ORG, "prefecture": "440100"}),
    ("/institutions", {**ORG, "ownership": "state"}),
    ("/institutions", {**ORG, "state": "authorised"}),
    ("/institutions/439900000001/apps", {**APP, "scopes": []}),
    ("/institutions/439900000001/apps", {**APP, "scopes": ["all"]}),
    ("/institutions/439900000001/apps", {**APP, "dialect": "hn-z"}),
    ("/institutions/439900000001/apps", {**APP, "dialect": "hn-s"}),
    ("/institutions/439900000001/apps", {**APP, "dialect": "hn-s", "public_key": "04" + "11" * 64}),
    ("/institutions/439900000001/state", {"state": "open", "reason": "x"}),
    ("/institutions/439900000001/state", {"state": "frozen", "reason": ""}),
    ("/institutions/439900000001/state", {"state": "frozen", "reason": "a\nb"}),
    ("/institutions/43990000%00/state", {"state": "frozen", "reason": "x"}),
]


def test_what_cannot_be_understood(api):
    for path, body in NOT_UNDERSTOOD:
        answer = api.ask("POST", path, body)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), (path, body)
    assert api.ask("GET", "/institutions").json()["institutions"][1:] == []
    assert api.ask("GET", "/institutions/439900000001").json()["state"] == "authorised"


def test_what_is_there_already(api):
    app_id = api.enrol().app_id
    assert code_of(api.ask("POST", "/institutions", ORG)) == (409, "institution_exists")
    assert code_of(api.ask("POST", f"/apps/{app_id}/terminals", {**DEVICE, "serial": "S2"})) == (409, "terminal_exists")
    assert code_of(api.ask("POST", f"/apps/{app_id}/terminals", {**DEVICE, "term_id": "T02"})) == (409, "serial_taken")


def test_who_may_ask(api):
    app_id = api.enrol().app_id
    reads = [
        "/institutions",
        f"/institutions/{ORG['org_code']}",
        f"/apps/{app_id}",
        f"/apps/{app_id}/terminals",
        "/limits",
    ]
    writes = [("/institutions", ORG), (f"/apps/{app_id}/state", {"state": "frozen", "reason": "x"})]
    for path in reads:
        assert [api.ask("GET", path, who=who).status_code for who in ("admin", "auditor", "officer-a", None)] == [
            200,
            200,
            403,
            401,
        ]
    for path, body in writes:
        assert [api.ask("POST", path, body, who=who).status_code for who in ("auditor", "officer-b", None)] == [
            403,
            403,
            401,
        ]


def test_pages(api):
    for n in range(7):
        api.made("/institutions", {**ORG, "org_code": f"43990200000{n}"})
    found, after, pages = [], "", 0
    while after is not None:
        page = api.ask("GET", f"/institutions?limit=3&after={after}").json()
        found += [org["org_code"] for org in page["institutions"]]
        after, pages = page["next"], pages + 1
    assert found == ["439900000001", *(f"43990200000{n}" for n in range(7))]
    assert pages == 3
    app_id = api.made(f"/institutions/{ORG['org_code']}/apps", APP)["app_id"]
    for n in range(4):
        api.made(f"/apps/{app_id}/terminals", {**DEVICE, "term_id": f"T{n}", "serial": f"S{n}"})
    first = api.ask("GET", f"/apps/{app_id}/terminals?limit=2").json()
    rest = api.ask("GET", f"/apps/{app_id}/terminals?limit=2&after={first['next']}").json()
    assert [t["term_id"] for t in first["terminals"] + rest["terminals"]] == ["T0", "T1", "T2", "T3"]
    assert rest["next"] is None
    apps = api.ask("GET", f"/institutions/{ORG['org_code']}/apps").json()
    assert [app["app_id"] for app in apps["apps"]] == [app_id]


def test_an_institution_is_corrected(api):
    api.made("/institutions", ORG)
    corrected = {"name": "合成市医院", "level": "3", "ownership": "public"}
    answer = api.ask("PATCH", f"/institutions/{ORG['org_code']}", corrected)
    assert {name: answer.json()[name] for name in ORG} == {**ORG, **corrected}
    assert api.audit()[-1][0] == "api.institutions.correct"


def test_an_institution_is_public_unless_said(api):
    told = api.made("/institutions", {name: value for name, value in ORG.items() if name != "ownership"})
    assert told["ownership"] == "public"
    assert {one["ownership"] for one in api.ask("GET", "/institutions").json()["institutions"]} == {"public"}


def test_scopes_are_set_anew(api):
    bench = api.bench
    ask = {"ehealth_card_id": bench.register()}
    bench.credentials = api.enrol()
    path = f"/apps/{bench.credentials.app_id}/scopes"
    assert bench.call("ehc.ehealthcode.query", ask).code == "000"
    assert api.ask("PUT", path, {"scopes": ["verify"]}).json()["scopes"] == ["verify"]
    assert bench.call("ehc.ehealthcode.query", ask).code == "111"
    api.ask("PUT", path, {"scopes": ["query"]})
    assert bench.call("ehc.ehealthcode.query", ask).code == "000"


def test_a_new_secret_is_heard_at_once(api):
    bench = api.bench
    ask = {"ehealth_card_id": bench.register()}
    old = bench.credentials = api.enrol()
    assert bench.call("ehc.ehealthcode.query", ask).code == "000"
    fresh = api.ask("POST", f"/apps/{old.app_id}/secret").json()["app_secret"]
    bench.credentials = Credentials(old.app_id, fresh, "T01")
    assert bench.call("ehc.ehealthcode.query", ask).code == "000"


@pytest.mark.parametrize("method", ["verify", "query"])
def test_an_old_secret_is_refused_at_once(api, method):
    bench = api.bench
    card = bench.register()
    code = bench.dynamic(card)
    bench.credentials = api.enrol()
    assert bench.call("ehc.ehealthcode.query", {"ehealth_card_id": card}).code == "000"
    api.ask("POST", f"/apps/{bench.credentials.app_id}/secret")
    if method == "verify":
        assert bench.verify(code).code == "106"
    else:
        assert bench.call("ehc.ehealthcode.query", {"ehealth_card_id": card}).code == "106"


def test_an_application_that_signs_registers_its_key(api):
    api.made("/institutions", ORG)
    key = generate().public.hex()
    app = api.made(f"/institutions/{ORG['org_code']}/apps", {**APP, "dialect": "hn-s", "public_key": key})
    assert api.ask("GET", f"/apps/{app['app_id']}").json()["public_key"] == key


def test_the_limits_are_told(open_bench):
    api = Api(open_bench(gate=AccessGate(Quotas(app=10, terminal=5, address=0, wrong=7))))
    assert api.ask("GET", "/limits").json() == {
        "app": {"per_second": 10},
        "terminal": {"per_second": 5},
        "address": {"per_second": 0},
        "wrong": {"tries": 7, "window_s": 60, "first_lock_s": 60, "longest_lock_s": 3600},
    }


def test_limits_and_locks_reach_the_gateway(open_bench):
    turned = [0.0]
    bench = open_bench(gate=AccessGate(Quotas(app=0, terminal=4, address=0, wrong=5), clock=lambda: turned[0]))
    unknown = {"ehealth_card_id": "0" * 64}
    assert [bench.call("ehc.ehealthcode.query", unknown).code for _ in range(4)] == ["301", "301", "112", "112"]
    for _ in range(3):
        turned[0] += 1
        assert bench.call("ehc.ehealthcode.query", unknown).code == "301"
    turned[0] += 1
    assert bench.call("ehc.ehealthcode.query", unknown).code == "113"
    turned[0] += 60
    assert bench.call("ehc.ehealthcode.query", unknown).code == "301"


def test_every_status_is_in_the_document(api):
    """Each operation of access names the statuses its refusals have."""
    bench = api.bench

    async def fetch():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(api.asgi), base_url="http://platform") as client:
            return (await client.get("/openapi.json")).json()

    document = bench.wait(fetch())
    access = {
        (path, verb): operation
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
        if path.startswith(("/api/v1/institutions", "/api/v1/apps"))
    }
    assert len(access) == 15
    for (path, verb), operation in access.items():
        expected = {"401", "403", "422"}
        if path != "/api/v1/institutions":
            expected |= {"404"}
        if verb != "get":
            expected |= {"409"}
        assert expected <= set(operation["responses"]), (path, verb)
