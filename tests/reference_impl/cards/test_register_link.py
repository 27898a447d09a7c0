"""A register of persons over HTTP: whatever is not exactly an answer to the question asked lets nobody in."""

import gzip
import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from random import Random

import pytest

from reference_impl.cards import register_link
from reference_impl.cards.documents import read_document
from reference_impl.cards.real_name import Answer
from reference_impl.cards.register_link import HttpRegister, NoAnswerError, read_answer

PASSPORT = read_document("03", "439900E1234567", 1_800_000_000_000)
QUESTION = "0a" * 16


@contextmanager
def asking(answer):
    """A register on this machine that answers by ``answer(handler, asked)``, and the way to it."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            told = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append((self.path, told))
            answer(self, told)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    register = HttpRegister(f"http://127.0.0.1:{server.server_port}", Random(1).randbytes)
    try:
        yield register, asked
    finally:
        register.close()
        server.shutdown()
        server.server_close()


def say(handler, body, status=200, headers=()):
    handler.send_response(status)
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def saying(word, **more):
    return lambda handler, told: say(
        handler, json.dumps({"question": told["question"], "answer": word, **more}).encode()
    )


@pytest.mark.parametrize("answer", Answer)
def test_every_answer_is_heard(answer):
    with asking(saying(answer.value)) as (register, asked):
        assert register.check(PASSPORT, "张三") is answer
        assert register.check(PASSPORT, "张三") is answer
    (path, first), (_, second) = asked
    assert path == "/persons/check"
    question = first.pop("question")
    assert question != second.pop("question")
    assert first == second == {"id_type": "03", "id_no": "439900E1234567", "name": "张三"}


def with_status(status):
    return lambda handler, told: say(
        handler, json.dumps({"question": told["question"], "answer": "match"}).encode(), status, [("location", "/")]
    )


WRONG = {
    "more fields": saying("match", name="张三"),
    "another word": saying("MATCH"),
    "no word": saying(True),
    "a list": saying(["match"]),
    "another question": lambda handler, _: say(handler, b'{"question":"00","answer":"match"}'),
    "no question": lambda handler, _: say(handler, b'{"answer":"match"}'),
    "nothing": lambda handler, _: say(handler, b""),
    "no object": lambda handler, _: say(handler, b'"match"'),
    "no JSON": lambda handler, _: say(handler, b"match"),
    "no HTTP": lambda handler, _: handler.wfile.write(b"match\n"),
    "an early end": lambda handler, _: say(handler, b"{}", headers=[("content-length", "99")]),
    "too much": lambda handler, told: say(
        handler, json.dumps({"question": told["question"], "answer": "match"}).encode() + b" " * 2000
    ),
    "packed": lambda handler, told: say(
        handler,
        gzip.compress(json.dumps({"question": told["question"], "answer": "match"}).encode()),
        headers=[("content-encoding", "gzip")],
    ),
    **{f"status {status}": with_status(status) for status in (201, 202, 203, 206, 301, 307, 400, 404, 500, 503)},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_not_exactly_an_answer_is_none(wrong):
    with asking(WRONG[wrong]) as (register, asked):
        assert register.check(PASSPORT, "张三") is Answer.UNAVAILABLE
    assert len(asked) == 1


def test_nobody_there():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        register = HttpRegister(f"http://127.0.0.1:{silent.getsockname()[1]}", Random(1).randbytes)
        assert register.check(PASSPORT, "张三") is Answer.UNAVAILABLE
        register.close()


def drop_by_drop(handler, told):
    handler.send_response(200)
    handler.end_headers()
    for letter in json.dumps({"question": told["question"], "answer": "match"}):
        handler.wfile.write(letter.encode())
        time.sleep(0.02)


@pytest.mark.parametrize("dripping", [drop_by_drop, lambda handler, _: time.sleep(1)])
def test_an_answer_that_does_not_come_to_an_end_gives_the_thread_back(monkeypatch, dripping):
    monkeypatch.setattr(register_link, "TIMEOUT_S", 0.2)
    ticks = count()
    if dripping is drop_by_drop:
        # Each piece comes in time; only all of them together do not.
        monkeypatch.setattr(register_link, "monotonic", lambda: next(ticks) * 0.01)
    with asking(dripping) as (register, _):
        assert register.check(PASSPORT, "张三") is Answer.UNAVAILABLE


def test_what_is_said_of_a_fault_names_nobody(caplog):
    with asking(saying("MATCH")) as (register, _):
        register.check(PASSPORT, "张三")
    assert "not of the agreed form" in caplog.text
    assert PASSPORT.id_no not in caplog.text
    assert "张三" not in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        f'{{"question":"{QUESTION}","answer":"match","answer":"match"}}',
        f'{{"question":"{QUESTION}","answer":null}}',
        f'{{"question":"{QUESTION.upper()}","answer":"match"}}',
        f'{{"question":"{QUESTION}","answer":"match"}}{{}}',
        f'[{{"question":"{QUESTION}","answer":"match"}}]',
    ],
)
def test_what_is_nearly_an_answer(body):
    with pytest.raises(NoAnswerError):
        read_answer(body.encode(), QUESTION)
    assert read_answer(f'{{"answer":"match","question":"{QUESTION}"}}'.encode(), QUESTION) is Answer.MATCH
