"""What every emulated instrument shares: SCPI-1999 headers and errors, and a process that serves sockets."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import ClassVar

from rigs.errors import RigError
from rigs.tether import when_stdin_closes

MAX_ERRORS = 16

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Command = tuple[re.Pattern[str], int, Callable[..., str | None]]
"""A header, how many arguments it takes, and what it does: the reply to a query, or None."""


def header(notation: str) -> re.Pattern[str]:
    """A header in the notation of SCPI manuals: the short form in capitals, optional nodes in brackets."""
    pattern = re.escape(notation).replace(r"\[", "(?:").replace(r"\]", ")?")
    return re.compile(":?" + re.sub(r"([A-Z]+)([a-z]+)", r"\1(?:\2)?", pattern), re.IGNORECASE)


class ScpiInstrument:
    """An instrument that obeys one program message after the other.

    Args:
        identity: answer to ``*IDN?``: manufacturer, model, serial number, firmware.
    """

    commands: ClassVar[tuple[Command, ...]]

    def __init__(self, identity: str) -> None:
        self._identity = identity
        self._errors: deque[str] = deque()

    async def serve_scpi(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Obey one controller until it hangs up."""
        with served(writer):
            while (line := await _line(reader, writer)).endswith(b"\n"):
                reply = self.execute(line.decode("ascii", "replace"))
                if reply is not None:
                    writer.write(reply.encode() + b"\n")
                    await writer.drain()

    def execute(self, line: str) -> str | None:
        """Carry out one program message; the reply to a query, or None."""
        first, *arguments = line.split(maxsplit=1) or [""]
        if not first:
            return None
        for pattern, arity, act in self.commands:
            if pattern.fullmatch(first):
                if len(arguments) == arity:
                    return act(self, *(argument.strip() for argument in arguments))
                self.error('-109,"Missing parameter"' if arity else '-108,"Parameter not allowed"')
                return None
        self.error('-113,"Undefined header"')
        return None

    def identity(self) -> str:
        """``*IDN?``."""
        return self._identity

    def clear(self) -> None:
        """``*CLS``."""
        self._errors.clear()

    def next_error(self) -> str:
        """``SYST:ERR?``: the oldest error."""
        return self._errors.popleft() if self._errors else '0,"No error"'

    def error(self, entry: str) -> None:
        """Put an error into the queue, or mark the queue as overflown."""
        if len(self._errors) < MAX_ERRORS:
            self._errors.append(entry)
        else:
            self._errors[-1] = '-350,"Queue overflow"'

    def number(self, text: str, low: float, high: float) -> float | None:
        """A numeric argument within its range; otherwise an error is queued and nothing is to be done."""
        try:
            value = float(text)
        except ValueError:
            self.error('-104,"Data type error"')
            return None
        if low <= value <= high:
            return value
        self.error('-222,"Data out of range"')
        return None


COMMON: tuple[Command, ...] = (
    (header("*IDN?"), 0, ScpiInstrument.identity),
    (header("*CLS"), 0, ScpiInstrument.clear),
    (header("SYSTem:ERRor[:NEXT]?"), 0, ScpiInstrument.next_error),
)


async def serve(role: str, handlers: Sequence[tuple[Handler, int]], *, tethered: bool) -> None:
    """Serve sockets on loopback until SIGTERM, SIGINT, or the end of the tether.

    Prints one line when ready: the first port as a VISA resource, each other as ``host:port``.

    Args:
        role: what the instrument is to the bench, named in errors.
        handlers: who serves each socket, and its port, 0 for any free one; the first speaks SCPI.
        tethered: end when standard input closes.

    Raises:
        RigError: a port is taken.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    listening = [await _listen(handler, port, role) for handler, port in handlers]
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if tethered:
        when_stdin_closes(lambda: _stop(loop, stopping))
    (_, port), *others = listening
    places = [f"TCPIP::127.0.0.1::{port}::SOCKET", *(f"127.0.0.1:{other}" for _, other in others)]
    print(*places, flush=True)  # noqa: T201
    await stopping.wait()
    for server, _ in listening:
        server.close()


@contextlib.contextmanager
def served(writer: asyncio.StreamWriter) -> Iterator[None]:
    """Serve one client, and take its hanging up as no fault."""
    # ValueError is a line without end; asyncio would report clients that are cut off at the end as failures
    with contextlib.suppress(OSError, ValueError, asyncio.CancelledError), contextlib.closing(writer):
        yield


async def _line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    # A controller that sends two messages in a row holds the second back until the first is acknowledged: 40 ms
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    return await reader.readline()


async def _listen(handler: Handler, port: int, role: str) -> tuple[asyncio.Server, int]:
    try:
        server = await asyncio.start_server(handler, "127.0.0.1", port)
    except OSError as error:
        raise RigError(
            f"port {port} of the emulated instrument cannot be opened ({error.strerror})",
            where=role,
            remedy="stop what holds it, or name another port",
        ) from error
    return server, server.sockets[0].getsockname()[1]


def _stop(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended already
        loop.call_soon_threadsafe(stopping.set)
