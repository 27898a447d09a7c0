"""Serves the current frame over loopback HTTP to whoever looks: emulated scanners, cameras, strangers.

The interface is documented in ``docs/optical-bench.md``; nothing about what a frame means crosses it.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import uvicorn

from rigs.errors import RigError
from rigs.optics.frames import EMPTY, Frame

MAX_WAIT_MS = 10_000
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class FrameServer:
    """An HTTP server in a thread of its own, holding exactly one current frame.

    Args:
        port: loopback port, 0 for any free one.
    """

    def __init__(self, port: int = 0) -> None:
        self._current: tuple[int, int, Frame] = (0, time.monotonic_ns(), EMPTY)
        self.fetched = False
        self._changed = asyncio.Event()
        self._socket = _listen(port)
        config = uvicorn.Config(
            self._app,
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            lifespan="off",
            http="httptools",
            loop="uvloop",
            ws="none",
        )
        self._server = uvicorn.Server(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="frame-server", daemon=True)
        self._thread.start()
        self._ready.wait(10)

    @property
    def url(self) -> str:
        """Address of the server, without a trailing slash."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def put(self, frame: Frame) -> tuple[int, int]:
        """Make a frame the current one; returns its sequence number and show-time (monotonic ns)."""
        sequence, t_ns = self._current[0] + 1, time.monotonic_ns()
        self._current = (sequence, t_ns, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake)
        return sequence, t_ns

    def close(self) -> None:
        """Stop serving; waiting lookers are let go."""
        self._server.should_exit = True
        if self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._wake)
        self._thread.join(5)
        self._socket.close()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=self._server.config.get_loop_factory()) as runner:
            self._loop = runner.get_loop()
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._ready.set()
        await self._server.serve(sockets=[self._socket])

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _app(self, scope: MutableMapping[str, Any], _receive: Any, send: Send) -> None:
        path = scope["path"]
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, b"only GET is served here\n", "text/plain")
        elif path in ("/frame", "/frame.png"):
            query = parse_qs(scope["query_string"].decode("latin-1"))
            await self._frame(send, query, as_png=path.endswith(".png"))
        elif path == "/":
            sequence, t_ns, _ = self._current
            body = {"frame": "/frame", "seq": sequence, "shown_ns": t_ns, "now_ns": time.monotonic_ns()}
            await _answer(send, 200, json.dumps(body).encode() + b"\n", "application/json")
        else:
            await _answer(send, 404, b"the current frame is at /frame\n", "text/plain")

    async def _frame(self, send: Send, query: dict[str, list[str]], *, as_png: bool) -> None:
        try:
            after = int(query.get("after", ["-1"])[0])
            wait_ms = min(int(query.get("wait_ms", ["0"])[0]), MAX_WAIT_MS)
        except ValueError:
            await _answer(send, 400, b"after and wait_ms are whole numbers\n", "text/plain")
            return
        deadline = time.monotonic() + wait_ms / 1000
        while self._current[0] == after and not self._server.should_exit:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                break
        sequence, t_ns, frame = self._current
        headers = [
            (b"x-frame-seq", str(sequence).encode()),
            (b"x-frame-shown-ns", str(t_ns).encode()),
            (b"x-bench-now-ns", str(time.monotonic_ns()).encode()),
            (b"cache-control", b"no-store"),
        ]
        if sequence == after:
            await _answer(send, 204, b"", None, headers)
            return
        self.fetched = True
        if as_png:
            await _answer(send, 200, frame.png(), "image/png", headers)
        else:
            await _answer(send, 200, frame.body, frame.media_type, headers)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise RigError(
            f"frame port {port} cannot be opened ({error.strerror})",
            where="presenter",
            remedy="stop what holds it, or name another frame_port in the bench file",
        ) from error
    listener.listen(16)
    return listener


async def _answer(
    send: Send, status: int, body: bytes, media_type: str | None, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    lines = list(headers or [])
    if media_type is not None:
        lines += [(b"content-length", str(len(body)).encode()), (b"content-type", media_type.encode())]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
