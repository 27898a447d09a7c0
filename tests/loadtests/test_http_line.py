"""One attempt has one deadline, and what this machine cannot do is not laid to the platform."""

from __future__ import annotations

import errno
import socket
import threading
import time
from contextlib import closing, contextmanager

import gevent
import pytest

from loadtests.http_line import Address, CannotCallError, HttpLine, LostAnswerError

TIMEOUT_S = 2.0
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def saying(*said: bytes, before_s: float = 0.0):
    """A server that says the same on every connection, and then nothing; where it listens."""
    kept: list[socket.socket] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                kept.append(connection)
                time.sleep(before_s)
                for one in said:
                    connection.sendall(one)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    for connection in kept:
        connection.close()


class SlowToReach(Address):
    def connect(self, *arguments):
        gevent.sleep(0.75 * TIMEOUT_S)
        return super().connect(*arguments)


class Beyond(Address):
    def __init__(self, url: str, error: int) -> None:
        super().__init__(url)
        self.error = error

    def connect(self, *_):
        raise OSError(self.error, "so it is")


def asked(address: Address) -> tuple[LostAnswerError, float]:
    line, begun = HttpLine(address, TIMEOUT_S), time.perf_counter()
    with pytest.raises(LostAnswerError) as lost:
        line.ask(REQUEST)
    return lost.value, lost.value.at - begun


def test_what_connecting_took_is_not_waited_for_again():
    with saying() as url:
        lost, took_s = asked(SlowToReach(url))
    assert lost.kind == "timeout"
    assert TIMEOUT_S <= took_s < 1.5 * TIMEOUT_S


def test_half_an_answer_earns_no_further_patience():
    with saying(ANSWER[:20], before_s=0.75 * TIMEOUT_S) as url:
        lost, took_s = asked(Address(url))
    assert lost.kind == "timeout"
    assert TIMEOUT_S <= took_s < 1.5 * TIMEOUT_S


def test_a_connection_that_nobody_accepts_takes_no_longer_than_an_attempt():
    with closing(socket.socket()) as full, closing(socket.socket()) as first:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        first.connect(full.getsockname())
        lost, took_s = asked(Address(f"http://127.0.0.1:{full.getsockname()[1]}"))
    assert lost.kind == "timeout"
    assert took_s < 1.5 * TIMEOUT_S


def test_who_listens_on_hears_the_rest_after_the_deadline():
    with saying(ANSWER, before_s=1.25 * TIMEOUT_S) as url:
        line = HttpLine(Address(url), TIMEOUT_S, keeps_late=True)
        with pytest.raises(LostAnswerError) as lost:
            line.ask(REQUEST)
        assert lost.value.late is not None
        reply = lost.value.late.wait(5 * TIMEOUT_S)
    assert reply is not None
    assert reply.body == b"ok"


def test_a_name_is_looked_up_once(monkeypatch):
    with saying(ANSWER) as url:
        address = Address(url.replace("127.0.0.1", "localhost"))
        monkeypatch.setattr("gevent.socket.getaddrinfo", lambda *_, **__: pytest.fail("looked up again"))
        with closing(HttpLine(address, TIMEOUT_S)) as line:
            assert line.ask(REQUEST).body == b"ok"


def test_a_name_without_address_is_no_fault_of_the_platform(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("gevent.socket.getaddrinfo", unknown)
    with pytest.raises(CannotCallError, match=r"no address of platform\.example"):
        Address("https://platform.example")


@pytest.mark.parametrize(("error", "said"), [(errno.ENETUNREACH, "no way"), (errno.ENOMEM, "no more connections")])
def test_a_machine_without_network_or_memory_is_no_fault_of_the_platform(error, said):
    with pytest.raises(CannotCallError, match=said):
        HttpLine(Beyond("http://127.0.0.1:1", error), TIMEOUT_S).ask(REQUEST)


def test_every_address_of_a_name_is_tried_and_a_refusal_outweighs_a_way_that_is_lacking(monkeypatch):
    with saying(ANSWER) as url, closing(socket.socket()) as closed:
        closed.bind(("127.0.0.1", 0))
        refuses, serves = closed.getsockname(), ("127.0.0.1", int(url.rpartition(":")[2]))
        # TCP speaks with nobody at the address of all.
        unreachable = (socket.AF_INET, ("255.255.255.255", 9))

        def told(*places):
            found = [(family, socket.SOCK_STREAM, 0, "", place) for family, place in places]
            monkeypatch.setattr("gevent.socket.getaddrinfo", lambda *_, **__: found)
            return closing(HttpLine(Address("http://platform.example"), TIMEOUT_S))

        refused, served = (socket.AF_INET, refuses), (socket.AF_INET, serves)
        with told(refused, served) as line:
            assert line.ask(REQUEST).body == b"ok"
        for order in ((refused, unreachable), (unreachable, refused)):
            with told(*order) as line, pytest.raises(LostAnswerError, match="refused-connection"):
                line.ask(REQUEST)
