"""JSON read without leniency: one object, no name twice, no number that is none, only text that can be encoded."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from reference_impl.wire.errors import MalformedError


def read_object(data: bytes | str, where: str) -> dict[str, object]:
    """Read one JSON object from UTF-8 ``data``; ``where`` names it in the error.

    Raises:
        MalformedError: it is not UTF-8, not JSON, not an object, or holds a name twice or a lone surrogate.
    """
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        document: object = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        # A lone surrogate survives json.loads and would only fail much later, when a digest is taken over it.
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise MalformedError(where) from error
    if not isinstance(document, dict):
        raise MalformedError(where)
    return document


def write_object(document: dict[str, Any]) -> str:
    """Return ``document`` as compact JSON text, Chinese characters unescaped."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a name stands twice")
    return document


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
