"""What the web face answers when the platform itself fails, and what it writes down then."""

import json
import logging
from contextlib import contextmanager

import pytest

from reference_impl.door.api.guard import MAX_BODY_BYTES
from reference_impl.door.fast_path import FastPath
from reference_impl.door.logbook import Requests, start_log
from reference_impl.storage.schema import PERSONS
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import seal_request


@pytest.fixture
def database():
    return "sqlite"


@contextmanager
def own_log(clock):
    root = logging.getLogger()
    before, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    root.handlers.clear()
    start_log(clock)
    try:
        yield
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        logging.raiseExceptions = raising


def test_a_failure_of_our_own_is_a_problem_and_tells_nothing(api, bench, capsys):
    card_id = bench.register()
    with bench.platform.engine.begin() as connection:
        connection.execute(PERSONS.update().values(sealed_identity=b"damaged"))
    query = seal_request(HN_A, bench.credentials, "ehc.ehealthcode.query", {"ehealth_card_id": card_id}, bench.now_ms())
    with own_log(bench.clock):
        answer = api.plain("POST", "/gateway", json=query)
    assert answer.status_code == 500
    told = {"title": "Internal Server Error", "code": "internal_server_error", "detail": ""}
    assert answer.json() == {"type": "about:blank", "status": 500} | told
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["level"], told["event"], told["error"]) == ("error", "a request could not be served", "PlatformError")
    assert told["at"].startswith("sealing.py:")
    assert told["time"] == bench.clock.now


def test_the_log_leaves_out_what_libraries_put_into_their_words(capsys):
    secret = "439900199001010013"
    with own_log(lambda: 0.0):
        logging.getLogger("asyncio").error("never retrieved\nfuture: %s", secret)
        try:
            int(secret + "x")
        except ValueError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application: %s", secret)
        logging.getLogger("reference_impl").info("not a warning")
    written = capsys.readouterr().err
    assert secret not in written
    assert [json.loads(line)["event"] for line in written.splitlines()] == [
        "never retrieved",
        "Exception in ASGI application: %s",
    ]


def test_a_failure_of_the_api_is_one_too(api, capsys, monkeypatch):
    monkeypatch.setattr(api.bench.platform.memory, "root", None)
    with own_log(api.bench.clock):
        answer = api.ask("POST", "/keys/token/rotation", {"grace_s": 1})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_server_error")
    assert json.loads(capsys.readouterr().err)["event"] == "a request could not be served"


def test_requests_are_logged_where_asked_for_and_name_nobody(bench, make_api, capsys):
    secret = "439900199001010013"
    with own_log(bench.clock):
        api = make_api(bench, requests=Requests())
        api.ask("GET", f"/institutions/{secret}?who={secret}")
        api.plain("GET", f"/{secret}")
    lines = capsys.readouterr().err.splitlines()
    assert secret not in "".join(lines)
    told = [(line["method"], line["route"], line["status"]) for line in map(json.loads, lines)]
    assert told == [("GET", "/api/v1/institutions/{org_code}", 404), ("GET", "none", 404)]


def test_gateways_are_logged_too_by_their_path_and_name_nobody(serve, person):
    served = serve(request_log=True)
    caller = served.caller()
    card_id = caller.register(3)
    code = caller.dynamic(card_id)
    assert caller.verify(code).success
    client = served.client()
    client.get(f"/gateway?{card_id}")
    client.post("/gateway", content=b"x" * (MAX_BODY_BYTES + 1))
    client.get("/health")
    exit_code, errors = served.stop()
    assert exit_code == 0
    lines = [json.loads(line) for line in errors.splitlines()]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        *[("POST", "/gateway", 200)] * 3,
        ("GET", "/gateway", 405),
        ("POST", "/gateway", 413),
        ("GET", "/health", 200),
    ]
    assert all(set(line) == {"time", "level", "logger", "event", "method", "route", "status", "ms"} for line in lines)
    said = [card_id, code, served.credentials["app_id"], *(value for value in person(3).values() if len(value) > 2)]
    assert not [word for word in said if word in errors]


def test_a_gateway_that_fails_is_logged_as_having_failed(bench, make_api, capsys, monkeypatch):
    monkeypatch.setattr(bench.platform.gateway, "answer", None)
    with own_log(bench.clock):
        make_api(bench, requests=Requests()).plain("POST", "/gateway", content=b"{}")
    failure, request = map(json.loads, capsys.readouterr().err.splitlines())
    assert failure["event"] == "a request could not be served"
    assert (request["route"], request["status"]) == ("/gateway", 500)


def test_where_requests_are_not_logged_nothing_stands_before_the_gateways(bench, make_api):
    assert isinstance(make_api(bench).application.asgi, FastPath)
    assert not isinstance(make_api(bench, requests=Requests()).application.asgi, FastPath)
