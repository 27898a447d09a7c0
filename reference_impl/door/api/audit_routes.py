"""The audit for its auditor: the records themselves, whether they are whole, and a statement to keep elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from reference_impl.door.access_tokens import AUDITOR
from reference_impl.door.api.door import ApiDoor
from reference_impl.door.api.problems import ProblemError
from reference_impl.errors import PlatformError
from reference_impl.records import audit

_LAST_MS = (1 << 53) - 1
_HASH = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"

Moment = Annotated[int | None, Query(ge=0, le=_LAST_MS, description="Unix ms")]


class LaneAnswer(BaseModel):
    """A lane of the audit: how many records of it are kept and whole, and the hash of the last of them."""

    lane: str
    records: int
    head: str


class BadRecordAnswer(BaseModel):
    """The first record that does not fit; ``lane`` is "" where the register of lanes itself does not."""

    lane: str
    seq: int
    fault: str


class CheckAnswer(BaseModel):
    """What recomputing the chain found."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "records": 1,
                "lanes": [{"lane": "w0", "records": 1, "head": _HASH}],
                "first_bad": None,
                "retention_days": audit.RETENTION_DAYS,
            }
        }
    )

    records: int
    lanes: list[LaneAnswer]
    first_bad: BadRecordAnswer | None = Field(description="null where the audit is whole")
    retention_days: int = Field(description="for how many days records are kept at least")


class _Lines(StreamingResponse):
    media_type = "application/x-ndjson"


class _Line(Response):
    media_type = "application/x-ndjson"


def _ndjson(what: str, example: str) -> dict[int | str, dict[str, Any]]:
    return {
        200: {"description": what, "content": {_Lines.media_type: {"schema": {"type": "string"}, "example": example}}}
    }


_RECORDS = _ndjson(
    "one record a line, lane by lane; `hash` is SM3 over the rest of the line, which ends in the hash before it",
    f'{{"at_ms":1800000000000,"lane":"w0","op":"ehc.ehealthcode.verify","seq":1,"hash":"{_HASH}"}}\n',
)
_STATEMENT = _ndjson(
    "where every lane ends, signed with SM2 by the platform",
    '{"public_key":"04…","signature":"…","statement":{"lanes":{"w0":{"hash":"…","seq":1}},"made_ms":1800000000000}}\n',
)


def routes(door: ApiDoor) -> APIRouter:
    """Return the routes of the audit."""
    router = APIRouter(tags=["audit"])

    @router.get(
        "/audit",
        summary="The records of a time span",
        response_class=_Lines,
        responses={**_RECORDS, **door.problems(409)},
    )
    async def export(request: Request, from_ms: Moment = None, to_ms: Moment = None) -> StreamingResponse:
        actor = door.actor(request, AUDITOR)
        span = {"from_ms": str(from_ms or 0), "to_ms": "" if to_ms is None else str(to_ms)}
        entry = audit.Entry(door.now_ms(), "api.audit.export", actor=actor, detail=audit.detail_text(span))
        # The first page is read here, where what is wrong can still be told as a problem.
        first = await _page(door, None, from_ms, to_ms)
        await door.write(lambda connection: audit.append(connection, entry))
        return _Lines(_lines(door, first, from_ms, to_ms))

    @router.get("/audit/check", summary="Recompute the chain")
    async def check(request: Request) -> CheckAnswer:
        door.actor(request, AUDITOR)
        found = await door.read(partial(audit.check, key=door.platform.parts.keyring.audit_versions))
        bad = found.first_bad
        return CheckAnswer(
            records=found.records,
            lanes=[LaneAnswer(lane=lane, records=n, head=head) for lane, (n, head) in found.lanes.items()],
            first_bad=None if bad is None else BadRecordAnswer(lane=bad.lane, seq=bad.seq, fault=bad.fault),
            retention_days=audit.RETENTION_DAYS,
        )

    @router.get(
        "/audit/anchors",
        summary="A signed statement of where every lane ends",
        description="Kept elsewhere, it contradicts a database that was set back to an older state.",
        response_class=_Line,
        responses={**_STATEMENT, **door.problems(409)},
    )
    async def anchors(request: Request) -> Response:
        door.actor(request, AUDITOR)
        keyring, now = door.platform.parts.keyring, door.now_ms()
        try:
            line = await door.read(
                lambda connection: audit.anchors(connection, keyring.audit_versions, keyring.signing, now)
            )
        except PlatformError as error:
            raise _tampered(door, error) from error
        return _Line(line)

    return router


async def _page(door: ApiDoor, place: audit.Place | None, from_ms: int | None, to_ms: int | None) -> audit.Page:
    key = door.platform.parts.keyring.audit_versions
    try:
        return await door.read(lambda connection: audit.page(connection, key, place, from_ms or 0, to_ms))
    except PlatformError as error:
        raise _tampered(door, error) from error


async def _lines(door: ApiDoor, page: audit.Page, from_ms: int | None, to_ms: int | None) -> AsyncIterator[bytes]:
    yield page.lines
    while page.next is not None:
        page = await _page(door, page.next, from_ms, to_ms)
        yield page.lines


def _tampered(door: ApiDoor, error: PlatformError) -> ProblemError:
    return door.problem(409, "audit_tampered", error.what)
