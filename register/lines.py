"""What stands in a line of a register: the opening, or an act on a certificate, as JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from certification.catalogue import Text
from certification.certificates import Entry

OPEN = "open"
SCHEMA = 1


@dataclass(frozen=True)
class Opening:
    """The first act: what a register is.

    Attributes:
        name: who keeps it and for what.
        specimen: whether its certificates are specimens.
        url: address under which its listing is published, without a slash at the end.
        centre: public root certificates of the centre whose signers act in it, PEM.
        at: when it was opened.
        who: name of the signer who opened it.
    """

    name: Text
    specimen: bool
    url: str
    centre: str
    at: datetime
    who: str


Form = TypeVar("Form")

_OPENING, _ENTRY = TypeAdapter(Opening), TypeAdapter(Entry)


def opening_record(opening: Opening) -> dict[str, Any]:
    """The record of the first line."""
    return {"n": 1, "schema": SCHEMA, "act": OPEN, **_OPENING.dump_python(opening, mode="json")}


def entry_record(n: int, entry: Entry) -> dict[str, Any]:
    """The record of the ``n``-th line."""
    return {"n": n, **_ENTRY.dump_python(entry, mode="json")}


def opening_of(record: Mapping[str, Any]) -> Opening:
    """Read the first line's record.

    Raises:
        ValueError: it is none.
    """
    if record.get("n") != 1 or record.get("act") != OPEN or record.get("schema") != SCHEMA:
        raise ValueError("does not open a register of this version")
    return _read(_OPENING, record)


def entry_of(record: Mapping[str, Any], n: int) -> Entry:
    """Read the record of the ``n``-th line.

    Raises:
        ValueError: it is none.
    """
    if record.get("n") != n:
        raise ValueError(f"is not number {n}")
    return _read(_ENTRY, record)


def _read(form: TypeAdapter[Form], record: Mapping[str, Any]) -> Form:
    try:
        return form.validate_python(record)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
