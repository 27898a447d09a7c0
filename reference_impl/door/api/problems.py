"""Problem details (RFC 9457): the one form in which our own API says no."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from reference_impl.refusals import (
    LOCKED_OUT,
    OUT_OF_SCOPE,
    RATE_LIMITED,
    REGISTER_UNAVAILABLE,
    SAME_OFFICER,
    TRY_AGAIN,
    RefusalError,
)

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """Why a request was not served: ``code`` is stable and meant for programs, ``detail`` is meant for people."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "code": "unknown_key",
                "detail": "密钥版本不存在 / unknown key or version",
            }
        }
    )

    type: str
    title: str
    status: int
    code: str
    detail: str = ""


class ProblemError(HTTPException):
    """Our own API says no; neither ``code`` nor ``detail`` repeats what the caller sent."""

    def __init__(self, status: int, code: str, detail: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)
        self.code = code


_STATUS = {
    OUT_OF_SCOPE.name: HTTPStatus.FORBIDDEN,
    SAME_OFFICER.name: HTTPStatus.FORBIDDEN,
    RATE_LIMITED.name: HTTPStatus.TOO_MANY_REQUESTS,
    LOCKED_OUT.name: HTTPStatus.TOO_MANY_REQUESTS,
    TRY_AGAIN.name: HTTPStatus.SERVICE_UNAVAILABLE,
    REGISTER_UNAVAILABLE.name: HTTPStatus.SERVICE_UNAVAILABLE,
}


def status_of(refusal: RefusalError) -> HTTPStatus:
    """Return the HTTP status of a refusal: what is unknown is 404, what is bad is 422, what cannot be now is 409."""
    name = refusal.outcome.name
    if name.startswith("unknown_"):
        return HTTPStatus.NOT_FOUND
    if name.startswith("bad_"):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return _STATUS.get(name, HTTPStatus.CONFLICT)


def problem_answer(
    status: int, code: str = "", detail: str = "", headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return a problem as it goes over the wire; without a code of its own it is named after its status."""
    phrase = HTTPStatus(status).phrase
    problem = Problem(
        type="about:blank",
        title=phrase,
        status=status,
        code=code or phrase.lower().replace(" ", "_"),
        detail=detail,
    )
    return JSONResponse(problem.model_dump(), status_code=status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the ``responses`` of an operation that may answer with problems of these statuses, for OpenAPI."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }
