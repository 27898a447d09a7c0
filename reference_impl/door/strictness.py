"""A platform that is hard to please: what the standard allows and the field rarely does, it does all the time.

It refuses a share of valid requests with ``try_again`` before anything is spent, answers with what was promised and no
more (``unpromised_answers``), with small delays, and changes the key of dynamic codes early and often. Whoever retries
what may be retried, and relies on nothing that is not promised, notices none of it. The idea is that of Pebble, the
ACME server for tests (github.com/letsencrypt/pebble).
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from random import Random

from sqlalchemy import Connection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_impl.access.gate import AccessGate
from reference_impl.access.lock_out import Lock
from reference_impl.access.rate_limit import Quotas, Wait
from reference_impl.clock import now_ms
from reference_impl.door.logbook import LOG
from reference_impl.door.unpromised_answers import UnpromisedAnswers
from reference_impl.errors import PlatformError
from reference_impl.keys.life_cycle import rotate
from reference_impl.keys.purposes import TOKEN
from reference_impl.platform import Platform
from reference_impl.records.audit import Entry, append, detail_text
from reference_impl.records.national_link import HEADERS
from reference_impl.refusals import TRY_AGAIN, RefusalError

DEFAULT_SHARE = 0.05
MAX_SHARE = 0.9
MAX_DELAY_S = 0.02
FIRST_ROTATION_S = 3.0
"""Early: before a client that keeps the first key for ever has done much."""
ROTATION_LIVES = 2
"""Often: a key is active for as many lives of a code. A byte numbers versions, so it ends after some hours."""

_JSON = (b"application/json", b"application/problem+json")


def check_share(share: float) -> None:
    """Refuse a share no client could live with.

    Raises:
        PlatformError: not from 0 to ``MAX_SHARE``.
    """
    if not (math.isfinite(share) and 0 <= share <= MAX_SHARE):
        raise PlatformError(
            f"a strict platform cannot refuse the share {share:g} of valid requests",
            where="--strict",
            remedy=f"choose a share from 0 to {MAX_SHARE:g}; without one it is {DEFAULT_SHARE:g}",
        )


class StrictGate(AccessGate):
    """A gate that also refuses some of what it could let in.

    Args:
        quotas: how much is too much.
        on_lock: told of every lock that begins.
        share: share of requests refused, 0 to ``MAX_SHARE``.
        chance: what the choices are drawn from.
    """

    def __init__(self, quotas: Quotas, on_lock: Callable[[Lock], None], share: float, chance: Random) -> None:
        super().__init__(quotas, on_lock)
        self._share = share
        self._chance = chance

    def admit(self, address: str, app_id: str, term_id: str) -> Wait | None:
        """Ask the limits, then chance."""
        waits = super().admit(address, app_id, term_id)
        if waits is None and self._chance.random() < self._share:
            return Wait(TRY_AGAIN, 0.0)
        return waits


class StrictFace:
    """Delays every answer a little and orders the fields of JSON objects anew each time.

    Args:
        behind: the application.
        chance: what the choices are drawn from.
    """

    def __init__(self, behind: ASGIApp, chance: Random) -> None:
        self._behind = behind
        self._chance = chance
        self._answers = UnpromisedAnswers(chance)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._behind(scope, receive, send)
            return
        await asyncio.sleep(self._chance.random() * MAX_DELAY_S)
        start: Message | None = None

        async def shuffled(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _may_be_reordered(message):
                start = message
                return
            if start is not None:
                # One message is the whole body of every JSON answer here.
                message = {**message, "body": self._shuffle(message["body"])}
                await send(_with_length(start, len(message["body"])))
                start = None
            await send(message)

        await self._behind(scope, receive, shuffled)

    def _shuffle(self, body: bytes) -> bytes:
        return json.dumps(self._reordered(json.loads(body)), ensure_ascii=False, separators=(",", ":")).encode()

    def _reordered(self, value: object) -> object:
        if isinstance(value, dict):
            return {name: self._reordered(part) for name, part in self._answers.in_any_order(value).items()}
        return [self._reordered(part) for part in value] if isinstance(value, list) else value


def _may_be_reordered(start: Message) -> bool:
    headers = dict(start["headers"])
    # What is proved over the link to the national platform is proved byte by byte.
    return headers.get(b"content-type", b"").startswith(_JSON) and HEADERS.proof.encode() not in headers


def _with_length(start: Message, length: int) -> Message:
    headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    return {**start, "headers": [*headers, (b"content-length", b"%d" % length)]}


async def rotate_often(platform: Platform, life_s: float) -> None:
    """Change the key of dynamic codes again and again; codes made before stay good for their life.

    Args:
        platform: an open platform.
        life_s: life of a dynamic code in seconds.
    """

    def job(connection: Connection) -> None:
        now, root = now_ms(platform.clock), platform.memory.root
        fresh = rotate(connection, root, TOKEN, math.ceil(life_s * 1000), now, platform.parts.random)
        detail = detail_text({"purpose": TOKEN, "version": str(fresh.version)})
        append(connection, Entry(now, "strict.key.rotate", detail=detail))

    await asyncio.sleep(FIRST_ROTATION_S)
    while True:
        try:
            await platform.writer.submit(job)
        except RefusalError:
            LOG.warning("the key of dynamic codes has no further version; it stays as it is")
            return
        await asyncio.sleep(life_s * ROTATION_LIVES)
