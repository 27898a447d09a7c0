"""Watching verifications as they happen, as server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from reference_impl.door.access_tokens import AUDITOR
from reference_impl.door.api.door import ApiDoor
from reference_impl.door.live_log import LiveLog, Tick

_EVENT = {
    "description": "one event a tick, also when nothing happened; `data` is JSON: how many `operations` there were, "
    "how many of them `verified` a code, how many of those were `accepted`, and the newest as `entries`",
    "content": {
        "text/event-stream": {
            "schema": {"type": "string"},
            "example": 'data: {"operations": 0, "verified": 0, "accepted": 0, "entries": []}\n\n',
        }
    },
}


class _Events(StreamingResponse):
    media_type = "text/event-stream"


def routes(door: ApiDoor, log: LiveLog) -> APIRouter:
    """Return the route that streams the live log."""
    router = APIRouter(tags=["audit"])

    @router.get("/live", summary="Operations as they happen", response_class=_Events, responses={200: _EVENT})
    async def live(request: Request) -> StreamingResponse:
        door.actor(request, AUDITOR)
        ticks = log.watch()
        # The first tick is taken here, where a refusal can still be told as one.
        first = await anext(ticks)
        return _Events(_told(first, ticks), headers={"Cache-Control": "no-store"})

    return router


async def _told(first: Tick, ticks: AsyncIterator[Tick]) -> AsyncIterator[str]:
    yield _event(first)
    async for tick in ticks:
        yield _event(tick)


def _event(tick: Tick) -> str:
    return f"data: {json.dumps(tick.as_json(), ensure_ascii=False)}\n\n"
