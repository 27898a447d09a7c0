"""Who asks over which dialect: every terminal of every application of the credentials, taking turns."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

from loadtests.asking import METHODS, example
from reference_impl.wire.errors import UnsupportedError
from reference_impl.wire.exchange import Client, Credentials
from reference_impl.wire.registry import Caller, client

DEFAULT_DIALECT = "hn-a"


class CredentialsError(Exception):
    """The credentials cannot serve the load, in one sentence."""


@dataclass(frozen=True)
class Application:
    """An application of the credentials file.

    Attributes:
        dialect: the one it was enrolled for.
        app_id, app_secret: its own.
        terminals: its terminals, at least one.
        sm2_private: its SM2 key, 32 bytes, for ``hn-s``; else empty.
        hospital_id: the institution, for ``wechat``; else "".
    """

    dialect: str
    app_id: str
    app_secret: str = field(repr=False)
    terminals: tuple[str, ...]
    sm2_private: bytes = field(default=b"", repr=False)
    hospital_id: str = ""


@dataclass(frozen=True)
class Asker:
    """One terminal of an application, and the caller's end of its dialect."""

    dialect: str
    app_id: str
    term_id: str
    client: Client


def read_applications(file: Path) -> tuple[Application, ...]:
    """Read a credentials file: its own application, and those under ``applications`` for further dialects.

    Raises:
        CredentialsError: it is missing, or not as described.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return tuple(_application(one) for one in (document, *document.get("applications", ())))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CredentialsError(f"{file} holds no usable credentials ({type(error).__name__}: {error})") from error


def askers(applications: Sequence[Application], dialects: Sequence[str]) -> tuple[Asker, ...]:
    """Return every terminal that speaks one of the dialects, dialects taking turns.

    Raises:
        CredentialsError: a dialect has no application, or an application cannot speak its dialect.
    """
    by_dialect: list[list[Asker]] = []
    for dialect in dialects:
        found = [_asker(one, term_id) for one in applications if one.dialect == dialect for term_id in one.terminals]
        if not found:
            raise CredentialsError(f"the credentials hold no application for the dialect {dialect}")
        by_dialect.append(found)
    longest = max(map(len, by_dialect))
    turns = [cycle(found) for found in by_dialect]
    return tuple(next(turn) for _ in range(longest) for turn in turns)


def able(everyone: Sequence[Asker], mix: Mapping[str, float]) -> Mapping[str, tuple[Asker, ...]]:
    """Return who can ask for each kind: not every dialect carries every method.

    Raises:
        CredentialsError: nobody can ask for some kind that the mix has a share of.
    """
    table = {kind: tuple(one for one in everyone if _carries(one, kind)) for kind in METHODS}
    lacking = [kind for kind, some in table.items() if not some and mix.get(kind)]
    if lacking:
        raise CredentialsError(f"no dialect of the load carries {', '.join(lacking)}")
    return table


_OTHERWISE: Mapping[str, tuple[str, ...]] = {"wechat": ("registration", "usage")}
"""Kinds for which a dialect's method wants other fields than are sent here."""


def _carries(asker: Asker, kind: str) -> bool:
    if kind in _OTHERWISE.get(asker.dialect, ()):
        return False
    try:
        asker.client.seal_call(METHODS[kind], example(kind), 0)
    except UnsupportedError:
        return False
    return True


def _asker(application: Application, term_id: str) -> Asker:
    credentials = Credentials(application.app_id, application.app_secret, term_id)
    caller = Caller(credentials, os.urandom, application.sm2_private, application.hospital_id)
    try:
        return Asker(application.dialect, application.app_id, term_id, client(application.dialect, caller))
    except (KeyError, ValueError) as error:
        raise CredentialsError(f"an application cannot speak {application.dialect}: {error}") from error


def _application(fields: Mapping[str, Any]) -> Application:
    terminals = tuple(fields.get("terminals") or (fields["term_id"],))
    return Application(
        fields.get("dialect", DEFAULT_DIALECT),
        fields["app_id"],
        fields["app_secret"],
        terminals,
        bytes.fromhex(fields.get("sm2_private", "")),
        fields.get("hospital_id", ""),
    )
