"""Drawing a code: the text of a card's code to the image a phone, a page or a printer shows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from reference_impl.codes.rendering import MAX_LOGO, MAX_TEXT, PRESETS, Rendering, preset, render_png, render_svg
from reference_impl.door.access_tokens import ADMIN, AUDITOR, OFFICER
from reference_impl.door.api.door import ApiDoor

_Colour = Annotated[str, Field(pattern="^#[0-9A-Fa-f]{6}$")]


class Drawing(BaseModel):
    """What to draw and how: a preset, and what is to be other than it says."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"text": "0" * 64 + ":1", "preset": "standard"}}
    )

    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    preset: Literal["standard", "hunan-page", "print"] = "standard"
    format: Literal["png", "svg"] = "png"
    """A page that clips works on pixels, so ``hunan-page`` is drawn as PNG only."""
    dark: _Colour | None = None
    """Colour of dark modules; of ``hunan-page`` one of its four."""
    light: _Colour | None = None
    ec_level: Literal["L", "M", "Q", "H"] | None = None
    quiet_zone: Annotated[int, Field(ge=0, le=20)] | None = None
    """Modules."""
    module_px: Annotated[int, Field(ge=1, le=40)] | None = None
    logo: Annotated[float, Field(ge=0, le=MAX_LOGO)] | None = None
    """Share of the symbol's area."""

    def rendering(self) -> Rendering:
        """Return the preset with what was asked to be otherwise.

        Raises:
            ValueError: the preset cannot be drawn so.
        """
        chosen = PRESETS[self.preset]
        if chosen.page is not None and self.dark is not None:
            chosen = preset(self.preset, self.dark.upper())
        asked = {name: getattr(self, name) for name in _OPTIONS if getattr(self, name) is not None}
        return replace(chosen, **asked)


_OPTIONS = ("dark", "light", "ec_level", "quiet_zone", "module_px", "logo")


class _Image(Response):
    media_type = "image/png"


def routes(door: ApiDoor) -> APIRouter:
    """Return the route that draws codes."""
    router = APIRouter(prefix="/codes", tags=["codes"])
    binary = {"schema": {"type": "string", "format": "binary"}}

    @router.post(
        "/image",
        summary="Draw a code as PNG or SVG",
        response_class=_Image,
        responses={200: {"content": {"image/png": binary, "image/svg+xml": {"schema": {"type": "string"}}}}},
    )
    async def image(request: Request, body: Drawing) -> Response:
        door.actor(request, ADMIN, AUDITOR, OFFICER)
        try:
            rendering = body.rendering()
            # Drawing takes tens of milliseconds, which callers of the gateway must not wait for.
            if body.format == "svg":
                svg = await asyncio.to_thread(render_svg, body.text, rendering)
                return Response(svg, media_type="image/svg+xml")
            return _Image(await asyncio.to_thread(render_png, body.text, rendering))
        except ValueError as error:
            raise door.problem(422, "not_drawable", "this text cannot be drawn so") from error

    return router
