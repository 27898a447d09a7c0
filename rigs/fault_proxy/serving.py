"""A fault proxy as a process: accepts, connects onwards, tells what it did."""

from __future__ import annotations

import asyncio
import errno
import resource
import signal
import socket
from collections.abc import Callable, Mapping
from typing import Any

from rigs.errors import RigError
from rigs.fault_proxy.connection import Connection, Ends, close
from rigs.fault_proxy.counts import Counts
from rigs.fault_proxy.faults import Faults
from rigs.fault_proxy.lots import Lot, lot
from rigs.tether import when_stdin_closes

WHERE = "fault proxy"
BACKLOG = 4096
"""Connections that may wait to be accepted: beyond that the kernel lets callers wait for seconds."""
BEAT_S = 0.02
_OWN_LACK = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL))
"""Errors of connecting that say nothing of whoever is connected to."""


class FaultProxyServer:
    """Accepts connections at a listening socket and carries each to the target.

    Args:
        listener: where it listens; closed with the proxy.
        target: host and port of the other end.
        faults: what befalls the connections.
    """

    def __init__(self, listener: socket.socket, target: tuple[str, int], faults: Faults) -> None:
        self._listener, self._target, self._faults = listener, target, faults
        self.counts = Counts()
        self._tasks: set[asyncio.Task[None]] = set()
        self._over: asyncio.Future[None] | None = None

    async def serve(self, ready: Callable[[], object] = lambda: None) -> None:
        """Until ``end``; ``ready`` is called once it accepts.

        Raises:
            RigError: it can no longer do its work.
        """
        loop = asyncio.get_running_loop()
        self._over = loop.create_future()
        loop.set_exception_handler(lambda _, context: self._fail(context.get("exception") or context["message"]))
        server = await asyncio.start_server(self._accept, sock=self._listener, backlog=BACKLOG)
        self._tasks.add(loop.create_task(self._keep_time()))
        try:
            ready()
            await self._over
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def end(self) -> None:
        """End it; every connection under way is reset."""
        if self._over is not None and not self._over.done():
            self._over.set_result(None)

    async def _keep_time(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            begun_s = clock()
            await asyncio.sleep(BEAT_S)
            stall_s = clock() - begun_s - BEAT_S
            self.counts.longest_stall_s = max(self.counts.longest_stall_s, stall_s)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.counts.connections += 1
        self.counts.open += 1
        task = asyncio.get_running_loop().create_task(self._carry(self.counts.connections, Ends(reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._carried)

    def _carried(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.counts.open -= 1
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    async def _carry(self, number: int, client: Ends) -> None:
        try:
            server = Ends(*await asyncio.open_connection(*self._target))
        except OSError as error:
            await close(client.writer, reset=True)
            if error.errno in _OWN_LACK:
                raise
            self.counts.unreachable += 1
            return
        except asyncio.CancelledError:
            await close(client.writer, reset=True)
            raise
        await Connection(self._faults, number, self._draw, self.counts).carry(client, server)

    def _draw(self) -> Lot:
        self.counts.requests += 1
        return lot(self._faults, self.counts.requests)

    def _fail(self, error: object) -> None:
        if self._over is not None and not self._over.done():
            fault = RigError(f"gave up ({error})", where=WHERE, remedy="free what it lacks, and start it again")
            self._over.set_exception(fault)


def run_fault_proxy(
    listener: socket.socket,
    url: str,
    target: tuple[str, int],
    faults: Faults,
    tell: Callable[[Mapping[str, Any]], object],
    *,
    tethered: bool,
) -> None:
    """Serve until SIGTERM, SIGINT, or with ``tethered`` until standard input closes.

    Args:
        listener: where it listens.
        url: what it is reached at, told first as ``{"url": …}``.
        target: host and port of the other end.
        faults: what befalls the connections.
        tell: told one object a line; the counts on SIGUSR1 and at the end.
        tethered: whether it ends with whoever started it.

    Raises:
        RigError: it can no longer do its work.
    """
    _raise_descriptor_limit()
    proxy = FaultProxyServer(listener, target, faults)

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, proxy.end)
        loop.add_signal_handler(signal.SIGUSR1, lambda: tell(proxy.counts.told()))
        if tethered:
            when_stdin_closes(lambda: loop.call_soon_threadsafe(proxy.end))
        await proxy.serve(lambda: tell({"url": url}))

    try:
        asyncio.run(serve())
    finally:
        tell(proxy.counts.told())


def _raise_descriptor_limit() -> None:
    """Every connection takes two descriptors."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
