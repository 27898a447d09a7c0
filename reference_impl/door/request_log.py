"""One line a request, whoever answers it: stands before the gateways and our own API, and only where it is asked for.

Where it is not asked for, nothing stands there, so that the gateways' way pays for none of it.
"""

from __future__ import annotations

import time
from collections.abc import Container

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_impl.door.api.guard import route_of
from reference_impl.door.logbook import Requests


class RequestLog:
    """Hands every request to ``behind`` and writes it down when it is answered.

    Args:
        behind: everything that answers.
        gateways: paths of the gateways, which are their own templates.
        requests: where requests are written down.
    """

    def __init__(self, behind: ASGIApp, gateways: Container[str], requests: Requests) -> None:
        self._behind = behind
        self._gateways = gateways
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; a status of 0 says that nobody was there to be answered."""
        begun, status = time.monotonic(), 0

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._behind(scope, receive, seen)
        finally:
            route = scope["path"] if scope["path"] in self._gateways else route_of(scope)
            self._requests.note(scope["method"], route, status, time.monotonic() - begun)
