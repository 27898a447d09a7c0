"""The auditor's and the statistician's routes, asked through the application as it is served."""

import json
from datetime import date

import httpx
import pytest
from sqlalchemy import delete, update

from reference_impl.door.access_tokens import make_tokens
from reference_impl.door.metrics import Metrics
from reference_impl.door.web import Face, create_app
from reference_impl.records import audit, audit_export
from reference_impl.records.china_time import start_of
from reference_impl.storage.schema import AUDIT
from reference_impl.storage.schema_records import AUDIT_REGISTER

AUDITOR = "auditor"
PATHS = ("/audit", "/audit/check", "/audit/anchors", "/statistics")


@pytest.fixture
def ask(bench):
    """Ask the API as somebody; return the answer."""
    tokens = bench.do(lambda connection: make_tokens(connection, bench.platform.parts.random, bench.now_ms()))
    app = create_app(bench.platform, Face(Metrics("w0", ()))).asgi

    def asked(path, who=AUDITOR, **query):
        async def get():
            headers = {} if who is None else {"authorization": f"Bearer {tokens[who]}"}
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://platform") as client:
                return await client.get(f"/api/v1{path}", params=query, headers=headers)

        return bench.wait(get())

    return asked


def records(answer):
    return [json.loads(line) for line in answer.text.splitlines()]


def test_the_whole_audit_comes_out_and_its_reading_is_audited(bench, ask, monkeypatch):
    monkeypatch.setattr(audit_export, "PAGE_ROWS", 2)
    bench.verify(bench.dynamic(bench.register()))
    answer = ask("/audit")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    told = records(answer)
    assert {record["op"].rpartition(".")[2] for record in told} >= {"register", "generate", "verify"}
    assert set(told[0]) == {
        *("lane", "seq", "at_ms", "op", "org_code", "app_id", "term_id", "card_id", "outcome", "actor", "detail"),
        *("prev", "hash"),
    }
    again = [record for record in records(ask("/audit")) if record["op"] == "api.audit.export"]
    assert [record["actor"] for record in again][:1] == ["auditor"]


def test_a_span_of_the_audit(bench, ask):
    bench.register()
    now = bench.now_ms()
    assert records(ask("/audit", from_ms=now + 1)) == []
    assert records(ask("/audit", to_ms=now)) == []
    assert records(ask("/audit", from_ms=now, to_ms=now + 1)) != []


def test_the_check_agrees_with_the_audit_and_finds_what_was_changed(bench, ask):
    bench.register()
    whole = ask("/audit/check").json()
    assert whole["first_bad"] is None
    assert whole["retention_days"] == 180
    assert whole["records"] == sum(lane["records"] for lane in whole["lanes"]) == len(records(ask("/audit")))
    with bench.platform.engine.begin() as connection:
        connection.execute(update(AUDIT).where(AUDIT.c.op.like("%register")).values(actor="nobody"))
    bad = ask("/audit/check").json()["first_bad"]
    assert (bad["seq"], bad["fault"]) == (1, "the record or one before it was changed")
    assert bad["lane"] in {lane["lane"] for lane in whole["lanes"]}


def test_an_audit_without_its_register_is_a_problem_not_a_failure(bench, ask):
    with bench.platform.engine.begin() as connection:
        connection.execute(delete(AUDIT_REGISTER))
    for path in ("/audit", "/audit/anchors"):
        answer = ask(path)
        assert (answer.status_code, answer.json()["code"]) == (409, "audit_tampered")
    assert ask("/audit/check").json()["first_bad"]["lane"] == ""


def test_the_statement_is_the_platforms(bench, ask):
    bench.register()
    statement = audit.read_statement(ask("/audit/anchors").content, bench.platform.parts.keyring.signing.public, "here")
    lanes = {lane["lane"]: lane for lane in ask("/audit/check").json()["lanes"]}
    assert {lane: head.hash for lane, head in statement.lanes.items()} == {
        lane: told["head"] for lane, told in lanes.items()
    }


def test_statistics_of_some_days(bench, ask):
    bench.register()
    day = "2027-01-15"
    document = ask("/statistics", **{"from": day, "to": day}).json()
    assert (document["from_ms"], document["to_ms"]) == (start_of(date(2027, 1, 15)), start_of(date(2027, 1, 16)))
    named = {figure["name"]: figure for figure in document["figures"]}
    assert named["issued_by_day"]["rows"] == [{"day": day, "cards": 1}]
    assert named["issued_by_day"]["definition"]["zh"]
    assert ask("/statistics").json()["from_ms"] == 0


def test_days_that_are_none(ask):
    for query in (
        {"from": "20270115"},
        {"from": "0"},
        {"to": "2027-02-30"},
        {"to": "yesterday"},
    ):
        assert ask("/statistics", **query).status_code == 422, query
    turned = ask("/statistics", **{"from": "2027-01-15", "to": "2027-01-14"})
    assert (turned.status_code, turned.json()["code"]) == (409, "bad_period")


def test_moments_that_are_none(ask):
    for query in ({"from_ms": -1}, {"to_ms": 1 << 63}, {"from_ms": "now"}):
        assert ask("/audit", **query).status_code == 422


def test_who_may_ask(ask):
    for path in PATHS:
        assert ask(path, who=None).status_code == 401
        assert ask(path, who="officer-a").status_code == 403
        assert ask(path).status_code == 200
    assert ask("/statistics", who="admin").status_code == 200
    assert ask("/audit", who="admin").status_code == 403
