"""Who am I: the name and role that a token stands for."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from reference_impl.door.api.door import ApiDoor


class Me(BaseModel):
    """Whoever asks, as the audit knows them."""

    name: str = Field(examples=["officer-a"])
    role: Literal["admin", "auditor", "officer"]


def routes(door: ApiDoor) -> APIRouter:
    """Return the route that tells who asks."""
    router = APIRouter(tags=["access"])

    @router.get("/me", summary="Whose token this is")
    async def me(request: Request) -> Me:
        subject = door.subject(request)
        return Me.model_validate({"name": subject.name, "role": subject.role})

    return router
