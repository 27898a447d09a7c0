"""The platform's OpenAPI 3.1 document: what FastAPI knows of the routes, and what stands outside of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from reference_impl.door.api.problems import Problem, documented
from reference_impl.wire.registry import DIALECTS, Description

ABOUT = """\
TEST: the reference platform of the electronic health card in Hunan, for synthetic people only.

Hospital systems speak to the gateways, each in its dialect; everybody else speaks to `/api/v1` with a bearer token of
the role admin, auditor or officer. What is refused is a problem (RFC 9457) whose `code` is stable.
"""

_PART = re.compile(r"\{[^}]+\}")
_UNUSED = ("HTTPValidationError", "ValidationError")
WAIT = {
    "Retry-After": {
        "required": True,
        "description": "seconds after which to ask again",
        "schema": {"type": "integer", "minimum": 1},
    }
}
"""The field that whoever must wait is answered with."""

_AT_THE_DOOR: Mapping[int, Mapping[str, Any]] = {
    400: {},
    405: {"Allow": {"required": True, "schema": {"const": "POST"}}},
    413: {},
    429: WAIT,
    500: {},
    503: WAIT,
}
"""What a gateway answers instead of its dialect, with the fields that each such answer has."""


def operation_id(route: APIRoute) -> str:
    """Name an operation after its function."""
    return route.name.strip("_")


def use_own_document(app: FastAPI, served: Mapping[str, str]) -> None:
    """Let ``app`` describe itself with the gateways beside its own routes.

    Args:
        app: the application.
        served: path of a gateway to the name of its dialect.
    """

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
            schemas = made.setdefault("components", {}).setdefault("schemas", {})
            for name in _UNUSED:
                schemas.pop(name, None)
            schemas["Problem"] = Problem.model_json_schema()
            made["paths"] |= {path: _gateway(path, DIALECTS[name]) for path, name in served.items()}
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def methods_at(app: FastAPI, path: str) -> list[str]:
    """Return the methods that are described for a path."""
    described = app.openapi()["paths"]
    alike = [verbs for template, verbs in described.items() if re.fullmatch(_PART.sub("[^/]+", template), path)]
    found = [described[path]] if path in described else alike
    return sorted({verb.upper() for verbs in found for verb in verbs})


def _gateway(path: str, dialect: Description) -> dict[str, Any]:
    return {
        "post": {
            "tags": ["gateways"],
            "operationId": "gateway" + path.replace("/", "_"),
            "summary": f"Dialect {dialect.name} ({dialect.label})",
            "description": "A refusal has status 200 as well, and says no in the code of its dialect. What is not even "
            "read is a problem: another method, a body too large, an address over its limit, a platform too busy.",
            "requestBody": {"required": False, "content": {dialect.content_type: {"schema": {}}}},
            "responses": {
                "200": {"description": "the answer in the dialect", "content": {"*/*": {"schema": {}}}},
                **_problems(),
            },
        }
    }


def _problems() -> dict[str, Any]:
    told = documented(*_AT_THE_DOOR)
    return {str(status): {**told[status], "headers": fields} for status, fields in _AT_THE_DOOR.items()}
