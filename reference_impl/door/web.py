"""The web face: the gateways before, our own API, the pages and the figures behind; everything else is a problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from reference_impl.door import entrance, national_questions
from reference_impl.door.admin import page
from reference_impl.door.api import (
    access_routes,
    audit_routes,
    clock_routes,
    code_image_routes,
    key_request_routes,
    keys_routes,
    limits_routes,
    live_routes,
    national_routes,
    operation_routes,
    self_routes,
    statistics_routes,
    terminal_module_routes,
)
from reference_impl.door.api.door import ApiDoor
from reference_impl.door.api.guard import API, Guard
from reference_impl.door.api.invalid import invalid_answer
from reference_impl.door.api.openapi import methods_at, operation_id, use_own_document
from reference_impl.door.api.operation_routes import StrictTold
from reference_impl.door.api.problems import ProblemError, documented, problem_answer, status_of
from reference_impl.door.fast_path import FastPath
from reference_impl.door.live_log import LiveLog
from reference_impl.door.logbook import Requests
from reference_impl.door.metrics import Metrics
from reference_impl.door.request_log import RequestLog
from reference_impl.door.turned_clock import TurnedClock
from reference_impl.platform import Platform
from reference_impl.refusals import RefusalError
from reference_impl.wire.exchange import Order, Profile, as_named
from reference_impl.wire.registry import DIALECTS, profiles


@dataclass
class Face:
    """What the application shows beside the platform itself.

    Attributes:
        metrics: where answers are counted.
        test_clock: the platform's clock, where it is one that turns.
        strict: told by /health, where the platform is strict.
        requests: where requests are written down, None for nowhere.
        order: that of what stands around the content of answers in XML.
        national: whether the national platform may ask.
    """

    metrics: Metrics
    test_clock: TurnedClock | None = None
    strict: StrictTold | None = None
    requests: Requests | None = None
    order: Order = as_named
    national: bool = False


@dataclass
class Application:
    """The ASGI application, and what must be told when it is to end."""

    asgi: ASGIApp
    api: FastAPI = field(repr=False)
    live_log: LiveLog

    def stop(self) -> None:
        """Let the answers that would go on for ever come to an end."""
        self.live_log.stop()


def create_app(platform: Platform, face: Face) -> Application:
    """Return the application of an open platform; closing the platform is left to the caller."""
    served = exact_paths(profiles(platform.parts.random, face.order))
    door = ApiDoor(platform)
    live_log = LiveLog(door)
    api = _api(door, live_log, face)
    use_own_document(api, {path: profile.name for path, profile in served.items()})
    asgi: ASGIApp = FastPath(platform.gateway, served, Guard(api, face.metrics))
    if face.requests is not None:
        asgi = RequestLog(asgi, served, face.requests)
    return Application(asgi, api, live_log)


def _api(door: ApiDoor, live_log: LiveLog, face: Face) -> FastAPI:
    app = FastAPI(
        title="Xiangka reference platform",
        version=version("xiangka"),
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
    )
    app.include_router(operation_routes.routes(door, face.metrics, face.strict))
    app.include_router(entrance.routes())
    app.include_router(page.routes())
    if face.national:
        app.include_router(national_questions.routes(door.platform))
    routers = [
        access_routes.routes(door),
        limits_routes.routes(door),
        audit_routes.routes(door),
        statistics_routes.routes(door),
        self_routes.routes(door),
        keys_routes.routes(door),
        key_request_routes.routes(door),
        terminal_module_routes.routes(door),
        code_image_routes.routes(door),
        national_routes.routes(door),
        live_routes.routes(door, live_log),
    ]
    if face.test_clock is not None:
        routers.append(clock_routes.routes(door, face.test_clock))
    # Whether the token is known and good for the operation is decided by ``door.actor``; this names the scheme.
    bearer = Depends(HTTPBearer(auto_error=False, description="a token of the credentials file"))
    for router in routers:
        app.include_router(
            router, prefix=API, dependencies=[bearer], responses=documented(400, 401, 403, 413, 422, 503)
        )
    app.exception_handler(HTTPException)(_http_problem)
    app.exception_handler(405)(_other_method)
    app.exception_handler(RequestValidationError)(invalid_answer)
    app.exception_handler(RefusalError)(_refused)
    app.exception_handler(Exception)(_failed)
    return app


async def _http_problem(_request: Request, error: HTTPException) -> Response:
    if isinstance(error, ProblemError):
        return problem_answer(error.status_code, error.code, error.detail, error.headers)
    return problem_answer(error.status_code, headers=error.headers)


async def _other_method(request: Request, error: HTTPException) -> Response:
    # Routes of one path are apart here, each knowing its own method only; RFC 9110 wants all of them told.
    allowed = methods_at(request.app, request.url.path)
    return problem_answer(error.status_code, headers={"Allow": ", ".join(allowed)} if allowed else error.headers)


async def _refused(_request: Request, error: RefusalError) -> Response:
    return problem_answer(status_of(error), error.outcome.name, error.message)


async def _failed(_request: Request, _error: Exception) -> Response:
    return problem_answer(500)


def exact_paths(ends: Mapping[str, Profile]) -> dict[str, Profile]:
    """Return the profiles by the paths they are served at."""
    return {path: end for name, end in ends.items() for path in DIALECTS[name].paths}
