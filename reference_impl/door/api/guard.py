"""What stands around the API application: bodies have an end, failures are problems, answers are counted."""

from __future__ import annotations

from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_impl.door.api.problems import problem_answer
from reference_impl.door.logbook import LOG
from reference_impl.door.metrics import Metrics

MAX_BODY_BYTES = 256 * 1024

API = "/api/v1"
"""Where the routes of our own API begin; their templates do not say so."""

_BODILESS = ("GET", "HEAD")


class Guard:
    """Reads the body before ``behind`` sees the request, and writes down where ``behind`` fails.

    Args:
        behind: the application.
        metrics: where answers are counted.
    """

    def __init__(self, behind: ASGIApp, metrics: Metrics) -> None:
        self._behind = behind
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._behind(scope, receive, send)
            return
        status = 0

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        body = b"" if scope["method"] in _BODILESS else await _read(receive)
        try:
            if isinstance(body, HTTPStatus):
                await problem_answer(body)(scope, receive, counted)
            else:
                await self._behind(scope, _replay(body, receive), counted)
        except Exception:
            # The application has answered already, and lets us know why.
            LOG.exception("a request could not be served")
        finally:
            self._metrics.observe_api(route_of(scope), status)


def route_of(scope: Scope) -> str:
    """Return the template of the path that was served; "none" for a path that nobody serves."""
    template: str | None = getattr(scope.get("route"), "path", None)
    if template is None:
        return "none"
    return API + template if scope["path"].startswith(API) else template


async def _read(receive: Receive) -> bytes | HTTPStatus:
    """Return the body, or the status of a request that has none to be served."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return HTTPStatus.BAD_REQUEST
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        if not message.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
