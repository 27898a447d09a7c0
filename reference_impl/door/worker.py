"""One process that serves: requests until it is told to stop, then what is under way, then nothing."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
import uvloop

from reference_impl.clock import system_clock
from reference_impl.door.joined_writes import JoiningProtocol
from reference_impl.door.logbook import LOG, start_log
from reference_impl.door.opening import Opened, Task, open_served
from reference_impl.door.options import PlatformOptions, options_from_json
from reference_impl.door.tls import server_context
from reference_impl.errors import PlatformError

KEEP_ALIVE_S = 75
GRACE_S = 5
COLLECT_AFTER = 50_000
"""So many objects more than before make the collector look; the interpreter's own number is 700."""


def serve(opened: Opened, options: PlatformOptions, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve an open platform until SIGTERM or SIGINT, and close it; for a process's main thread.

    Every request that was read is answered, and its connection closed; nothing is answered that is not durable.
    """
    config = uvicorn.Config(
        opened.asgi,
        http=JoiningProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    if options.tls is not None:
        context = server_context(options.tls)
        config.ssl_context_factory = lambda _config, _default: context
    server = _Server(config, opened, on_ready)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(server, opened, listener))


async def _serve(server: _Server, opened: Opened, listener: socket.socket) -> None:
    try:
        await server.serve(sockets=[listener])
    finally:
        for task in server.beside:
            task.cancel()
        await asyncio.gather(*server.beside, return_exceptions=True)
        await opened.platform.close()


async def _beside(task: Task) -> None:
    try:
        await task()
    except Exception:
        LOG.exception("what runs beside the requests has ended")


class _Server(uvicorn.Server):
    """Tells when it is ready, and after a signal returns instead of raising the signal again."""

    def __init__(self, config: uvicorn.Config, opened: Opened, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._opened = opened
        self._on_ready = on_ready
        self.beside: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.beside = [asyncio.create_task(_beside(task)) for task in self._opened.tasks]
        # What lives until now lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        # A request leaves nothing behind that refers to itself, so looking for such things after every few is idle.
        gc.set_threshold(COLLECT_AFTER)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._opened.application.stop()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        signals = (signal.SIGTERM, signal.SIGINT)
        previous = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


READY = "ready"


def main() -> int:
    """Run one of several workers: options, lane and socket on standard input, ``READY`` on standard output.

    What makes it impossible to serve is told on standard output instead, as JSON with ``what``, ``where``, ``remedy``.
    """
    start_log(system_clock)
    task = json.loads(sys.stdin.buffer.readline())
    options = options_from_json(task["options"])
    listener = socket.socket(fileno=task["socket"])
    _end_with_parent()
    try:
        opened = open_served(options, task["lane"])
        serve(opened, options, listener, lambda: tell(READY))
    except PlatformError as error:
        tell(json.dumps({"what": error.what, "where": error.where, "remedy": error.remedy}))
        return 1
    return 0


def tell(line: str) -> None:
    """Write one line to whoever started this process."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    # The parent never writes again: that reading ends means that the parent has, whatever ended it.
    descriptor = sys.stdin.fileno()

    def follow() -> None:
        while os.read(descriptor, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=follow, name="parent", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
