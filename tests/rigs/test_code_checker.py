"""A terminal that checks codes by its own clock: emulator against a small platform, driver against a stranger."""

from __future__ import annotations

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import Credentials, open_request, seal_response
from reference_impl.wire.errors import StaleTimestampError
from rigs.drivers.code_checker import JsonLineChecker
from rigs.emulators.code_check import CheckRules, CodeCheck
from rigs.emulators.defects.clock import DEFECTS
from rigs.emulators.defects.table import behaviour_of
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.platform_link import PlatformLink

CREDENTIALS = Credentials("app", "0123456789abcdef", "439900T01")
WITHIN, BEYOND, OUT_OF_WINDOW = (0, 58, -58), (62, -62, 290, -290), (310, -310, 600, -600)


class Gateway(BaseHTTPRequestHandler):
    """Accepts whatever is dated within the dialect's window, and dates its answers rightly."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        now_ms = time.time_ns() // 1_000_000
        try:
            open_request(HN_A, CREDENTIALS, body, now_ms)
            said = {"code": "000", "message": "ok"}
        except StaleTimestampError:
            said = {"code": "107", "message": "stale"}
        answer = seal_response(HN_A, CREDENTIALS, body["method"], biz={}, timestamp_ms=now_ms, **said)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def link():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield PlatformLink(f"http://127.0.0.1:{server.server_port}", subject=True)
    server.shutdown()
    server.server_close()


def outcomes(link: PlatformLink, defect: str | None, skews: tuple[int, ...]) -> set[str]:
    check = CodeCheck(link, CREDENTIALS, behaviour_of(defect, CheckRules))
    found = set()
    for skew in skews:
        check.ahead_s = skew
        found.add(check.check("code").outcome)
    return found


def test_a_sound_terminal_accepts_within_a_minute_and_says_its_clock_is_wrong_beyond(link):
    assert outcomes(link, None, WITHIN) == {"accepted"}
    assert outcomes(link, None, BEYOND + OUT_OF_WINDOW) == {"error"}


def test_each_defect_shows_itself_beyond_the_minute_only(link):
    for defect in DEFECTS:
        assert outcomes(link, defect.name, WITHIN) == {"accepted"}
        assert outcomes(link, defect.name, BEYOND + OUT_OF_WINDOW) != {"error"}


def test_a_platform_that_is_away_is_an_error_and_no_acceptance():
    away = PlatformLink("http://127.0.0.1:1", subject=True)
    for defect in (None, *(defect.name for defect in DEFECTS)):
        assert outcomes(away, defect, (0,)) == {"error"}


@pytest.fixture
def stranger():
    """A terminal that answers each line with the next of what it is told to; its URL, then those answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    answers: list[bytes] = []

    def serve() -> None:
        window, _ = listener.accept()
        with window, window.makefile("rb") as lines:
            for _ in lines:
                if not answers:
                    return
                window.sendall(answers.pop(0))

    threading.Thread(target=serve, daemon=True).start()
    yield f"socket://127.0.0.1:{listener.getsockname()[1]}", answers
    listener.close()


SET = b'{"clock_ahead_s": 0.0}\n'


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b'{"outcome": "accepted", "message": "ok"}\n', "accepted"),
        (b'{"outcome": "error", "message": "x"}\n', "error"),
        (b'{"outcome": "perhaps"}\n', "nothing"),
        (b"{}\n", "nothing"),
    ],
)
def test_what_a_terminal_tells_is_taken_at_its_word_or_for_nothing(stranger, answer, outcome):
    url, answers = stranger
    answers += [SET, answer, SET]
    checker = JsonLineChecker(url, Journal(None))
    assert checker.check("code").outcome == outcome
    checker.close()


@pytest.mark.parametrize("answer", [b"not json\n", b"[1]\n", b"", b'{"clock_ahead_s": 5.0}\n'])
def test_a_terminal_that_makes_no_sense_is_the_benchs_fault(stranger, answer):
    url, answers = stranger
    answers += [answer] if answer else []
    with pytest.raises(RigError, match="checker"):
        JsonLineChecker(url, Journal(None))


def test_a_code_is_written_down_by_its_digest_only(stranger, tmp_path):
    url, answers = stranger
    answers += [SET, b'{"outcome": "refused"}\n', SET]
    file = tmp_path / "journal.jsonl"
    with Journal(file) as journal:
        checker = JsonLineChecker(url, journal)
        checker.check("SECRET-CODE")
        checker.close()
    assert "SECRET-CODE" not in file.read_text(encoding="utf-8")


PERSON = "43990019900307004X"


@pytest.mark.parametrize(
    ("outcome", "said", "kept"),
    [
        ("accepted", f"张三 {PERSON} 核验通过", ""),
        ("refused", f"张三 {PERSON} 码无效", ""),
        ("error", f"{PERSON} SECRET-CODE: 终端时间错误", "****************** ***********: 终端时间错误"),
    ],
)
def test_words_are_kept_of_an_error_alone_and_without_whose_code_it_is(outcome, said, kept, stranger, tmp_path):
    url, answers = stranger
    answers += [SET, json.dumps({"outcome": outcome, "message": said}).encode() + b"\n", SET]
    file = tmp_path / "journal.jsonl"
    with Journal(file) as journal:
        checker = JsonLineChecker(url, journal)
        assert checker.check("SECRET-CODE").message == kept
        checker.close()
    written = file.read_text(encoding="utf-8")
    assert PERSON not in written
    assert "张三" not in written
