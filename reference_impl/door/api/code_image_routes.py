"""Drawing a code: the text of a card's code to the image a phone, a page or a printer shows."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from reference_impl.codes.rendering import MAX_TEXT, preset, render_png
from reference_impl.door.access_tokens import ADMIN, AUDITOR, OFFICER
from reference_impl.door.api.door import ApiDoor


class Drawing(BaseModel):
    """What to draw and how; colours other than black are those of ``hunan-page``."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"text": "0" * 64 + ":1", "preset": "standard"}}
    )

    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    preset: Literal["standard", "hunan-page", "print"] = "standard"
    dark: Literal["#000000", "#256A0A", "#F39119", "#E02020"] = "#000000"


class _Png(Response):
    media_type = "image/png"


def routes(door: ApiDoor) -> APIRouter:
    """Return the route that draws codes."""
    router = APIRouter(prefix="/codes", tags=["codes"])

    @router.post(
        "/image",
        summary="Draw a code as PNG",
        response_class=_Png,
        responses={200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}},
    )
    async def image(request: Request, body: Drawing) -> Response:
        door.actor(request, ADMIN, AUDITOR, OFFICER)
        try:
            rendering = preset(body.preset, body.dark)
            # Drawing takes tens of milliseconds, which callers of the gateway must not wait for.
            png = await asyncio.to_thread(render_png, body.text, rendering)
        except ValueError as error:
            raise door.problem(422, "not_drawable", "this text cannot be drawn so") from error
        return _Png(png)

    return router
