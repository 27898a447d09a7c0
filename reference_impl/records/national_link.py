"""The way to the national platform: its two questions, how each is proved, and what can go wrong.

Reconstructed: ``POST /events`` takes an event, ``POST /cards/query`` tells of a card by its id. In the other direction
the national platform asks ``POST /national/cards/query`` of this one. Either end proves what it says with HMAC-SM3
under the key of the link. A question's proof covers its path, so that none asked in one direction can be turned around;
an answer's covers the question's proof, so that no answer fits another question.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import httpx
import msgspec

from reference_impl.clock import Clock, now_ms
from reference_impl.keys.keyring import PassingKeys
from reference_impl.records.national_outbox import PROVINCE, Event
from reference_impl.wire.sm import hmac_sm3
from reference_impl.wire.strictjson import write_object

TIMEOUT_S = 3.0

EVENTS_PATH = "/events"
QUERY_PATH = "/cards/query"
PLATFORM_QUERY_PATH = "/national/cards/query"

NATION = "00"
"""The country as a whole, in the manner of GB/T 2260."""

_UNKNOWN = 404
_BUSY = 429
_SERVER_FAULT = 500


class LinkDownError(Exception):
    """Nobody who can be believed answered; the same may succeed later."""


class NotTakenError(Exception):
    """The national platform answered no; ``final`` says that the same will never be taken."""

    def __init__(self, what: str, *, final: bool) -> None:
        super().__init__(what)
        self.final = final


class ForeignCard(msgspec.Struct, frozen=True):
    """A card as another province is told of it: as little of its holder as a window needs to see who stands there."""

    card_id: str
    province: str
    name: str
    gender: str
    birthday: str

    def __repr__(self) -> str:
        return f"ForeignCard(province={self.province!r})"


class NationalLink(Protocol):
    """The national platform as this one sees it."""

    async def deliver(self, event: Event) -> None:
        """Tell an event; return once it is taken.

        Raises:
            LinkDownError: nobody answered.
            NotTakenError: it was not taken.
        """

    async def resolve(self, card_id: str) -> ForeignCard | None:
        """Return the card of this id (64 upper-case hex characters), None where no province knows it.

        Raises:
            LinkDownError: nobody answered, or not about this card.
            NotTakenError: the question was not taken.
        """


@dataclass(frozen=True)
class Headers:
    """Names of the headers that carry the proof."""

    province: str = "x-province"
    moment: str = "x-timestamp"
    version: str = "x-key-version"
    proof: str = "x-proof"
    event: str = "idempotency-key"


HEADERS = Headers()


def question_proof(key: bytes, path: str, moment: str, body: bytes) -> str:
    """Return the proof of a question, hex; ``moment`` is Unix ms."""
    return hmac_sm3(key, b"\n".join((b"question", path.encode(), moment.encode(), body))).hex()


def answer_proof(key: bytes, asked: str, status: int, body: bytes) -> str:
    """Return the proof of an answer to the question whose proof is ``asked``, hex."""
    return hmac_sm3(key, b"\n".join((b"answer", asked.encode(), str(status).encode(), body))).hex()


@dataclass
class HttpNationalLink:
    """The link over HTTP.

    Attributes:
        client: knows the address, and waits ``TIMEOUT_S`` at most.
        keys: the link's keys as they are now.
        clock: of whoever asks.
        query_path: where cards are asked for.
        asker: who asks, a province or ``NATION``.
    """

    client: httpx.AsyncClient
    keys: Callable[[], PassingKeys] = field(repr=False)
    clock: Clock
    query_path: str = QUERY_PATH
    asker: str = PROVINCE

    async def deliver(self, event: Event) -> None:
        """Tell an event; the national platform takes each id once."""
        await self._ask(EVENTS_PATH, event.body(), {HEADERS.event: event.event_id})

    async def resolve(self, card_id: str) -> ForeignCard | None:
        """Ask for a card."""
        status, answer = await self._ask(self.query_path, write_object({"card_id": card_id}).encode(), {})
        if status == _UNKNOWN:
            return None
        try:
            card = msgspec.json.decode(answer, type=ForeignCard)
        except ValueError as error:
            raise LinkDownError("the answer is not a card") from error
        if card.card_id != card_id:
            raise LinkDownError("the answer is about another card")
        return card

    async def _ask(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        keys, moment = self.keys(), str(now_ms(self.clock))
        key = keys.keys[keys.active]
        asked = question_proof(key, path, moment, body)
        proved = {
            HEADERS.province: self.asker,
            HEADERS.moment: moment,
            HEADERS.version: str(keys.active),
            HEADERS.proof: asked,
            "content-type": "application/json",
        }
        try:
            answer = await self.client.post(path, content=body, headers=headers | proved, timeout=TIMEOUT_S)
        except httpx.HTTPError as error:
            raise LinkDownError(type(error).__name__) from error
        status, told = answer.status_code, answer.headers.get(HEADERS.proof, "")
        if not hmac.compare_digest(told.encode(), answer_proof(key, asked, status, answer.content).encode()):
            raise LinkDownError(f"an answer without proof, status {status}")
        if status == _UNKNOWN and path == self.query_path:
            return status, answer.content
        if not answer.is_success:
            raise NotTakenError(f"status {status}", final=status < _SERVER_FAULT and status != _BUSY)
        return status, answer.content
