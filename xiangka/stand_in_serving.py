"""How a stand-in for somebody else's system is served: on this machine, one line once it answers, until it is ended."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from typing import Any, NoReturn

import uvicorn
from starlette.applications import Starlette

from reference_impl.door.listening import listen, url_of


def serve_stand_in(app: Starlette, port: int) -> int:
    """Serve until SIGTERM or Ctrl-C; prints ``{"ready": true, "url": …}`` first. Port 0 takes a free one.

    Raises:
        PlatformError: the port is taken or not allowed.
    """
    listener = listen("127.0.0.1", port, allow_non_loopback=False)
    print_line({"ready": True, "url": url_of(listener)})
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    with listener:
        server.run(sockets=[listener])
    return 0


def print_line(told: Mapping[str, Any]) -> None:
    """Print an object as one line of JSON, at once."""
    print(json.dumps(dict(told), ensure_ascii=False), flush=True)


def _end(_number: int, _frame: object) -> NoReturn:
    # The server raises a signal it was stopped by once more, when it has stopped.
    raise SystemExit(0)
