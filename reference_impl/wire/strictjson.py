"""JSON read without leniency: one object, no name twice, no number that is none, only text that can be encoded."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

import msgspec

from reference_impl.wire.errors import MalformedError

_FLAT = msgspec.json.Decoder(dict[str, str])
_ENCODE = msgspec.json.Encoder().encode

_ENCODE_SORTED = msgspec.json.Encoder(order="sorted").encode

_QUOTES_OF_A_MEMBER = 4


def read_object(data: bytes | str, where: str) -> dict[str, object]:
    """Read one JSON object from UTF-8 ``data``; ``where`` names it in the error.

    Raises:
        MalformedError: it is not UTF-8, not JSON, not an object, or holds a name twice or a lone surrogate.
    """
    flat = _read_flat(data)
    return _read_any(data, where) if flat is None else flat


def write_object(document: dict[str, Any]) -> str:
    """Return ``document`` as compact JSON text, Chinese characters unescaped."""
    return _ENCODE(document).decode()


def write_object_bytes(document: dict[str, Any]) -> bytes:
    """Return ``document`` as compact JSON in UTF-8."""
    return _ENCODE(document)


def write_value(value: object) -> str:
    """Return any JSON value as compact text, Chinese characters unescaped, names in the order they stand."""
    return _ENCODE(value).decode()


def write_canonical(document: dict[str, Any]) -> str:
    """Return ``document`` as the one compact JSON text that every equal document has: names in order at every depth."""
    return _ENCODE_SORTED(document).decode()


def _read_flat(data: bytes | str) -> dict[str, object] | None:
    """Return an object of texts only, or None where it takes the longer way to say what ``data`` is.

    The decoder lets the last of two equal names win. In an object of texts each member that was written has four
    quotation marks at least, so their number tells whether every one of them is there.
    """
    try:
        document: dict[str, object] = dict(_FLAT.decode(data))
    except ValueError:
        return None
    quotes = data.count(b'"') if isinstance(data, bytes) else data.count('"')
    return document if quotes == _QUOTES_OF_A_MEMBER * len(document) else None


def _read_any(data: bytes | str, where: str) -> dict[str, object]:
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        document: object = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
        if "\\u" in text or not text.isascii():
            # A lone surrogate survives json.loads and would only fail much later, when a digest is taken over it.
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise MalformedError(where) from error
    if not isinstance(document, dict):
        raise MalformedError(where)
    return document


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a name stands twice")
    return document


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
