"""What takes two key officers: one proposes, the other approves, and approving carries it out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from reference_impl.door.access_tokens import ADMIN, AUDITOR, OFFICER
from reference_impl.door.api.door import ApiDoor
from reference_impl.door.api.keys_routes import Owner
from reference_impl.keys import dual_control
from reference_impl.keys.dual_control import KeyRequest, Operation, find_request, list_requests
from reference_impl.keys.guarded_operations import approve, propose_new_root, propose_revocation
from reference_impl.keys.root import FileRoot, RootKey
from reference_impl.keys.root_succession import next_file, stage_next

RequestId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", examples=["0123456789abcdef0123456789abcdef"])]


class Revocation(BaseModel):
    """Which version of which key is never to be accepted again."""

    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(pattern="^[a-z-]{1,32}$", examples=["token"])
    version: int = Field(ge=1, le=255, strict=True)
    owner: Owner = ""


class Nothing(BaseModel):
    """An argument that holds nothing."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {}})


class RevocationProposal(BaseModel):
    """Revoke a version of a key."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"operation": "revoke-key", "argument": {"purpose": "token", "version": 1, "owner": ""}}
        },
    )

    operation: Literal["revoke-key"]
    argument: Revocation


class RootProposal(BaseModel):
    """Put the hierarchy under a new root key, which the platform makes beside the present key file."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"operation": "replace-root", "argument": {}}}
    )

    operation: Literal["replace-root"]
    argument: Nothing


class Told(BaseModel):
    """A proposal and what became of it; times are Unix ms."""

    request_id: str
    operation: str
    argument: dict[str, Any]
    proposed_by: str
    proposed_ms: int
    approved_by: str | None = Field(description="the second officer: who approved or rejected it")
    approved_ms: int | None
    state: Literal["proposed", "done", "rejected", "expired"]


class ToldAll(BaseModel):
    """Every proposal, the oldest first."""

    requests: list[Told]


def routes(door: ApiDoor) -> APIRouter:
    """Return the routes of dual control."""
    router = APIRouter(prefix="/key-requests", tags=["keys"])
    platform = door.platform

    @router.post("", status_code=201, summary="Propose, as one officer", responses=door.problems(404, 409))
    async def propose(
        request: Request, body: Annotated[RevocationProposal | RootProposal, Field(discriminator="operation")]
    ) -> Told:
        actor, now, random = door.actor(request, OFFICER), door.now_ms(), platform.parts.random

        def job(connection: Connection) -> KeyRequest:
            if isinstance(body, RootProposal):
                return propose_new_root(connection, _next_root(door), actor, now, random)
            wanted = body.argument
            return propose_revocation(connection, wanted.purpose, wanted.version, actor, now, random, wanted.owner)

        return _told(await door.change(actor, "api.key.propose", job, operation=body.operation))

    @router.get("", summary="Every proposal")
    async def requests(request: Request) -> ToldAll:
        door.actor(request, ADMIN, AUDITOR, OFFICER)
        now = door.now_ms()
        await door.write(lambda connection: dual_control.expire_requests(connection, now))
        return ToldAll(requests=[_told(found) for found in await door.read(list_requests)])

    @router.post(
        "/{request_id}/approval", summary="Approve and carry out, as another officer", responses=door.problems(404, 409)
    )
    async def approval(request: Request, request_id: RequestId) -> Told:
        actor, now, random = door.actor(request, OFFICER), door.now_ms(), platform.parts.random

        def job(connection: Connection) -> KeyRequest:
            replaces = find_request(connection, request_id).operation is Operation.REPLACE_ROOT
            new_root = _next_root(door) if replaces else None
            return approve(connection, request_id, actor, platform.memory.root, now, random, new_root)

        return _told(await door.change(actor, "api.key.approve", job, request_id=request_id))

    @router.post(
        "/{request_id}/rejection", summary="Reject for good, as any officer", responses=door.problems(404, 409)
    )
    async def rejection(request: Request, request_id: RequestId) -> Told:
        actor, now = door.actor(request, OFFICER), door.now_ms()

        def job(connection: Connection) -> KeyRequest:
            return dual_control.reject(connection, request_id, actor, now)

        return _told(await door.change(actor, "api.key.reject", job, request_id=request_id))

    return router


def _next_root(door: ApiDoor) -> RootKey:
    if door.root_file is None:
        raise door.problem(409, "root_not_in_a_file", "only a root that stands in a file is replaced from here")
    waiting = next_file(door.root_file)
    return FileRoot(waiting) if waiting.exists() else stage_next(door.root_file, door.platform.parts.random)


def _told(request: KeyRequest) -> Told:
    return Told(
        request_id=request.request_id,
        operation=request.operation.value,
        argument=dict(request.argument),
        proposed_by=request.proposed_by,
        proposed_ms=request.proposed_ms,
        approved_by=request.approved_by,
        approved_ms=request.approved_ms,
        state=request.state.value,
    )
