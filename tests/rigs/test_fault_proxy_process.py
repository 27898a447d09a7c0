"""The fault proxy as a process of its own: how a bench starts it, what it tells, how it ends."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from spoilt_line import ANSWER, HANG_S

from rigs.drivers.fault_proxy import FaultProxy, fault_proxy
from rigs.errors import RigError
from rigs.fault_proxy.faults import Faults
from rigs.journal import Journal


class _Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def web_server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address
    finally:
        server.shutdown()
        server.server_close()


def test_a_bench_starts_one_and_hears_what_it_did(tmp_path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    with web_server() as target, fault_proxy(target, Faults(reset=0.2, latency_ms=1, seed=4), journal) as proxy:
        answered = 0
        for _ in range(60):
            connection = http.client.HTTPConnection(proxy.url.removeprefix("http://"), timeout=HANG_S)
            with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
                connection.request("GET", "/")
                answered += connection.getresponse().read() == ANSWER
        done = proxy.counts()
        assert done["requests"] == 60
        assert 60 - answered == sum(done["faults"].values()) > 0
    journal.close()
    told = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert [(one["what"], one["channel"]) for one in told] == [
        ("process started", "fault proxy"),
        ("did", "fault proxy"),
    ]
    assert (told[0]["reset"], told[0]["seed"], told[1]["requests"]) == (0.2, 4, 60)


def test_one_that_died_is_the_benchs_fault() -> None:
    proxy = FaultProxy(("127.0.0.1", 9), Faults(), Journal(None))
    proxy._process.kill()
    with pytest.raises(RigError, match="fault proxy: has ended by itself"):
        proxy.counts()


def test_the_command_tells_what_it_did_when_asked_and_when_it_ends() -> None:
    command = [sys.executable, "-m", "xiangka", "relay", "faults", "--to", "127.0.0.1:9", "--tethered"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert json.loads(process.stdout.readline())["url"].startswith("http://127.0.0.1:")
        os.kill(process.pid, signal.SIGUSR1)
        assert json.loads(process.stdout.readline())["connections"] == 0
        process.stdin.close()
        assert json.loads(process.stdout.readline())["requests"] == 0
        assert process.wait(HANG_S) == 0


def test_one_that_lacks_descriptors_says_so_and_ends_as_the_benchs_fault() -> None:
    with web_server() as (host, port), contextlib.ExitStack() as callers:
        command = [sys.executable, "-m", "xiangka", "relay", "faults", "--to", f"{host}:{port}"]
        lacking = ["sh", "-c", 'ulimit -n 40 && exec "$@"', "sh", *command]
        process = callers.enter_context(
            subprocess.Popen(lacking, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())["url"].removeprefix("http://").split(":")
        for _ in range(30):
            callers.enter_context(socket.create_connection((address[0], int(address[1])), HANG_S))
        out, said = process.communicate(timeout=HANG_S)
    assert process.returncode == 3
    assert "fault proxy: gave up" in said
    assert len(said.splitlines()) == 1
    assert json.loads(out)["unreachable"] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "127.0.0.1"), "HOST:PORT"),
        (("--to", "127.0.0.1:0"), "port 0"),
        (("--to", "127.0.0.1:70000"), "HOST:PORT"),
        (("--to", "127.0.0.1:9", "--listen", "0.0.0.0:0"), "--allow-non-loopback"),
        (("--to", "127.0.0.1:9", "--listen", "192.0.2.7:1", "--allow-non-loopback"), "cannot listen there"),
        (("--to", "127.0.0.1:9", "--reset", "5"), "share"),
    ],
)
def test_wrong_options_of_it_are_told_in_one_line(arguments, said, capsys) -> None:
    from xiangka.cli import main

    assert main(["relay", "faults", *arguments]) == 4
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
