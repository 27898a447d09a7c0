"""A stand-in for a register of persons, for tests and for a sandbox without one: it answers by the name, over HTTP.

The format is ``cards.register_link``'s. It knows nobody, so it holds no person that exists.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reference_impl.cards.documents import read_document
from reference_impl.cards.real_name import RealNameSource, StandInRegister
from reference_impl.cards.register_link import CHECK_PATH
from reference_impl.clock import Clock, now_ms
from reference_impl.refusals import RefusalError


class _Question(msgspec.Struct, forbid_unknown_fields=True):
    question: str
    id_type: str
    id_no: str
    name: str


@dataclass(frozen=True)
class RealNameStandIn:
    """Answers as a register does.

    Attributes:
        clock: what birthdays are held against.
        delay_s: how long each answer takes.
        register: who decides.
    """

    clock: Clock
    delay_s: float = 0.0
    register: RealNameSource = field(default_factory=StandInRegister)

    def app(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(routes=[Route(CHECK_PATH, self._check, methods=["POST"])])

    async def _check(self, request: Request) -> Response:
        body = await request.body()
        await asyncio.sleep(self.delay_s)
        try:
            asked = msgspec.json.decode(body, type=_Question)
            document = read_document(asked.id_type, asked.id_no, now_ms(self.clock))
        except (msgspec.DecodeError, RefusalError):
            return Response(status_code=422)
        answer = {"question": asked.question, "answer": self.register.check(document, asked.name).value}
        return Response(msgspec.json.encode(answer), media_type="application/json")
