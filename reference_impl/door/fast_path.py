"""The raw ASGI door of the gateways: no routing, no models, nothing between the socket and ``Gateway.answer``.

Requests to a path of a dialect are answered here; everything else goes on to the application behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from reference_impl.door.api.problems import problem_answer
from reference_impl.door.gateway import Gateway
from reference_impl.door.logbook import LOG
from reference_impl.wire.exchange import HttpRequest, Profile

MAX_BODY_BYTES = 256 * 1024


class FastPath:
    """Answers the paths of ``profiles`` and hands every other request to ``behind``."""

    def __init__(self, gateway: Gateway, profiles: Mapping[str, Profile], behind: ASGIApp) -> None:
        self._gateway = gateway
        self._profiles = profiles
        self._behind = behind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        profile = self._profiles.get(scope["path"]) if scope["type"] == "http" else None
        if profile is None:
            await self._behind(scope, receive, send)
            return
        if scope["method"] != "POST":
            await problem_answer(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})(scope, receive, send)
            return
        client = scope["client"]
        address = client[0] if client else ""
        wait = self._gateway.gate.admit_address(address)
        if wait is not None:
            self._gateway.observe("", wait.outcome.code, 0.0)
            busy = problem_answer(429, wait.outcome.name, wait.outcome.message(), {"Retry-After": wait.retry_after})
            await busy(scope, receive, send)
            return
        retry_after = self._gateway.backlog.refuses()
        if retry_after is not None:
            await problem_answer(503, "overloaded", headers={"Retry-After": retry_after})(scope, receive, send)
            return
        body = await _read(receive)
        if isinstance(body, HTTPStatus):
            await problem_answer(body)(scope, receive, send)
            return
        http = HttpRequest(scope["path"], _content_type(scope["headers"]), body)
        try:
            answer = await self._gateway.answer(profile, http, address)
        except Exception:
            LOG.exception("a request could not be served")
            await problem_answer(HTTPStatus.INTERNAL_SERVER_ERROR)(scope, receive, send)
            return
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [
                    (b"content-type", answer.content_type.encode("latin-1")),
                    (b"content-length", b"%d" % len(answer.body)),
                ],
            }
        )
        await send({"type": "http.response.body", "body": answer.body})


def _content_type(headers: Iterable[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == b"content-type":
            return value.decode("latin-1")
    return ""


async def _read(receive: Receive) -> bytes | HTTPStatus:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if message["type"] == "http.disconnect":
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if len(body) > MAX_BODY_BYTES else body
