"""The limits this platform sets, for whoever must stay below them."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from reference_impl.access.lock_out import FIRST_LOCK_S, LONGEST_LOCK_S, WINDOW_S
from reference_impl.door.access_tokens import ADMIN, AUDITOR
from reference_impl.door.api.door import ApiDoor


class Rate(BaseModel):
    """Requests a second; 0 sets no limit. Each worker process of the platform counts for itself."""

    per_second: float


class WrongTries(BaseModel):
    """Wrong tries that lock, within how many seconds, and for how long at first and at most; 0 never locks."""

    tries: int
    window_s: float
    first_lock_s: float
    longest_lock_s: float


class Limits(BaseModel):
    """Every limit in force."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "app": {"per_second": 2000},
                "terminal": {"per_second": 400},
                "address": {"per_second": 2000},
                "wrong": {"tries": 60, "window_s": 60, "first_lock_s": 60, "longest_lock_s": 3600},
            }
        }
    )

    app: Rate
    terminal: Rate
    address: Rate
    wrong: WrongTries


def routes(door: ApiDoor) -> APIRouter:
    """Return the route that tells the limits."""
    router = APIRouter(tags=["limits"])

    @router.get("/limits", summary="Show the limits in force")
    async def show_limits(request: Request) -> Limits:
        door.actor(request, ADMIN, AUDITOR)
        quotas = door.platform.gateway.gate.quotas
        return Limits(
            app=Rate(per_second=quotas.app),
            terminal=Rate(per_second=quotas.terminal),
            address=Rate(per_second=quotas.address),
            wrong=WrongTries(
                tries=quotas.wrong, window_s=WINDOW_S, first_lock_s=FIRST_LOCK_S, longest_lock_s=LONGEST_LOCK_S
            ),
        )

    return router
