"""A stand-in for the national platform, for tests and for a sandbox without one: it takes events and knows some cards.

Reconstructed, like the link itself (``records.national_link``). It holds no person that exists.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reference_impl.clock import Clock, now_ms
from reference_impl.records.national_link import (
    EVENTS_PATH,
    HEADERS,
    QUERY_PATH,
    ForeignCard,
    answer_proof,
    question_proof,
)
from reference_impl.wire.errors import MalformedError
from reference_impl.wire.strictjson import read_object

WINDOW_MS = 5 * 60_000
"""How far a question's time may be from the clock here, before or after."""

_LONGEST_NUMBER = 15


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
        body = await self._proved(request)
        if body is None:
            return Response(status_code=401)
        if body.get("event_id") != request.headers.get(HEADERS.event):
            return self._answer(request, 422)
        status = self.trouble.get(str(body.get("kind")))
        if status is not None:
            return self._answer(request, status)
        if all(taken["event_id"] != body["event_id"] for taken in self.events):
            self.events.append(body)
            self.on_event(body)
        return self._answer(request, 200)

    async def _query(self, request: Request) -> Response:
        body = await self._proved(request)
        if body is None:
            return Response(status_code=401)
        card = self.cards.get(str(body.get("card_id")))
        return self._answer(request, 404) if card is None else self._answer(request, 200, msgspec.json.encode(card))

    async def _proved(self, request: Request) -> dict[str, Any] | None:
        """Return a question's body, None where its sender proved nothing."""
        headers, body = request.headers, await request.body()
        key, moment = self._key(request), headers.get(HEADERS.moment, "")
        if key is None or not _is_number(moment) or abs(int(moment) - now_ms(self.clock)) > WINDOW_MS:
            return None
        proof = question_proof(key, request.url.path, moment, body)
        if not hmac.compare_digest(proof.encode(), headers.get(HEADERS.proof, "").encode()):
            return None
        try:
            return read_object(body, "body")
        except MalformedError:
            return None

    def _answer(self, request: Request, status: int, body: bytes = b"") -> Response:
        key = self._key(request) or b""
        proof = answer_proof(key, request.headers[HEADERS.proof], status, body)
        return Response(body, status, {HEADERS.proof: proof}, "application/json")

    def _key(self, request: Request) -> bytes | None:
        version = request.headers.get(HEADERS.version, "")
        return self.keys.get(int(version)) if _is_number(version) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
