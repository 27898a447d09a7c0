"""Tokens of our own API: who administers, who audits, and the two officers who hold the keys.

A token is 256 random bits, so its plain SM3 digest is all that needs to be kept to know it again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sqlalchemy import Connection, delete, insert, select

from reference_impl.entropy import RandomBytes
from reference_impl.storage import epoch
from reference_impl.storage.schema import ACCESS_TOKENS

ADMIN = "admin"
AUDITOR = "auditor"
OFFICER = "officer"

SUBJECTS: Mapping[str, str] = MappingProxyType(
    {"admin": ADMIN, "auditor": AUDITOR, "officer-a": OFFICER, "officer-b": OFFICER}
)
"""Who holds a token, and in which role. Keys take two officers, so there are two."""

_TOKEN_BYTES = 32


@dataclass(frozen=True)
class Subject:
    """Whoever holds a token: the name the audit knows them by, and their role."""

    name: str
    role: str
    digest: bytes = field(repr=False)


def digest(token: str) -> bytes:
    """Return the SM3 digest under which a token is kept, 32 bytes."""
    return hashlib.new("sm3", token.encode()).digest()


def make_tokens(connection: Connection, random: RandomBytes, now_ms: int) -> dict[str, str]:
    """Replace every token by a new one and return them by subject; they cannot be read again."""
    tokens = {name: base64.urlsafe_b64encode(random(_TOKEN_BYTES)).decode().rstrip("=") for name in SUBJECTS}
    epoch.bump(connection)
    connection.execute(delete(ACCESS_TOKENS))
    connection.execute(
        insert(ACCESS_TOKENS),
        [
            {"subject": name, "role": SUBJECTS[name], "digest": digest(token), "created_ms": now_ms}
            for name, token in tokens.items()
        ],
    )
    return tokens


def read_subjects(connection: Connection) -> tuple[Subject, ...]:
    """Return whoever holds a token now."""
    return tuple(Subject(row.subject, row.role, row.digest) for row in connection.execute(select(ACCESS_TOKENS)))


def holder(subjects: tuple[Subject, ...], token: str) -> Subject | None:
    """Return who holds a token, taking the same time whoever it is and whether anybody does."""
    shown, found = digest(token), None
    for subject in subjects:
        if hmac.compare_digest(subject.digest, shown):
            found = subject
    return found
