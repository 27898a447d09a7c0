"""A fault proxy before an origin, both on the loop of a test, and those who ask through it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

from rigs.fault_proxy.faults import Faults
from rigs.fault_proxy.serving import FaultProxyServer

ANSWER = b"answer".ljust(400, b".")
HANG_S = 60
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Origin:
    """Answers every line with one answer; keeps what it was sent, by connection."""

    def __init__(self) -> None:
        self.heard: list[bytearray] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard = bytearray()
        self.heard.append(heard)
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                heard += data
                for _ in range(data.count(b"\n")):
                    writer.write(ANSWER)
                await writer.drain()
        await left(writer)


@contextlib.asynccontextmanager
async def proxied(faults: Faults, handler: Handler) -> AsyncIterator[tuple[FaultProxyServer, int]]:
    """A proxy before an origin, both on the loop of the test."""
    others = asyncio.all_tasks()
    origin = await asyncio.start_server(handler, "127.0.0.1", 0, backlog=4096)
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    port = listener.getsockname()[1]
    proxy = FaultProxyServer(listener, origin.sockets[0].getsockname(), faults)
    ready = asyncio.Event()
    serving = asyncio.create_task(proxy.serve(ready.set))
    await ready.wait()
    try:
        yield proxy, port
    finally:
        proxy.end()
        await serving
        origin.close()
        if handlers := asyncio.all_tasks() - others:
            await asyncio.wait(handlers, timeout=HANG_S)


def run(test: Awaitable[object]) -> None:
    asyncio.run(asyncio.wait_for(test, HANG_S))


async def ask(port: int, request: bytes = b"question\n") -> tuple[bytes, str]:
    """One request on a connection of its own; returns what came, and how it ended: answered, closed or reset."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got = b""
    try:
        writer.write(request)
        while len(got) < len(ANSWER):
            if not (data := await reader.read(1 << 16)):
                return got, "closed"
            got += data
        return got, "answered"
    except ConnectionError:
        return got, "reset"
    finally:
        await left(writer)


async def left(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.01)
