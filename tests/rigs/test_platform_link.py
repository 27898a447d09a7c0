"""Whom a platform's silence is blamed on, and stamps that never repeat."""

from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from reference_impl.wire.envelope import Credentials
from rigs.drivers.hn_a import HnAPlatform
from rigs.drivers.platform_api import PlatformApi, hidden
from rigs.errors import PlatformStoppedError, RigError, SubjectFaultError
from rigs.journal import Journal
from rigs.platform_link import PlatformLink

CREDENTIALS = Credentials("hn00", "0123456789abcdef0123456789abcdef", "T1")
QUERY = ("ehc.ehealthcode.query", {"ehealth_card_id": "00"})


@contextmanager
def answering(answer: bytes | None):
    """A server that gives everyone the same answer, or hangs up on everyone."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                try:
                    while answer is not None and connection.recv(65536):
                        connection.sendall(answer)
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(10)


def http(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def asked(url: str, *, subject: bool, **marks: object):
    link = PlatformLink(url, subject=subject)
    line = HnAPlatform(link, CREDENTIALS, Journal(None))
    for name, value in marks.items():
        setattr(link, name, value)
    try:
        return line.call(*QUERY)
    finally:
        line.close()


def test_silence_behind_a_terminal_is_the_benchs_fault():
    with answering(None) as url, pytest.raises(RigError, match="no answer from"):
        asked(url, subject=False)


def test_silence_of_the_subject_is_its_own_fault():
    with answering(None) as url, pytest.raises(SubjectFaultError, match="stopped answering"):
        asked(url, subject=True)


def test_silence_of_a_platform_the_bench_has_stopped_is_nobodys():
    with answering(None) as url, pytest.raises(PlatformStoppedError):
        asked(url, subject=True, stopped=True)


def test_a_connection_of_an_earlier_life_is_opened_anew_and_never_blamed():
    with answering(http("200 OK", b"{}")) as url:
        assert not asked(url, subject=True, life=2).readable


@pytest.mark.parametrize("subject", [True, False])
def test_nobody_at_the_address_is_the_benchs_fault_while_it_is_opened(subject):
    with pytest.raises(RigError, match=r"no answer from http://127.0.0.1:1 "):
        HnAPlatform(PlatformLink("http://127.0.0.1:1", subject=subject), CREDENTIALS, Journal(None))


def test_an_answer_that_is_no_envelope_is_the_subjects_answer_and_the_benchs_trouble():
    with answering(http("500 Internal Server Error", b"oops")) as url:
        answer = asked(url, subject=True)
        assert (answer.accepted, answer.readable, answer.status) == (False, False, 500)
        with pytest.raises(RigError, match="not an hn-a envelope"):
            asked(url, subject=False)


def test_equal_requests_are_never_stamped_alike_and_others_are_not_delayed():
    link = PlatformLink("http://127.0.0.1:1")
    with ThreadPoolExecutor(8) as pool:
        stamps = list(pool.map(lambda _: link.stamp_ms(7), range(4000)))
    assert len(set(stamps)) == len(stamps)
    assert link.stamp_ms(8) <= link.now_ms()


def test_stamps_follow_the_platforms_clock():
    link = PlatformLink("http://127.0.0.1:1")
    link.offset_ms = 3_600_000
    assert link.stamp_ms(1) - PlatformLink("http://127.0.0.1:1").stamp_ms(1) > 3_500_000


def test_the_journal_holds_neither_tokens_nor_secrets(tmp_path):
    document = b'{"app_id":"hn01","app_secret":"TOPSECRET","nested":[{"admin_token":"TOPSECRET"}]}'
    with answering(http("201 Created", document)) as url, Journal(tmp_path / "journal.jsonl") as journal:
        api = PlatformApi(PlatformLink(url), {"admin": "BEARERTOKEN"}, journal)
        answer = api.ask("POST", "/api/v1/institutions/1/apps", {"name": "x"})
        api.close()
    assert answer.content["app_secret"] == "TOPSECRET"
    written = (tmp_path / "journal.jsonl").read_text(encoding="utf-8")
    assert "hn01" in written
    assert "TOPSECRET" not in written
    assert "BEARERTOKEN" not in written


def test_a_role_without_a_token_is_the_benchs_trouble():
    with answering(http("200 OK", b"{}")) as url:
        api = PlatformApi(PlatformLink(url, subject=True), {}, Journal(None))
        with pytest.raises(RigError, match="no token of the role 'auditor'"):
            api.ask("GET", "/api/v1/audit", role="auditor")


def test_what_must_succeed_and_does_not_is_the_subjects_fault():
    with answering(http("404 Not Found", b'{"code":"not_found"}')) as url:
        api = PlatformApi(PlatformLink(url, subject=True), {"admin": "t"}, Journal(None))
        with pytest.raises(SubjectFaultError, match="answered 404 to GET /api/v1/keys"):
            api.tell("GET", "/api/v1/keys?owner=1")
        assert api.ask("GET", "/api/v1/keys").status == 404
        api.close()


def test_long_documents_are_told_by_their_length():
    assert hidden({"records": list(range(100))}) == {"records": "100 entries"}
    assert hidden("x" * 501) == "501 characters"
    assert hidden({str(number): "x" * 100 for number in range(100)}).startswith("a document of ")
    assert json.dumps(hidden({"a": [1, {"token": "t"}]})) == '{"a": [1, {"token": "\\u2022\\u2022\\u2022"}]}'
