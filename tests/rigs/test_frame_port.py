"""The frame port, met as docs/optical-bench.md tells a stranger to meet it: plain HTTP on loopback, nothing else."""

from __future__ import annotations

import http.client
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
import zxingcpp

from rigs.errors import RigError
from rigs.journal import Journal
from rigs.optics.frames import make_frame
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.stimulus import Appearance, Stimulus, Symbol

CODE = b"8A3F" * 16 + b":1"
BLACK = make_frame(Stimulus((Symbol(CODE),)))
GREEN = make_frame(Stimulus((Symbol(CODE),), Appearance(dark=(0x25, 0x6A, 0x0A))))
LONG_WAIT_MS = 9000


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def sequence(self) -> int:
        return int(self.headers["X-Frame-Seq"])

    @property
    def shown_ns(self) -> int:
        return int(self.headers["X-Frame-Shown-Ns"])

    @property
    def now_ns(self) -> int:
        return int(self.headers["X-Bench-Now-Ns"])


class Looker:
    """A stranger with an HTTP client."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.path, self.port = parts.path, parts.port
        self._host = parts.hostname

    def ask(self, path: str, method: str = "GET") -> Answer:
        connection = http.client.HTTPConnection(self._host, self.port, timeout=30)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def presenter():
    opened = FramePortPresenter(Journal(None))
    yield opened
    opened.close()


@pytest.fixture
def looker(presenter):
    presenter.clear()
    return Looker(presenter.url)


def picture(answer: Answer):
    return cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_COLOR)


def test_the_port_shows_an_empty_bench_until_something_is_shown():
    presenter = FramePortPresenter(Journal(None))
    try:
        answer = Looker(presenter.url).ask("/frame")
    finally:
        presenter.close()
    assert (answer.status, answer.sequence) == (200, 0)
    assert len(np.unique(picture(answer).reshape(-1, 3), axis=0)) == 1


@pytest.mark.parametrize(
    ("frame", "magic", "media_type"),
    [(BLACK, b"P5", "image/x-portable-graymap"), (GREEN, b"P6", "image/x-portable-pixmap")],
    ids=["grey", "colour"],
)
def test_a_frame_is_netpbm_and_tells_when_it_was_shown(frame, magic, media_type, presenter, looker):
    before_ns = time.monotonic_ns()
    shown = presenter.show(frame)
    answer = looker.ask("/frame")
    assert answer.status == 200
    assert (answer.sequence, answer.shown_ns) == (shown.sequence, shown.t_ns)
    assert before_ns <= answer.shown_ns <= answer.now_ns <= time.monotonic_ns()
    assert answer.headers["Content-Type"] == media_type
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert answer.body.split(b"\n")[:3] == [magic, b"640 480", b"255"]
    assert [bytes(code.bytes) for code in zxingcpp.read_barcodes(picture(answer))] == [CODE]


def test_the_same_frame_is_served_as_png(presenter, looker):
    presenter.show(GREEN)
    raw, png = looker.ask("/frame"), looker.ask(f"/frame.png?after={looker.ask('/frame').sequence - 1}")
    assert (png.status, png.sequence, png.shown_ns) == (200, raw.sequence, raw.shown_ns)
    assert png.headers["Content-Type"] == "image/png"
    assert png.body.startswith(b"\x89PNG\r\n")
    assert np.array_equal(picture(png), picture(raw))


def test_each_showing_counts_one_and_the_root_says_which_is_current(presenter, looker):
    first = presenter.show(BLACK).sequence
    assert presenter.clear().sequence == first + 1
    shown = presenter.show(BLACK)
    assert shown.sequence == first + 2
    answer = looker.ask("/")
    told = json.loads(answer.body)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert (told["frame"], told["seq"], told["shown_ns"]) == ("/frame", shown.sequence, shown.t_ns)
    assert shown.t_ns <= told["now_ns"] <= time.monotonic_ns()


@pytest.mark.parametrize("path", ["/frame", "/frame.png"])
@pytest.mark.parametrize("wait", ["", "&wait_ms=30", "&wait_ms=-5"])
def test_nothing_newer_is_204_without_a_body(path, wait, looker):
    current = looker.ask("/frame").sequence
    answer = looker.ask(f"{path}?after={current}{wait}")
    assert (answer.status, answer.body, answer.sequence) == (204, b"", current)
    assert answer.headers["Content-Length"] is None  # RFC 9110, 8.6: a 204 must not have one
    assert answer.headers["Content-Type"] is None
    assert answer.now_ns >= answer.shown_ns


def test_a_wait_lasts_as_long_as_asked(looker):
    current = looker.ask("/frame").sequence
    start = time.monotonic()
    assert looker.ask(f"/frame?after={current}&wait_ms=200").status == 204
    assert time.monotonic() - start >= 0.2


def test_everybody_who_waits_is_answered_as_soon_as_a_frame_is_shown(presenter, looker):
    current = looker.ask("/frame").sequence
    with ThreadPoolExecutor(8) as pool:
        path = f"/frame?after={current}&wait_ms={LONG_WAIT_MS}"
        waiting = [pool.submit(looker.ask, path) for _ in range(8)]
        time.sleep(0.1)
        assert not any(answer.done() for answer in waiting)
        shown = presenter.show(BLACK)
        answers = [answer.result() for answer in waiting]
    assert {(answer.status, answer.sequence) for answer in answers} == {(200, shown.sequence)}
    assert all(answer.now_ns - shown.t_ns < LONG_WAIT_MS * 1e6 / 2 for answer in answers)


def test_a_looker_that_outlived_another_bench_is_answered_at_once(presenter, looker):
    shown = presenter.show(BLACK)
    answer = looker.ask(f"/frame?after={shown.sequence + 1000}&wait_ms={LONG_WAIT_MS}")
    assert (answer.status, answer.sequence) == (200, shown.sequence)


def test_a_looker_that_goes_away_while_it_waits_disturbs_nobody(presenter, looker):
    current = looker.ask("/frame").sequence
    with socket.create_connection(("127.0.0.1", looker.port)) as gone:
        gone.sendall(f"GET /frame?after={current}&wait_ms={LONG_WAIT_MS} HTTP/1.1\r\nHost: b\r\n\r\n".encode())
        time.sleep(0.05)
    shown = presenter.show(BLACK)
    assert looker.ask("/frame").sequence == shown.sequence


@pytest.mark.parametrize("query", ["after=x", "wait_ms=soon", "after=1.5", "after=1&wait_ms=1e3"])
def test_a_parameter_that_is_no_number_is_400(query, looker):
    answer = looker.ask(f"/frame?{query}")
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "text/plain"


@pytest.mark.parametrize("path", ["/frames", "/frame/", "/frame.jpg", "/index.html", "/../frame"])
def test_any_other_path_is_404(path, looker):
    assert looker.ask(path).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_any_other_method_is_405(method, looker):
    assert looker.ask("/frame", method).status == 405


def test_an_offer_to_speak_another_protocol_is_not_taken_up(looker, capfd):
    offer = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n"
    with socket.create_connection(("127.0.0.1", looker.port), timeout=30) as line:
        line.sendall(f"GET /frame HTTP/1.1\r\nHost: b\r\n{offer}\r\n".encode())
        assert line.recv(12) == b"HTTP/1.1 200"
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("path", ["/frame", "/frame.png"])
def test_head_is_get_without_the_body(path, presenter, looker):
    presenter.show(BLACK)
    got, head = looker.ask(path), looker.ask(path, "HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Type", "Content-Length", "X-Frame-Seq", "X-Frame-Shown-Ns"):
        assert head.headers[name] == got.headers[name]


def test_the_port_listens_on_loopback_only(looker):
    assert listening(looker.port) == ["0100007F"]


def test_a_port_is_opened_with_the_bench_and_closed_with_it():
    presenter = FramePortPresenter(Journal(None))
    port = Looker(presenter.url).port
    with pytest.raises(RigError, match=f"frame port {port} cannot be opened"):
        FramePortPresenter(Journal(None), port)
    waiting = ThreadPoolExecutor(1).submit(Looker(presenter.url).ask, f"/frame?after=0&wait_ms={LONG_WAIT_MS}")
    time.sleep(0.05)
    presenter.close()
    assert waiting.result().status == 204
    assert listening(port) == []


def test_a_fixed_port_can_be_opened_again_at_once():
    first = FramePortPresenter(Journal(None))
    port = Looker(first.url).port
    Looker(first.url).ask("/frame")
    first.close()
    second = FramePortPresenter(Journal(None), port)
    try:
        assert Looker(second.url).ask("/frame").sequence == 0
    finally:
        second.close()


def listening(port: int) -> list[str]:
    """Addresses, as /proc/net writes them, on which anybody listens on a port."""
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            address, number = line.split()[1].split(":")
            if int(number, 16) == port and line.split()[3] == "0A":
                found.append(address)
    return found
