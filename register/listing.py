"""The register as it is published: ``register.json`` with its signature, the history behind it, and reading it back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from certification.catalogue import Text
from certification.certificates import CHINA, Certificate, Entry, Wording, certificates_of
from certification.errors import PlanError
from evidence.chain import dumped
from evidence.errors import SignatureError
from evidence.signed import check
from evidence.signer_certificates import AUTHORISER
from register.errors import BrokenRegisterError
from register.history import History, Line

LISTING, LISTING_SIGNATURE, ACTS = "register.json", "register.json.sig", "acts.jsonl"
SCHEMA = 1
_WORDING, _ENTRIES = TypeAdapter(Wording), TypeAdapter(tuple[Entry, ...])
_ANEW = "fetch the listing anew from where the register is published"


@dataclass(frozen=True)
class Listing:
    """A published listing that was read and is signed.

    Attributes:
        name: the register's.
        specimen: whether its certificates are specimens.
        made: when it was made.
        acts: number of lines of the history behind it.
        head: chain value of the last of them, hex.
        certificates: by number.
    """

    name: Text
    specimen: bool
    made: datetime
    acts: int
    head: str
    certificates: Mapping[str, Certificate]


def listing_bytes(history: History, made: datetime) -> bytes:
    """``register.json``: UTF-8, keys in a fixed order.

    ``standing`` is as of the day it was made; whoever reads it later compares ``expires`` himself.
    """
    day = made.astimezone(CHINA).date()
    document = {
        "schema": SCHEMA,
        "register": history.opening.name.model_dump(),
        "specimen": history.opening.specimen,
        "url": history.opening.url,
        "made": made.isoformat(timespec="seconds"),
        "acts": history.records,
        "head": history.head.hex(),
        "certificates": [
            {
                "number": one.number,
                "standing": one.standing(day),
                **_WORDING.dump_python(one.wording, mode="json"),
                "history": [_told(record) for record in _ENTRIES.dump_python(one.history, mode="json")],
            }
            for one in history.certificates.values()
        ],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def acts_bytes(lines: Iterable[Line]) -> bytes:
    """``acts.jsonl``: every line of the history with the signature file over it, so that anybody can follow it."""
    return "".join(dumped({"line": line.text, "signature": line.signature.decode()}) + "\n" for line in lines).encode()


def read_listing(folder: Path, centre: bytes, now: datetime) -> Listing:
    """Read a published listing.

    Args:
        folder: holds ``register.json`` and its signature.
        centre: public root certificates of the centre, PEM.
        now: a listing signed later than this is refused.

    Raises:
        PlanError: a file cannot be read.
        BrokenRegisterError: it is not signed by an authoriser of the centre, or is no listing.
    """
    body, signature = (_bytes(folder / name) for name in (LISTING, LISTING_SIGNATURE))
    where = str(folder / LISTING)
    try:
        roles = [one.role for one in check(body, signature, centre, now=now, file=LISTING)]
    except SignatureError as error:
        raise BrokenRegisterError(error.what, where=where, remedy=error.remedy) from error
    if roles != [AUTHORISER]:
        raise BrokenRegisterError("is not signed by one authoriser alone", where=where, remedy=_ANEW)
    return parsed_listing(body, where)


def parsed_listing(body: bytes, where: str) -> Listing:
    """The content of a ``register.json``, whoever wrote it.

    Raises:
        BrokenRegisterError: it is no listing of this version.
    """
    try:
        document = json.loads(body)
        if document["schema"] != SCHEMA:
            raise ValueError("another version")
        return Listing(
            Text.model_validate(document["register"]),
            bool(document["specimen"]),
            datetime.fromisoformat(document["made"]),
            int(document["acts"]),
            str(document["head"]),
            {record["number"]: _certificate(record) for record in document["certificates"]},
        )
    except (ValueError, TypeError, KeyError, ValidationError) as error:
        raise BrokenRegisterError("is no listing of this version", where=where, remedy=_ANEW) from error


def demand_continued(earlier: Listing, heads: Sequence[str], where: str) -> None:
    """Demand that a history holds everything an earlier listing of it told the public.

    Args:
        earlier: that listing.
        heads: chain value of every line of the history, hex.
        where: place of the earlier listing.

    Raises:
        BrokenRegisterError: it is another history, or its last acts were lost.
    """
    if not 0 < earlier.acts <= len(heads) or heads[earlier.acts - 1] != earlier.head:
        raise BrokenRegisterError(
            f"this register does not contain the {earlier.acts} acts of the listing published before",
            where=where,
            remedy="restore the register's latest copy, or name another folder if this is another register",
        )


def _certificate(record: Mapping[str, Any]) -> Certificate:
    number = record["number"]
    entries = _ENTRIES.validate_python([{"number": number, **entry} for entry in record["history"]])
    return certificates_of(entries)[number]


def _told(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "number"}


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise PlanError(
            f"cannot be read ({error.strerror})", where=str(file), remedy="name the folder of a published listing"
        ) from error
