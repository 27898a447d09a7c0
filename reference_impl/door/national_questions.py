"""What the national platform asks of this one: whose card is this? The link's other direction, proved as that one is.

Reconstructed. As little is told of the holder as this platform is told of others': name, gender, birthday. A card whose
static code would be refused here is as unknown as one that is not here, for a window elsewhere must not take it either.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from reference_impl.access.rate_limit import Monotonic
from reference_impl.cards.holding import find_by_id
from reference_impl.clock import now_ms
from reference_impl.door.api.openapi import WAIT
from reference_impl.door.api.problems import documented, problem_answer
from reference_impl.door.national_proof import WINDOW_MS, Proved, key_version, read_question
from reference_impl.door.question import Parts
from reference_impl.platform import Platform
from reference_impl.records.audit import Entry, append
from reference_impl.records.national_link import PLATFORM_QUERY_PATH, ForeignCard
from reference_impl.records.national_outbox import PROVINCE
from reference_impl.refusals import BAD_FIELD, REPLAYED_REQUEST, UNKNOWN_CARD, Outcome, RefusalError
from reference_impl.storage.batch import CardRow
from reference_impl.storage.spent import spend, spent_key
from reference_impl.wire.errors import MalformedError
from reference_impl.wire.payload import STATIC, CardCode, build

OPERATION = "national.query"
ACTOR = "national-platform"
FOLLOW_EVERY_S = 1.0
"""How often a question that is not proved yet may have the writer look for a newer key."""

_CARD_ID = re.compile("[0-9A-F]{64}")
_STATUS: Mapping[Outcome, int] = {
    UNKNOWN_CARD: HTTPStatus.NOT_FOUND,
    REPLAYED_REQUEST: HTTPStatus.CONFLICT,
    BAD_FIELD: HTTPStatus.UNPROCESSABLE_ENTITY,
}
_ANSWERS: Mapping[int | str, dict[str, Any]] = {
    200: {"description": "the card, its province, and name, gender and birthday of its holder"},
    **{int(status): {"description": outcome.en} for outcome, status in _STATUS.items()},
    **documented(401),
    429: {**documented(429)[429], "headers": WAIT},
}


def routes(platform: Platform, clock: Monotonic = time.monotonic) -> APIRouter:
    """Return the route that the national platform asks at; ``clock`` gives seconds that never go back."""
    router = APIRouter(tags=["national link"])
    newer_keys = _NewerKeys(platform, clock)

    @router.post(
        PLATFORM_QUERY_PATH,
        summary="Whose an active card is; proved with the key of the link, as is every answer but 401 and 429",
        response_class=Response,
        responses=dict(_ANSWERS),
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"type": "object"}, "example": {"card_id": "0A" * 32}}},
            }
        },
    )
    async def _national_query(request: Request) -> Response:
        wait = platform.gateway.gate.admit_address(request.client.host if request.client else "")
        if wait is not None:
            return problem_answer(429, wait.outcome.name, wait.outcome.message(), {"Retry-After": wait.retry_after})
        await newer_keys.follow(request)
        now = now_ms(platform.clock)
        asked = await read_question(request, lambda version: _key(platform, version, now), now)
        if asked is None:
            return problem_answer(HTTPStatus.UNAUTHORIZED)
        code = _static_code(platform, asked.body)
        told = await platform.writer.submit(lambda connection: _settle(connection, platform, asked, code, now))
        if told is None:
            return problem_answer(HTTPStatus.UNAUTHORIZED)
        if isinstance(told, RefusalError):
            return asked.answer(_STATUS[told.outcome])
        return asked.answer(HTTPStatus.OK, msgspec.json.encode(told))

    return router


class _NewerKeys:
    """Lets this process meet a key that another one made, which it would else meet with whatever it writes next.

    Whoever asks has proved nothing yet, so that little work may come of it: keys are numbered one after the other, and
    once a second suffices.
    """

    def __init__(self, platform: Platform, clock: Monotonic) -> None:
        self._platform = platform
        self._clock = clock
        self._lock = asyncio.Lock()
        self._looked_at = -math.inf

    async def follow(self, request: Request) -> None:
        """Look for the key that a question says it is proved with, if it can be the next."""
        try:
            version = key_version(request)
        except MalformedError:
            return
        if not self._next(version):
            return
        # Of questions that come together the first looks, and the others wait for what it finds.
        async with self._lock:
            now = self._clock()
            if self._next(version) and now - self._looked_at >= FOLLOW_EVERY_S:
                self._looked_at = now
                await self._platform.writer.submit(lambda _: None)

    def _next(self, version: int) -> bool:
        return version == self._platform.parts.keyring.national_link.active + 1


def _key(platform: Platform, version: int, now: int) -> bytes | None:
    return platform.parts.keyring.national_link.accepted(version, now)


def _static_code(platform: Platform, body: Mapping[str, object]) -> CardCode | None:
    """Return the code that a window elsewhere has before it, None where the question names no card."""
    card_id = body.get("card_id")
    if set(body) != {"card_id"} or not isinstance(card_id, str) or not _CARD_ID.fullmatch(card_id):
        return None
    return platform.parts.verification.read(build(card_id, STATIC))


def _settle(
    connection: Connection, platform: Platform, asked: Proved, code: CardCode | None, now: int
) -> ForeignCard | RefusalError | None:
    """Return the card and leave a record; None, and no record, where the key was revoked in between."""
    if _key(platform, asked.version, now) != asked.key:
        return None
    entry = Entry(now, OPERATION, card_id="" if code is None else code.card_id, actor=ACTOR)
    try:
        if not spend(connection, spent_key(asked.moment_ms + WINDOW_MS + 1, bytes.fromhex(asked.proof))):
            raise RefusalError(REPLAYED_REQUEST)
        if code is None:
            raise RefusalError(BAD_FIELD, "card_id")
        card = _card(connection, platform.parts, code, now)
    except RefusalError as refused:
        append(connection, replace(entry, outcome=refused.outcome.code))
        return refused
    append(connection, entry)
    return card


def _card(connection: Connection, parts: Parts, code: CardCode, now: int) -> ForeignCard:
    held = find_by_id(connection, parts.keyring, code.card_id)
    row = CardRow(held.card_no, held.state, held.active_since_ms, held.mindex_id, b"")
    try:
        parts.verification.judge(code, row, now)
    except RefusalError as refused:
        raise RefusalError(UNKNOWN_CARD) from refused
    return ForeignCard(code.card_id, PROVINCE, *(held.identity[name] for name in ("name", "gender", "birthday")))
