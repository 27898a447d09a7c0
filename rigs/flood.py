"""Many requests at once: connections that send one after the other, each waiting for its answer, on one event loop.

For samples of many thousands, where a line in a thread of its own would measure this side and not the platform.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rigs.journal import Journal
from rigs.platform_link import CHANNEL, TIMEOUT_S, PlatformLink

GATEWAY = "/gateway"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one request.

    Attributes:
        number: place of the request among those sent.
        status: the HTTP status, 0 for no answer.
        code: outcome code as the answer names it, "" where it is no envelope; nothing of it is proved.
        seconds: from sending to the answer's last byte.
        sent_s: when it was sent, monotonic.
    """

    number: int
    status: int
    code: str
    seconds: float
    sent_s: float


class Flood:
    """Sends sealed requests over many connections.

    Args:
        link: the platform.
        connections: how many; each has one request under way.
        sources: addresses of this machine the connections come from in turn; empty for any.
    """

    def __init__(self, link: PlatformLink, connections: int, sources: Iterable[str] = ()) -> None:
        self._link = link
        self._connections = connections
        self._sources = list(sources)
        self._host, self._port = link.host_and_port
        self._head = f"POST {link.base}{GATEWAY} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\n"

    def send(
        self, bodies: Iterable[bytes], journal: Journal, *, due: Callable[[int], float] | None = None
    ) -> list[Reply]:
        """Send every body once; returns the replies in the order of the bodies.

        Args:
            bodies: sealed requests.
            journal: told how many were sent, with the SHA-256 over all of them.
            due: monotonic time each number is to be sent at, or None for as fast as the answers come.
        """
        return asyncio.run(self._send(bodies, journal, due))

    async def _send(self, bodies: Iterable[bytes], journal: Journal, due: Callable[[int], float] | None) -> list[Reply]:
        digest, replies = hashlib.sha256(), list[Reply]()
        source = iter(enumerate(bodies))

        def counted() -> Iterator[tuple[int, bytes]]:
            for number, body in source:
                digest.update(body)
                yield number, body

        requests = counted()
        workers = (self._work(place, requests, replies, due) for place in range(self._connections))
        await asyncio.gather(*workers)
        journal.event(CHANNEL, "envelopes", sent=len(replies), sha256=digest.hexdigest())
        return sorted(replies, key=lambda reply: reply.number)

    async def _work(
        self,
        place: int,
        requests: Iterator[tuple[int, bytes]],
        replies: list[Reply],
        due: Callable[[int], float] | None,
    ) -> None:
        connection: _Connection | None = None
        for number, body in requests:
            if due is not None and (ahead_s := due(number) - time.monotonic()) > 0:
                await asyncio.sleep(ahead_s)
            begun = time.monotonic()
            try:
                if connection is None:
                    connection = await self._open(place)
                status, answer = await asyncio.wait_for(connection.post(self._head, body), TIMEOUT_S)
            except (OSError, EOFError, ValueError, TimeoutError):
                if connection is not None:
                    connection.close()
                connection, status, answer = None, 0, b""
            replies.append(Reply(number, status, _code_of(answer), time.monotonic() - begun, begun))
        if connection is not None:
            connection.close()

    async def _open(self, place: int) -> _Connection:
        source = (self._sources[place % len(self._sources)], 0) if self._sources else None
        secure = True if self._link.secure else None
        return _Connection(*await asyncio.open_connection(self._host, self._port, local_addr=source, ssl=secure))


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def post(self, head: str, body: bytes) -> tuple[int, bytes]:
        self._writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        said = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(said.split(" ", 2)[1])
        _, _, after = said.partition("\r\ncontent-length:")
        return status, await self._reader.readexactly(int(after.split("\r\n", 1)[0]))

    def close(self) -> None:
        self._writer.close()


def _code_of(answer: bytes) -> str:
    try:
        envelope = json.loads(answer)
    except ValueError:
        return ""
    code = envelope.get("code", "") if isinstance(envelope, dict) else ""
    return code if isinstance(code, str) else ""
