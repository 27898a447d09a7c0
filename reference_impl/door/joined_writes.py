"""uvicorn's HTTP protocol with what an answer is made of sent together: head and body in one write, not in two.

A write to a socket costs about as much as deciding on a verification, and the second one woke the caller twice.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HELD_BYTES = 64 * 1024


class JoiningTransport:
    """A transport that holds what is written until the pass of the event loop ends, then writes it at once.

    More than ``MOST_HELD_BYTES`` go on at once, so that whoever writes much learns when the caller reads too slowly.
    Only what uvicorn asks of a transport is here.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self._bytes = 0
        self.is_closing = transport.is_closing
        self.get_extra_info = transport.get_extra_info
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading
        self.set_protocol = transport.set_protocol

    def write(self, data: bytes) -> None:
        """Send ``data`` at the end of this pass of the event loop."""
        if not self._held:
            self._loop.call_soon(self._release)
        self._held.append(data)
        self._bytes += len(data)
        if self._bytes > MOST_HELD_BYTES:
            self._release()

    def close(self) -> None:
        """Close when everything is sent."""
        self._release()
        self._transport.close()

    def _release(self) -> None:
        if self._held:
            held, self._held, self._bytes = self._held, [], 0
            self._transport.write(b"".join(held))


class JoiningProtocol(HttpToolsProtocol):
    """uvicorn's protocol on a ``JoiningTransport``."""

    def connection_made(self, transport: Any) -> None:
        """Take over a connection."""
        super().connection_made(cast("asyncio.Transport", JoiningTransport(transport, self.loop)))
