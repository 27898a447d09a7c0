"""The routes of the admin page: everything it is made of comes from here, and nothing from any other place."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from importlib.resources import files

import jinja2
from fastapi import APIRouter
from fastapi.responses import Response

from reference_impl.door.admin.words import KINDS, LEVELS, OWNERSHIPS, all_words
from reference_impl.door.api.problems import ProblemError

ADMIN = "/admin"

_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def routes() -> APIRouter:
    """Return the routes of the page and of what it is made of."""
    router = APIRouter(include_in_schema=False)
    page, parts = _page(), _parts()

    @router.get(ADMIN)
    async def admin() -> Response:
        return Response(page, media_type="text/html; charset=utf-8", headers=_HEADERS)

    @router.get(ADMIN + "/{name}")
    async def part(name: str) -> Response:
        if name not in parts:
            raise ProblemError(404, "not_found")
        content, media_type = parts[name]
        return Response(content, media_type=media_type, headers=_HEADERS)

    return router


def _page() -> bytes:
    source = files(__package__).joinpath("page.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string(source)
    choices = {"levels": LEVELS, "kinds": KINDS, "ownerships": OWNERSHIPS}
    rendered = template.render(words=all_words(), **choices, version=version("xiangka"))
    return rendered.encode()


def _parts() -> Mapping[str, tuple[bytes, str]]:
    found: dict[str, tuple[bytes, str]] = {}
    for entry in files(__package__).iterdir():
        suffix = entry.name[entry.name.rfind(".") :]
        if suffix in _TYPES:
            found[entry.name] = entry.read_bytes(), _TYPES[suffix]
    return found
