"""Turning the platform's clock, where it was started with one that turns."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from reference_impl.door.access_tokens import ADMIN
from reference_impl.door.api.door import ApiDoor
from reference_impl.door.turned_clock import MAX_ADVANCE_S, TurnedClock
from reference_impl.records.audit import Entry, append, detail_text


class Turn(BaseModel):
    """How far to turn the clock; it never goes back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"advance_s": 61}})

    advance_s: float = Field(strict=True, ge=0, le=MAX_ADVANCE_S, allow_inf_nan=False)


class Time(BaseModel):
    """The platform's time, Unix ms."""

    now_ms: int


def routes(door: ApiDoor, clock: TurnedClock) -> APIRouter:
    """Return the routes of a clock that turns."""
    router = APIRouter(prefix="/test/clock", tags=["test"])

    @router.get("", summary="The platform's time")
    async def time(request: Request) -> Time:
        door.actor(request, ADMIN)
        return Time(now_ms=door.now_ms())

    @router.post("", summary="Turn the platform's clock forward", responses=door.problems(409))
    async def turn(request: Request, body: Turn) -> Time:
        actor = door.actor(request, ADMIN)
        entry = Entry(door.now_ms(), "api.clock.turn", actor=actor, detail=detail_text({"s": str(body.advance_s)}))
        await door.write(lambda connection: append(connection, entry))
        try:
            clock.advance(body.advance_s)
        except ValueError as error:
            raise door.problem(409, "clock_at_its_end", "the clock does not turn any further") from error
        return Time(now_ms=door.now_ms())

    return router
