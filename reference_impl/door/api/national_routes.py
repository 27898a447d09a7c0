"""What the national platform would not take, for whoever decides about it: tried again, or given up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from reference_impl.door.access_tokens import ADMIN, AUDITOR
from reference_impl.door.api.door import ApiDoor
from reference_impl.records import national_outbox
from reference_impl.records.national_outbox import Event
from reference_impl.refusals import UNKNOWN_DEAD_LETTER, RefusalError

PAGE_LIMIT = 200

_LAST_NO = (1 << 53) - 1

EventNo = Annotated[int, Path(ge=1, le=_LAST_NO, examples=[1])]
After = Annotated[int, Query(ge=0, le=_LAST_NO, description="begin behind this one")]
Limit = Annotated[int, Query(ge=1, le=PAGE_LIMIT)]


class DeadLetter(BaseModel):
    """An event that the national platform would not take; it holds back the later events of its card."""

    event_no: int
    event_id: str = Field(description="the Idempotency-Key it was told under")
    card_id: str
    kind: str
    at_ms: int = Field(description="when it happened, Unix ms")
    attempts: int = Field(description="how often telling it was put off before")
    fault: str = Field(description="why it was not taken")


class DeadLetterPage(BaseModel):
    """Some dead letters, the oldest first; ``next`` is what ``after`` must say to go on, null at the end."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "dead_letters": [
                    {
                        "event_no": 1,
                        "event_id": "0123456789abcdef0123456789abcdef",
                        "card_id": "0A" * 32,
                        "kind": national_outbox.REGISTERED,
                        "at_ms": 1_800_000_000_000,
                        "attempts": 0,
                        "fault": "status 422",
                    }
                ],
                "next": None,
            }
        }
    )

    dead_letters: list[DeadLetter]
    next: int | None


class Decided(BaseModel):
    """What a dead letter is now: ``waiting`` to be told again, or ``dropped`` for good."""

    event_no: int
    state: Literal["waiting", "dropped"]


def routes(door: ApiDoor) -> APIRouter:
    """Return the routes of the link to the national platform."""
    router = APIRouter(prefix="/national/dead-letters", tags=["national"])

    @router.get("", summary="What the national platform would not take")
    async def dead_letters(request: Request, after: After = 0, limit: Limit = 50) -> DeadLetterPage:
        door.actor(request, ADMIN, AUDITOR)
        found = await door.read(lambda connection: national_outbox.dead_letters(connection, after, limit + 1))
        return DeadLetterPage(
            dead_letters=[_told(event) for event in found[:limit]],
            next=found[limit - 1].event_no if len(found) > limit else None,
        )

    @router.post("/{event_no}/retry", summary="Have it told again", responses=door.problems(404))
    async def retry(request: Request, event_no: EventNo) -> Decided:
        await decide(request, "api.national.retry", national_outbox.retry, event_no)
        return Decided(event_no=event_no, state="waiting")

    @router.post(
        "/{event_no}/drop",
        summary="Give it up, so that the later events of its card are told",
        responses=door.problems(404),
    )
    async def drop(request: Request, event_no: EventNo) -> Decided:
        await decide(request, "api.national.drop", national_outbox.drop, event_no)
        return Decided(event_no=event_no, state="dropped")

    async def decide(request: Request, op: str, work: Callable[[Connection, int, int], bool], event_no: int) -> None:
        actor, now = door.actor(request, ADMIN), door.now_ms()

        def job(connection: Connection) -> None:
            if not work(connection, event_no, now):
                raise RefusalError(UNKNOWN_DEAD_LETTER)

        await door.change(actor, op, job, event_no=event_no)

    return router


def _told(event: Event) -> DeadLetter:
    return DeadLetter(
        event_no=event.event_no,
        event_id=event.event_id,
        card_id=event.card_id,
        kind=event.kind,
        at_ms=event.at_ms,
        attempts=event.attempts,
        fault=event.fault,
    )
