"""What takes two key officers: one proposes, the other approves, and approving carries it out."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from reference_impl.door.access_tokens import ADMIN, AUDITOR, OFFICER
from reference_impl.door.api.door import ApiDoor
from reference_impl.door.api.keys_routes import Owner
from reference_impl.errors import PlatformError
from reference_impl.keys import dual_control
from reference_impl.keys.dual_control import KeyRequest, Operation, find_request, list_requests
from reference_impl.keys.guarded_operations import approve, propose_new_root, propose_revocation
from reference_impl.keys.purposes import AUDIT
from reference_impl.keys.root import RootKey
from reference_impl.records import audit

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
    """Put the hierarchy under a new root key, which the platform makes beside the present one, in a file or an HSM."""

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
        # In a thread, and before the transaction: a device may be slow, and everybody else would wait for it.
        successor = await _staged(door) if isinstance(body, RootProposal) else None

        def job(connection: Connection) -> KeyRequest:
            if isinstance(body, RootProposal):
                assert successor is not None  # noqa: S101 - staged for this very proposal
                return propose_new_root(connection, successor, actor, now, random)
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
            asked = find_request(connection, request_id)
            if asked.operation is Operation.REVOKE_KEY and asked.argument["purpose"] == AUDIT:
                # What the version to be revoked has sealed would else be proved by nothing.
                audit.reseal(connection, platform.parts.keyring.audit_versions)
            return approve(connection, request_id, actor, platform.memory.root, now, random)

        try:
            return _told(await door.change(actor, "api.key.approve", job, request_id=request_id))
        except PlatformError as error:
            raise door.problem(503, "root_unavailable", error.what) from error

    @router.post(
        "/{request_id}/rejection", summary="Reject for good, as any officer", responses=door.problems(404, 409)
    )
    async def rejection(request: Request, request_id: RequestId) -> Told:
        actor, now = door.actor(request, OFFICER), door.now_ms()

        def job(connection: Connection) -> KeyRequest:
            return dual_control.reject(connection, request_id, actor, now)

        return _told(await door.change(actor, "api.key.reject", job, request_id=request_id))

    return router


async def _staged(door: ApiDoor) -> RootKey:
    try:
        return await asyncio.to_thread(door.platform.memory.root.stage_successor, door.platform.parts.random)
    except PlatformError as error:
        raise door.problem(503, "root_unavailable", error.what) from error


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
