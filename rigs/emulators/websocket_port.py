"""The device's end of a WebSocket, as a plug-in beside a browser offers it on loopback: messages, one after another."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from rigs.framing import PLAIN, Framing


class WebSocketPort:
    """A server on loopback; what is sent goes to whoever asked last. Rate, pace and framing mean nothing to it."""

    def __init__(self, baud: int, pace: str, framing: Framing = PLAIN) -> None:
        del pace, framing
        self._baud = baud
        self._asked: queue.SimpleQueue[tuple[ServerConnection, bytes]] = queue.SimpleQueue()
        self._host: ServerConnection | None = None
        self._server = serve(self._hear, "127.0.0.1", 0, compression=None)
        host, port = self._server.socket.getsockname()[:2]
        self._url = f"ws://{host}:{port}"
        self._serving = threading.Thread(target=self._server.serve_forever, name="websocket-port", daemon=True)
        self._serving.start()

    @property
    def baud(self) -> int:
        """The rate it was made with."""
        return self._baud

    @property
    def url(self) -> str:
        """What a host opens."""
        return self._url

    def read(self, timeout_s: float) -> bytes:
        """The next message, empty when none came in time."""
        try:
            self._host, message = self._asked.get(timeout=timeout_s)
        except queue.Empty:
            return b""
        return message

    def send(self, data: bytes) -> None:
        """Send one message."""
        if self._host is not None:
            with contextlib.suppress(ConnectionClosed):
                self._host.send(data.decode("utf-8", "replace"))

    def change_baud(self, rate: int) -> None:
        """Nothing has a rate."""

    def when_sent(self, action: Callable[[], None]) -> None:
        """Call something: what was sent has left."""
        action()

    def power(self, on: bool) -> None:
        """Nothing on a WebSocket tells."""

    def close(self) -> None:
        """Unplug: every host's connection ends."""
        self._server.shutdown()
        self._serving.join(2)

    def _hear(self, host: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            for message in host:
                self._asked.put((host, message.encode() if isinstance(message, str) else message))
