"""What stands at the bare address: a pointer to everything else, which browsers follow to the page for people."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from reference_impl.door.admin.page import ADMIN
from reference_impl.door.api.operation_routes import MODE, MODEL, VENDOR
from reference_impl.wire.registry import DIALECTS

_TOLD = {
    "mode": MODE,
    "name": f"{VENDOR} {MODEL}",
    "admin": ADMIN,
    "api": "/openapi.json",
    "health": "/health",
    "gateways": {name: list(dialect.paths) for name, dialect in DIALECTS.items()},
}


def routes() -> APIRouter:
    """Return the route of the bare address."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def entrance() -> JSONResponse:
        return JSONResponse(_TOLD, status_code=307, headers={"Location": ADMIN})

    return router
