"""Clock offsets: a clock that is off is seen to be, within what is promised; none that cannot be asked is made up."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from rigs import clock_offsets
from rigs.clock_offsets import How, dated_clock, host_clock, turned_clock
from rigs.errors import SubjectFaultError
from rigs.journal import Journal
from rigs.platform_link import PlatformLink
from rigs.roles import ApiAnswer

UNSYNCHRONISED, NANOSECONDS = 0x40, 0x2000


@contextmanager
def platform(ahead_s: float | None) -> Iterator[str]:
    """A server whose ``Date`` is so far ahead; None for one that tells none."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(200)
            if ahead_s is not None:
                self.send_header("Date", formatdate(time.time() + ahead_s, usegmt=True))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("ahead_s", [0.0, 3600.0, -90.0])
def test_the_date_of_an_answer_bounds_the_offset(tmp_path: Path, ahead_s: float) -> None:
    with platform(ahead_s) as url, Journal(tmp_path / "journal.jsonl") as journal:
        found = dated_clock(PlatformLink(url), journal)
    assert (found.of, found.how) == ("platform", How.HTTP_DATE)
    assert found.offset_s is not None
    assert found.uncertainty_s is not None
    assert abs(found.offset_s - ahead_s) <= found.uncertainty_s
    assert found.uncertainty_s >= 1.0
    last = json.loads((tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert (last["what"], last["date"].endswith("GMT")) == ("clock asked", True)


def test_a_platform_that_tells_no_date_or_is_not_there_is_not_measured() -> None:
    with platform(None) as url:
        found = dated_clock(PlatformLink(url), Journal(None))
        assert (found.offset_s, found.uncertainty_s, found.how) == (None, None, How.NOT_TOLD)
    found = dated_clock(PlatformLink(url), Journal(None))
    assert (found.offset_s, found.uncertainty_s, found.how) == (None, None, How.NO_ANSWER)


class Interface:
    def __init__(self, content: object) -> None:
        self._content = content

    def tell(self, method: str, path: str) -> ApiAnswer:
        assert (method, path) == ("GET", "/clock")
        if isinstance(self._content, Exception):
            raise self._content
        return ApiAnswer(200, self._content, (1, 2))


def test_a_clock_that_was_turned_is_told_by_its_own_interface() -> None:
    found = turned_clock(Interface({"now_ms": time.time_ns() // 1_000_000 + 86_400_000}), "/clock")
    assert found.how is How.OWN_INTERFACE
    assert abs(found.offset_s - 86_400) < 60


@pytest.mark.parametrize("content", [{}, "now", {"now_ms": "soon"}, SubjectFaultError("answered 500", where="x")])
def test_an_interface_that_tells_no_time_is_not_measured(content: object) -> None:
    assert turned_clock(Interface(content), "/clock").how is How.NO_ANSWER


@pytest.mark.parametrize(
    ("answer", "status", "offset", "seen"),
    [
        (0, NANOSECONDS, 2_500_000, (-0.0025, 0.016, How.KERNEL)),
        (0, 0, -2_500, (0.0025, 0.016, How.KERNEL)),
        (5, UNSYNCHRONISED, 0, (None, None, How.UNSYNCHRONISED)),
        (-1, 0, 0, (None, None, How.NOT_TOLD)),
    ],
    ids=["ns", "us", "free", "no kernel"],
)
def test_the_machines_own_clock_is_as_good_as_its_kernel_says(monkeypatch, answer, status, offset, seen) -> None:
    def read(state: object) -> int:
        state.status, state.offset, state.maxerror = status, offset, 16_000
        return answer

    monkeypatch.setattr(clock_offsets, "_read", read)
    found = host_clock()
    assert found.of == "host"
    assert found.how is seen[2]
    assert (found.offset_s, found.uncertainty_s) == (pytest.approx(seen[0]), pytest.approx(seen[1]))


def test_this_machine_can_be_asked() -> None:
    assert host_clock().how in (How.KERNEL, How.UNSYNCHRONISED, How.NOT_TOLD)
