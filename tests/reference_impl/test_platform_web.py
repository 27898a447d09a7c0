"""What the web face answers when the platform itself fails, and what it writes down then."""

import asyncio
import json
import logging
from contextlib import contextmanager

import httpx

from reference_impl.door.logbook import start_log
from reference_impl.door.web import create_app
from reference_impl.storage.schema import PERSONS
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import seal_request


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


def post(app, body):
    async def sent():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://platform") as client:
            return await client.post("/gateway", content=body)

    return asyncio.run(sent())


def test_a_failure_of_our_own_is_a_problem_and_tells_nothing(bench, person, capsys):
    card_id = bench.register()
    with bench.platform.engine.begin() as connection:
        connection.execute(PERSONS.update().values(sealed_identity=b"damaged"))
    query = seal_request(HN_A, bench.credentials, "ehc.ehealthcode.query", {"ehealth_card_id": card_id}, bench.now_ms())
    with own_log(bench.clock):
        answer = post(create_app(bench.platform), json.dumps(query).encode())
    assert answer.status_code == 500
    assert answer.json() == {"type": "about:blank", "title": "Internal Server Error", "status": 500}
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
