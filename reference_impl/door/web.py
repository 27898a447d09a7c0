"""The web face: POST /gateway for the dialect, GET /health for whoever waits; everything else is a problem.

Answers outside the dialect are problem details (RFC 9457). A refusal of the gateway is HTTP 200 with its own ``code``,
as the field's gateways do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from importlib.metadata import version

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from reference_impl.door.logbook import LOG
from reference_impl.platform import Platform
from reference_impl.wire.strictjson import write_object

MAX_BODY_BYTES = 256 * 1024


def create_app(platform: Platform) -> FastAPI:
    """Return the ASGI application of an open platform; closing the platform is left to the caller."""
    app = FastAPI(
        title="Xiangka reference platform",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    health = JSONResponse({"status": "ok", "mode": "TEST", "version": version("xiangka")})

    @app.get("/health")
    async def _health() -> Response:
        return health

    @app.post("/gateway")
    async def _gateway(request: Request) -> Response:
        try:
            body = await _body(request)
        except ClientDisconnect:
            return _problem(HTTPStatus.BAD_REQUEST)
        try:
            answer = await asyncio.wrap_future(
                platform.commits.submit(lambda connection: platform.gateway.answer(connection, body))
            )
        except Exception:
            LOG.exception("a request could not be served")
            return _problem(HTTPStatus.INTERNAL_SERVER_ERROR)
        return Response(write_object(dict(answer)), media_type="application/json")

    @app.exception_handler(HTTPException)
    async def _not_served(_request: Request, error: HTTPException) -> Response:
        return _problem(HTTPStatus(error.status_code), error.headers)

    return app


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return bytes(body)


def _problem(status: HTTPStatus, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse(
        {"type": "about:blank", "title": status.phrase, "status": status.value},
        status_code=status.value,
        headers=dict(headers or {}),
        media_type="application/problem+json",
    )
