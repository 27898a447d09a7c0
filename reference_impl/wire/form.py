"""Bodies of ``application/x-www-form-urlencoded`` with a fixed set of fields, read without leniency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode

from reference_impl.wire.errors import MalformedError

CONTENT_TYPE: Final = "application/x-www-form-urlencoded;charset=UTF-8"


def write_form(fields: Mapping[str, str]) -> bytes:
    """Return the fields as a body in UTF-8."""
    return urlencode(fields).encode("ascii")


def read_form(body: bytes, names: Sequence[str]) -> dict[str, str]:
    """Return the fields ``names``, each of which must stand once, and no other.

    Raises:
        MalformedError: the body has any other form, or is not UTF-8.
    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=len(names),
        )
    except ValueError as error:
        raise MalformedError("body") from error
    if sorted(name for name, _ in pairs) != sorted(names):
        raise MalformedError("body")
    return dict(pairs)
