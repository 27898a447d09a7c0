"""Whatever our own API refuses is a problem with a stable code, and repeats nothing of what was sent."""

import json

import pytest

from reference_impl.door.api.guard import MAX_BODY_BYTES
from reference_impl.door.api.problems import status_of
from reference_impl.refusals import OUTCOMES, RefusalError

SENT = "张三439900199001010013"


@pytest.fixture
def database():
    return "sqlite"


def is_problem(answer, status, code):
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
    return told


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api/v1/nowhere", 404, "not_found"),
        ("GET", "/admin/page.html.j2", 404, "not_found"),
        ("GET", "/admin/..%2fpage.py", 404, "not_found"),
        ("DELETE", "/health", 405, "method_not_allowed"),
        ("GET", "/gateway", 405, "method_not_allowed"),
    ],
)
def test_paths_and_methods_that_are_not_there(api, method, path, status, code):
    is_problem(api.plain(method, path), status, code)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/gateway", "POST"),
        ("/api/v1/institutions", "GET, POST"),
        ("/api/v1/key-requests", "GET, POST"),
        ("/api/v1/terminal-modules/challenges", "POST"),
    ],
)
def test_every_method_of_a_path_is_told(api, path, allowed):
    answer = api.plain("DELETE", path)
    is_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    "body",
    [
        {"grace_s": SENT},
        {"grace_s": -1},
        {"grace_s": True},
        {"grace_s": "60"},
        {SENT: 1, "grace_s": 1},
        [SENT],
        {},
    ],
)
def test_what_a_wrong_body_is_told_repeats_none_of_it(api, body):
    answer = api.ask("POST", "/keys/token/rotation", body)
    is_problem(answer, 422, "invalid")
    assert SENT not in json.dumps(answer.json(), ensure_ascii=False)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "body.grace_s 缺失 / body.grace_s is missing"),
        ({"grace_s": "60"}, "body.grace_s 不是数 / body.grace_s is no number"),
        ({"grace_s": -1}, "body.grace_s 小于 0 / body.grace_s is less than 0"),
        ([SENT], "body 不是 JSON 对象 / body is no JSON object"),
    ],
)
def test_what_is_wrong_is_told_in_words(api, body, told):
    assert api.ask("POST", "/keys/token/rotation", body).json()["detail"] == told


def test_every_rule_that_is_broken_is_told_in_words_and_without_the_value(api):
    wrong = {"name": SENT * 20, "dialect": 5, "scopes": ["fly", SENT], "public_key": SENT, SENT: SENT}
    told = is_problem(api.ask("POST", "/institutions/439900000001/apps", wrong), 422, "invalid")["detail"]
    english = set(told.partition(" / ")[2].split("; "))
    scopes = "is not 'issue', 'code', 'verify', 'query', 'link', 'record', 'usage' or 'org'"
    assert english == {
        "body has a field that is not known, it may have name, dialect, scopes, public_key",
        "body.name has more characters than 128",
        "body.dialect is no text",
        f"body.scopes.0 {scopes}",
        f"body.scopes.1 {scopes}",
        "body.public_key is not of the form that /openapi.json describes",
    }
    assert SENT not in told


def test_rules_of_a_query_are_told_too(api):
    told = is_problem(api.ask("GET", f"/institutions?limit={SENT}&after={SENT}"), 422, "invalid")["detail"]
    assert "query.limit is no whole number" in told
    assert SENT not in told


def test_a_body_that_is_no_json(api):
    headers = {"Authorization": f"Bearer {api.tokens['admin']}", "Content-Type": "application/json"}
    sent = api.plain("POST", "/api/v1/keys/token/rotation", content=b"{", headers=headers)
    is_problem(sent, 422, "invalid")
    sent = api.plain("POST", "/api/v1/keys/token/rotation", content=b"\xfa1", headers=headers)
    is_problem(sent, 400, "bad_request")


@pytest.mark.parametrize("path", ["/api/v1/keys/token/rotation", "/gateway", "/nowhere"])
def test_a_body_without_end(api, path):
    is_problem(api.plain("POST", path, content=b"x" * (MAX_BODY_BYTES + 1)), 413, "request_entity_too_large")


def test_a_refusal_of_the_platform_is_told_by_its_name(api):
    told = is_problem(api.ask("POST", "/keys/card-id/rotation", {"grace_s": 0}), 409, "key_fixed")
    assert "rotated" in told["detail"]
    is_problem(api.ask("POST", "/keys/nothing/rotation", {"grace_s": 0}), 404, "unknown_key")


def test_every_refusal_has_a_status_of_the_caller_or_of_now():
    for outcome in OUTCOMES.values():
        status = status_of(RefusalError(outcome))
        assert 400 <= status < 500 or status == 503, outcome.name
        assert (status == 404) == outcome.name.startswith("unknown_")
