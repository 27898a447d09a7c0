"""A stand-in for the national platform, for tests and for a sandbox without one: it takes events and knows some cards.

Reconstructed, like the link itself (``records.national_link``). It holds no person that exists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reference_impl.clock import Clock, now_ms
from reference_impl.door.national_proof import Proved, read_question
from reference_impl.records.national_link import EVENTS_PATH, HEADERS, QUERY_PATH, ForeignCard


@dataclass
class NationalStandIn:
    """What the stand-in knows and was told.

    Attributes:
        keys: the link's keys by version.
        clock: what questions' times are held against.
        cards: cards of other provinces by card id.
        events: every event that was taken, in the order it came.
        trouble: status to answer an event's kind with instead of taking it.
        on_event: told of every event as it is taken.
    """

    keys: Mapping[int, bytes] = field(repr=False)
    clock: Clock
    cards: dict[str, ForeignCard] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    trouble: dict[str, int] = field(default_factory=dict)
    on_event: Callable[[Mapping[str, Any]], None] = lambda _: None

    def app(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(
            routes=[
                Route(EVENTS_PATH, self._event, methods=["POST"]),
                Route(QUERY_PATH, self._query, methods=["POST"]),
            ]
        )

    async def _event(self, request: Request) -> Response:
        asked = await self._proved(request)
        if asked is None:
            return Response(status_code=401)
        body = asked.body
        if body.get("event_id") != request.headers.get(HEADERS.event):
            return asked.answer(422)
        status = self.trouble.get(str(body.get("kind")))
        if status is not None:
            return asked.answer(status)
        if all(taken["event_id"] != body["event_id"] for taken in self.events):
            self.events.append(body)
            self.on_event(body)
        return asked.answer(200)

    async def _query(self, request: Request) -> Response:
        asked = await self._proved(request)
        if asked is None:
            return Response(status_code=401)
        card = self.cards.get(str(asked.body.get("card_id")))
        return asked.answer(404) if card is None else asked.answer(200, msgspec.json.encode(card))

    async def _proved(self, request: Request) -> Proved | None:
        return await read_question(request, self.keys.get, now_ms(self.clock))
