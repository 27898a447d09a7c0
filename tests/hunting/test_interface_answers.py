"""Answers held against a description: what it does not say, and what it promises and the answer lacks, is found."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
import schemathesis

from rigs.flood import Reply
from steps.platform.contract import gateway_value, judged

WAIT = {"Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 1}}}
PROBLEM = {"application/problem+json": {"schema": {"type": "object", "required": ["code"]}}}
DESCRIBED = {
    "200": {"description": "answer", "content": {"*/*": {"schema": {}}}},
    "405": {"description": "another method"},
    "429": {"description": "too many", "headers": WAIT, "content": PROBLEM},
}


def gateway(responses):
    described = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}}
    paths = {"/gateway": {"post": {"tags": ["gateways"], "responses": responses}}}
    return schemathesis.openapi.from_dict({**described, "paths": paths}).find_operation_by_label("POST /gateway")


@contextmanager
def answering(status, headers, body):
    """A server that answers this and nothing else; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/gateway"


BUSY = {"Content-Type": "application/problem+json", "Retry-After": "2"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "value"),
    [
        (429, BUSY, {"code": "rate_limited"}, "documented"),
        (429, {**BUSY, "Retry-After": "soon"}, {"code": "rate_limited"}, "schema_break"),
        (429, {"Content-Type": BUSY["Content-Type"]}, {"code": "rate_limited"}, "schema_break"),
        (429, {**BUSY, "Content-Type": "text/html"}, {"code": "rate_limited"}, "schema_break"),
        (429, BUSY, {}, "schema_break"),
        (422, BUSY, {"code": "invalid"}, "undocumented_status"),
        (500, BUSY, {"code": "internal"}, "server_error"),
        (503, BUSY, {"code": "overloaded"}, "undocumented_status"),
    ],
)
def test_an_answer_is_what_its_description_says(status, headers, body, value):
    with answering(status, headers, json.dumps(body).encode()) as address:
        assert judged(gateway(DESCRIBED).Case(), requests.post(address, timeout=10))[0] == value


@pytest.mark.parametrize(
    ("status", "code", "value"),
    [
        (200, "000", "documented"),
        (200, "", "schema_break"),
        (405, "", "documented"),
        (413, "", "undocumented_status"),
        (503, "", "undocumented_status"),
        (500, "", "server_error"),
        (0, "", "server_error"),
    ],
)
def test_a_gateways_answers_are_held_against_its_own_description(status, code, value):
    assert gateway_value(Reply(1, status, code, 0.0, 0.0), gateway(DESCRIBED)) == value


def test_of_a_gateway_that_is_not_described_every_answer_is_undocumented():
    assert gateway_value(Reply(1, 200, "000", 0.0, 0.0), None) == ("undocumented_status")
