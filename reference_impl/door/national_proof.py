"""A question over the link to the national platform, at the end that is asked: is it proved, and how its answer is."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from reference_impl.records.national_link import HEADERS, answer_proof, question_proof
from reference_impl.wire.errors import MalformedError
from reference_impl.wire.freshness import whole_number
from reference_impl.wire.strictjson import read_object

WINDOW_MS = 5 * 60_000
"""How far a question's time may be from the clock of whoever is asked, before or after."""


@dataclass(frozen=True)
class Proved:
    """A question whose sender has the key of the link.

    Attributes:
        body: what was asked.
        moment_ms: its time, at most ``WINDOW_MS`` from now, Unix ms.
        version, key: version of the link's key it was proved with, and that key.
        proof: its proof, hex; no two questions have the same.
    """

    body: dict[str, object] = field(repr=False)
    moment_ms: int
    version: int
    key: bytes = field(repr=False)
    proof: str

    def answer(self, status: int, body: bytes = b"") -> Response:
        """Return an answer to this question and to no other."""
        proof = answer_proof(self.key, self.proof, status, body)
        return Response(body, status, {HEADERS.proof: proof}, "application/json")


async def read_question(request: Request, key_of: Callable[[int], bytes | None], now_ms: int) -> Proved | None:
    """Return a question that is proved and fresh, None otherwise.

    Args:
        request: as it came.
        key_of: returns the link's key of a version, None where that is not accepted.
        now_ms: the time here, Unix ms.
    """
    body, moment = await request.body(), request.headers.get(HEADERS.moment, "")
    try:
        version = key_version(request)
        moment_ms = whole_number(moment, HEADERS.moment)
        asked = read_object(body, "body")
    except MalformedError:
        return None
    key = key_of(version)
    if key is None or abs(moment_ms - now_ms) > WINDOW_MS:
        return None
    proof = question_proof(key, request.url.path, moment, body)
    if not hmac.compare_digest(proof.encode(), request.headers.get(HEADERS.proof, "").encode()):
        return None
    return Proved(asked, moment_ms, version, key, proof)


def key_version(request: Request) -> int:
    """Return the version of the link's key that a question says it is proved with.

    Raises:
        MalformedError: it says none.
    """
    return whole_number(request.headers.get(HEADERS.version, ""), HEADERS.version)
