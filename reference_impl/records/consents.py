"""The holder's consent: who may read which kinds of their records, from when to when, and how their will was known.

Reconstructed: no public text says how consent is given. Here the holder shows a dynamic code, which is spent by it, or
a clerk at the window confirms; a consent may be withdrawn at any time, in the same two ways.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from reference_impl.access.accounts import Account
from reference_impl.cards.holding import HeldCard
from reference_impl.codes.verification import Verification
from reference_impl.entropy import RandomBytes
from reference_impl.refusals import (
    BAD_FIELD,
    EVIDENCE_REQUIRED,
    REUSED_CODE,
    UNKNOWN_CONSENT,
    RefusalError,
)
from reference_impl.storage.batch import CardRow
from reference_impl.storage.schema import INSTITUTIONS
from reference_impl.storage.schema_records import CONSENTS
from reference_impl.storage.spent import spend

KINDS = ("health-record", "emr-summary", "exam-result")
"""What is shared: health records, summaries of medical records, results of examinations."""

ALL_PUBLIC = "all-public"
"""The grantee that stands for every institution of ``PUBLIC_KINDS``."""

PUBLIC_KINDS = ("hospital", "primary-care", "public-health")
"""Kinds of institution that a consent to a level or to all reaches; banks and insurers must be named one by one."""

LEVELS = ("1", "2", "3", "township", "community", "village")

CODE = "code"
CLERK = "clerk"

_ID_BYTES = 16
_OF_PERSON = select(CONSENTS).where(
    CONSENTS.c.consent_id == bindparam("consent"), CONSENTS.c.person_no == bindparam("person")
)


@dataclass(frozen=True)
class Evidence:
    """How the holder's will was known: by a ``code`` just spent, or by the ``clerk`` who is named."""

    kind: str
    clerk_id: str


@dataclass(frozen=True)
class Terms:
    """What is consented to.

    Attributes:
        grantee: ``org:<code>``, ``level:<level>`` or ``ALL_PUBLIC``.
        kinds: some of ``KINDS``.
        from_ms, to_ms: when it holds, Unix ms, ``to_ms`` excluded.
    """

    grantee: str
    kinds: tuple[str, ...]
    from_ms: int
    to_ms: int


def read_kinds(words: Iterable[str], name: str) -> tuple[str, ...]:
    """Return kinds in their order, each once.

    Raises:
        RefusalError: bad_field: none, or one that is not of ``KINDS``.
    """
    asked = set(words)
    if not asked or not asked <= set(KINDS):
        raise RefusalError(BAD_FIELD, name)
    return tuple(kind for kind in KINDS if kind in asked)


def take_evidence(
    connection: Connection, verification: Verification, held: HeldCard, code_text: str, clerk_id: str, now_ms: int
) -> Evidence:
    """Accept a dynamic code of this card and spend it, or the name of a clerk; a code goes first.

    Raises:
        RefusalError: evidence_required where there is neither, or a static code, which proves nobody's presence;
            bad_field for the code of another card; whatever else speaks against the code.
    """
    if not code_text:
        if not clerk_id:
            raise RefusalError(EVIDENCE_REQUIRED)
        return Evidence(CLERK, clerk_id)
    code = verification.read(code_text)
    if code.card_id != held.card_id:
        raise RefusalError(BAD_FIELD, "ehealth_code")
    verification.judge(code, CardRow(held.card_no, held.state, held.active_since_ms, held.mindex_id, b""), now_ms)
    key = verification.token_key(code)
    if key is None:
        raise RefusalError(EVIDENCE_REQUIRED)
    if not spend(connection, key):
        raise RefusalError(REUSED_CODE)
    return Evidence(CODE, clerk_id)


def grant(
    connection: Connection,
    held: HeldCard,
    terms: Terms,
    evidence: Evidence,
    taken_by: Account,
    now_ms: int,
    random: RandomBytes,
) -> str:
    """Write a consent down and return its id, 32 hex characters.

    Raises:
        RefusalError: bad_field: an unknown grantee, or a time that has passed or ends before it begins.
    """
    _check_grantee(connection, terms.grantee)
    if not max(terms.from_ms, now_ms) < terms.to_ms:
        raise RefusalError(BAD_FIELD, "valid_to")
    consent_id = random(_ID_BYTES).hex()
    connection.execute(
        insert(CONSENTS),
        {
            "consent_id": consent_id,
            "person_no": held.person_no,
            "grantee": terms.grantee,
            "kinds": " ".join(terms.kinds),
            "from_ms": terms.from_ms,
            "to_ms": terms.to_ms,
            "evidence": evidence.kind,
            "clerk_id": evidence.clerk_id,
            "org_code": taken_by.org_code,
            "granted_ms": now_ms,
        },
    )
    return consent_id


def withdraw(connection: Connection, held: HeldCard, consent_id: str, now_ms: int) -> int:
    """End a consent of this holder from now on; return since when it is withdrawn, Unix ms.

    Raises:
        RefusalError: unknown_consent.
    """
    row = connection.execute(
        _OF_PERSON.with_for_update(), {"consent": consent_id, "person": held.person_no}
    ).one_or_none()
    if row is None:
        raise RefusalError(UNKNOWN_CONSENT, "consent_id")
    if row.withdrawn_ms is not None:
        return int(row.withdrawn_ms)
    connection.execute(update(CONSENTS).where(CONSENTS.c.consent_id == consent_id).values(withdrawn_ms=now_ms))
    return now_ms


def in_force(connection: Connection, person_no: int, reader: Account, now_ms: int) -> dict[str, list[str]]:
    """Return which kinds of a person's records this institution may read now, each with the consents that allow it."""
    grantees = [f"org:{reader.org_code}"]
    if reader.org_kind in PUBLIC_KINDS:
        grantees += [f"level:{reader.org_level}", ALL_PUBLIC]
    rows = connection.execute(
        select(CONSENTS.c.consent_id, CONSENTS.c.kinds)
        .where(
            CONSENTS.c.person_no == person_no,
            CONSENTS.c.grantee.in_(grantees),
            CONSENTS.c.withdrawn_ms.is_(None),
            CONSENTS.c.from_ms <= now_ms,
            CONSENTS.c.to_ms > now_ms,
        )
        .order_by(CONSENTS.c.granted_ms, CONSENTS.c.consent_id)
    )
    allowed: dict[str, list[str]] = {}
    for row in rows:
        for kind in row.kinds.split():
            allowed.setdefault(kind, []).append(row.consent_id)
    return allowed


def _check_grantee(connection: Connection, grantee: str) -> None:
    word, _, value = grantee.partition(":")
    if grantee == ALL_PUBLIC or (word == "level" and value in LEVELS):
        return
    known = select(INSTITUTIONS.c.org_code).where(INSTITUTIONS.c.org_code == value)
    if word != "org" or connection.scalar(known) is None:
        raise RefusalError(BAD_FIELD, "grantee")
