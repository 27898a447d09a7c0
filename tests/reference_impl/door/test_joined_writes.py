"""An answer leaves in one write, and nothing of it is lost when the connection closes."""

import asyncio
import json
import socket

from reference_impl.door.joined_writes import MOST_HELD_BYTES, JoiningTransport


class Socket(asyncio.Transport):
    """What reached the socket, in order; "closed" where it was closed."""

    def __init__(self):
        super().__init__()
        self.told = []

    def write(self, data):
        self.told.append(data)

    def close(self):
        self.told.append("closed")


def test_what_one_pass_writes_is_written_once():
    async def answer_twice():
        below = Socket()
        transport = JoiningTransport(below, asyncio.get_running_loop())
        transport.write(b"head 1 ")
        transport.write(b"body 1")
        assert below.told == []
        await asyncio.sleep(0)
        transport.write(b"head 2 ")
        await asyncio.sleep(0)
        transport.write(b"body 2")
        await asyncio.sleep(0)
        return below.told

    assert asyncio.run(answer_twice()) == [b"head 1 body 1", b"head 2 ", b"body 2"]


def test_much_is_not_held_back():
    async def answer_at_length():
        below = Socket()
        transport = JoiningTransport(below, asyncio.get_running_loop())
        transport.write(b"head")
        transport.write(bytes(MOST_HELD_BYTES))
        assert [len(part) for part in below.told] == [MOST_HELD_BYTES + 4]
        transport.write(b"more")
        await asyncio.sleep(0)
        return below.told[1:]

    assert asyncio.run(answer_at_length()) == [b"more"]


def test_closing_sends_what_was_held_first_and_only_once():
    async def answer_and_close():
        below = Socket()
        transport = JoiningTransport(below, asyncio.get_running_loop())
        transport.write(b"last")
        transport.close()
        await asyncio.sleep(0)
        return below.told

    assert asyncio.run(answer_and_close()) == [b"last", "closed"]


def test_pipelined_requests_are_answered_in_their_order(served):
    host, port = served.ready["url"].removeprefix("http://").split(":")
    asked = ["/health", "/nowhere", "/health"]
    lines = [f"GET {path} HTTP/1.1\r\nHost: x\r\n" for path in asked]
    lines[-1] += "Connection: close\r\n"
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall("".join(line + "\r\n" for line in lines).encode())
        answers = b""
        while part := connection.recv(65536):
            answers += part
    statuses = [answer[:3] for answer in answers.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"404", b"200"]
    assert json.loads(answers.rpartition(b"\r\n\r\n")[2])["status"] == "ok"
