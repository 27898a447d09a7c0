"""Keys: what there is, a new version of one, and what takes two officers. No answer ever holds key material."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from reference_impl.door.access_tokens import ADMIN, AUDITOR, OFFICER
from reference_impl.door.api.door import ApiDoor
from reference_impl.keys.institution_keys import rotate_institution_key
from reference_impl.keys.life_cycle import list_keys, rotate
from reference_impl.keys.province import KeyRecord
from reference_impl.keys.purposes import INSTITUTION

MAX_GRACE_S = 30 * 86_400

Purpose = Annotated[str, Path(pattern="^[a-z-]{1,32}$", examples=["token"])]
Owner = Annotated[
    str,
    Field(pattern="^[0-9A-Za-z]{0,32}$", description='institution whose key it is, "" for the province', examples=[""]),
]


class Key(BaseModel):
    """One version of a key; times are Unix ms."""

    purpose: str = Field(examples=["token"])
    owner: Owner
    version: int = Field(examples=[2])
    state: Literal["active", "grace", "retired", "revoked"]
    created_ms: int = Field(examples=[1_800_000_000_000])
    grace_until_ms: int | None = Field(None, description="the version is accepted before this moment")


class Keys(BaseModel):
    """Every version; ``signing_public_keys`` maps versions of platform-signing to SM2 public keys, 65 bytes in hex."""

    keys: list[Key]
    signing_public_keys: dict[int, str]


class Rotation(BaseModel):
    """How long the version until now is still accepted; 0 ends it at once."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"grace_s": 60}})

    grace_s: float = Field(strict=True, ge=0, le=MAX_GRACE_S, allow_inf_nan=False)
    owner: Owner = ""


def key_told(record: KeyRecord) -> Key:
    """Return what the API tells of a version."""
    return Key(
        purpose=record.purpose,
        owner=record.owner,
        version=record.version,
        state=record.state.value,
        created_ms=record.created_ms,
        grace_until_ms=record.grace_until_ms,
    )


def routes(door: ApiDoor) -> APIRouter:
    """Return the routes of keys."""
    router = APIRouter(tags=["keys"])
    platform = door.platform

    @router.get("/keys", summary="Every version of every key, without material")
    async def keys(request: Request, owner: Annotated[str, Query(pattern="^[0-9A-Za-z]{0,32}$")] = "") -> Keys:
        door.actor(request, ADMIN, AUDITOR, OFFICER)
        now = door.now_ms()
        found = await door.read(lambda connection: list_keys(connection, now, owner))
        signing = platform.parts.keyring.signing_versions
        return Keys(
            keys=[key_told(record) for record in found],
            signing_public_keys={version: pair.public.hex() for version, pair in signing.items()},
        )

    @router.post(
        "/keys/{purpose}/rotation",
        status_code=201,
        summary="Make a new active version; the old one passes for a while",
        responses=door.problems(404, 409),
    )
    async def rotate_key(request: Request, purpose: Purpose, body: Rotation) -> Key:
        actor, now = door.actor(request, ADMIN), door.now_ms()
        parts, root = platform.parts, platform.memory.root

        def job(connection: Connection) -> KeyRecord:
            if purpose == INSTITUTION:
                return rotate_institution_key(connection, parts.keyring, body.owner, parts.random, now)
            return rotate(connection, root, purpose, round(body.grace_s * 1000), now, parts.random)

        detail = {"purpose": purpose, "owner": body.owner, "grace_s": body.grace_s}
        return key_told(await door.change(actor, "api.key.rotate", job, **detail))

    return router
