"""The process: options in, one ready line on stdout, requests served until SIGTERM or SIGINT."""

from __future__ import annotations

import json
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from reference_impl.access.credentials_file import write_credentials
from reference_impl.clock import system_clock
from reference_impl.door.listening import listen, url_of
from reference_impl.door.logbook import start_log
from reference_impl.door.web import create_app
from reference_impl.platform import DEFAULT_TTL_S, Platform, open_platform

CREDENTIALS_FILE = "credentials.json"

_KEEP_ALIVE_S = 75
_GRACE_S = 5


@dataclass(frozen=True)
class PlatformOptions:
    """How to run the platform.

    Attributes:
        data_dir: folder of the database and the key file; made if it is not there.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        token_ttl_s: greatest accepted age of a dynamic code in seconds, more than 0 and at most 300.
        credentials_file: where to write the credentials; None writes ``credentials.json`` into ``data_dir``.
        database_url: an SQLAlchemy URL of a SQLite database; None keeps a SQLite file in ``data_dir``.
        allow_non_loopback: let other machines reach the platform.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    token_ttl_s: float = DEFAULT_TTL_S
    credentials_file: Path | None = None
    database_url: str | None = None
    allow_non_loopback: bool = False


def run(options: PlatformOptions) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way and return; for a process's main thread.

    Writes one line to stdout once requests are answered:
    ``{"ready": true, "url": "http://127.0.0.1:PORT", "credentials": "path"}``.

    Raises:
        PlatformError: the options, the data or the address cannot be used; nothing was served.
    """
    start_log(system_clock)
    listener = listen(options.host, options.port, allow_non_loopback=options.allow_non_loopback)
    with listener:
        platform = open_platform(options.data_dir, database_url=options.database_url, token_ttl_s=options.token_ttl_s)
        try:
            url = url_of(listener)
            credentials_file = options.credentials_file or options.data_dir / CREDENTIALS_FILE
            write_credentials(credentials_file, url, platform.dialect.name, platform.credentials)
            ready = {"ready": True, "url": url, "credentials": str(credentials_file)}
            serve(platform, listener, lambda: _print_line(json.dumps(ready, ensure_ascii=False)))
        finally:
            platform.close()


def serve(platform: Platform, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve an open platform on a listening socket until told to stop; calls ``on_ready`` when it answers."""
    config = uvicorn.Config(
        create_app(platform),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
    _Server(config, on_ready).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Tells when it is ready, and after a signal returns instead of raising the signal again."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        signals = (signal.SIGTERM, signal.SIGINT)
        previous = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


def _print_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
