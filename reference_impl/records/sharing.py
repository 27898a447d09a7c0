"""Records that institutions share through the card: sealed at rest, read only with the holder's consent.

An institution sees its own records always and those of others as far as a consent in force reaches. Which records the
province shares, and how, is not public: kinds, fields and limits are reconstructed. Of the institution's own number of
a record, and of its content outside the seal, only keyed hashes are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, select

from reference_impl.access.accounts import Account
from reference_impl.cards.holding import HeldCard
from reference_impl.entropy import RandomBytes
from reference_impl.keys.keyring import Keyring
from reference_impl.keys.resealing import SealedColumn
from reference_impl.keys.sealing import seal, unseal
from reference_impl.records.consents import in_force
from reference_impl.records.own_numbers import own_number_key
from reference_impl.refusals import NO_CONSENT, RECORD_DIFFERS, RECORD_TOO_LARGE, RefusalError
from reference_impl.storage.engine import unless_held
from reference_impl.storage.schema_records import SHARED_RECORDS
from reference_impl.wire.sm import hmac_sm3
from reference_impl.wire.strictjson import write_object

MAX_CONTENT_BYTES = 64 * 1024
"""Summaries are shared, not images: the longest content, in UTF-8."""

PAGE_RECORDS = 50

_ID_BYTES = 16


@dataclass(frozen=True)
class Document:
    """What an institution shares.

    Attributes:
        kind: one of ``consents.KINDS``.
        document_type: the institution's word for it.
        source_no: the institution's own number of it.
        at_ms: the time it bears, Unix ms.
        content: the summary itself.
    """

    kind: str
    document_type: str
    source_no: str
    at_ms: int
    content: str = field(repr=False)


@dataclass(frozen=True)
class SharedRecord:
    """A record as somebody who may see it sees it, without its content.

    Attributes:
        record_no: its row.
        record_id: 32 hex characters.
        kind, document_type, at_ms: as of ``Document``.
        org_code: the institution it comes from.
        consents: the consents that allow the reader to see it; none for the reader's own.
    """

    record_no: int
    record_id: str
    kind: str
    document_type: str
    at_ms: int
    org_code: str
    consents: tuple[str, ...]


def share(
    connection: Connection,
    keyring: Keyring,
    held: HeldCard,
    document: Document,
    sharer: Account,
    now_ms: int,
    random: RandomBytes,
) -> str:
    """Take a document in and return its record id; one taken in before keeps the id it has.

    Raises:
        RefusalError: record_too_large; record_differs where the institution's number carries another document.
    """
    if len(document.content.encode()) > MAX_CONTENT_BYTES:
        raise RefusalError(RECORD_TOO_LARGE, "content")
    digest = _digest(keyring, held, document)
    source_key = own_number_key(keyring.person_lookup, "record", sharer.org_code, document.source_no)
    record_id = random(_ID_BYTES).hex()
    connection.execute(
        unless_held(connection, SHARED_RECORDS),
        {
            "record_id": record_id,
            "person_no": held.person_no,
            "kind": document.kind,
            "document_type": document.document_type,
            "org_code": sharer.org_code,
            "source_no": source_key,
            "at_ms": document.at_ms,
            "shared_ms": now_ms,
            "digest": digest,
            "sealed_content": seal(keyring.person_data, document.content.encode(), _context(record_id), random),
        },
    )
    there = connection.execute(
        select(SHARED_RECORDS.c.record_id, SHARED_RECORDS.c.digest).where(
            SHARED_RECORDS.c.org_code == sharer.org_code, SHARED_RECORDS.c.source_no == source_key
        )
    ).one()
    if there.digest != digest:
        raise RefusalError(RECORD_DIFFERS, "record_no")
    return str(there.record_id)


def visible(
    connection: Connection, held: HeldCard, kinds: tuple[str, ...], reader: Account, now_ms: int, after: int = 0
) -> list[SharedRecord]:
    """Return up to ``PAGE_RECORDS`` records of a person that the reader may see, those after row ``after``.

    Raises:
        RefusalError: no_consent where there is neither a consent for any of the kinds nor a record of the reader's own.
    """
    allowed = in_force(connection, held.person_no, reader, now_ms)
    asked = SHARED_RECORDS.c.kind.in_(kinds) & (SHARED_RECORDS.c.record_no > after)
    found = _find(connection, held, asked, reader, allowed)
    if not found and not after and not set(kinds) & set(allowed):
        raise RefusalError(NO_CONSENT)
    return found


def open_record(
    connection: Connection, keyring: Keyring, held: HeldCard, record_id: str, reader: Account, now_ms: int
) -> tuple[SharedRecord, str]:
    """Return a record that the reader may see, and its content.

    Raises:
        RefusalError: no_consent; whether there is such a record is not told to who may not see it.
    """
    allowed = in_force(connection, held.person_no, reader, now_ms)
    found = _find(connection, held, SHARED_RECORDS.c.record_id == record_id, reader, allowed)
    if not found:
        raise RefusalError(NO_CONSENT)
    sealed = connection.scalars(
        select(SHARED_RECORDS.c.sealed_content).where(SHARED_RECORDS.c.record_no == found[0].record_no)
    ).one()
    return found[0], unseal(keyring.person_data, sealed, _context(record_id)).decode()


def _find(
    connection: Connection,
    held: HeldCard,
    asked: ColumnElement[bool],
    reader: Account,
    allowed: dict[str, list[str]],
) -> list[SharedRecord]:
    own = SHARED_RECORDS.c.org_code == reader.org_code
    rows = connection.execute(
        select(
            SHARED_RECORDS.c.record_no,
            SHARED_RECORDS.c.record_id,
            SHARED_RECORDS.c.kind,
            SHARED_RECORDS.c.document_type,
            SHARED_RECORDS.c.at_ms,
            SHARED_RECORDS.c.org_code,
        )
        .where(SHARED_RECORDS.c.person_no == held.person_no, asked, own | SHARED_RECORDS.c.kind.in_(list(allowed)))
        .order_by(SHARED_RECORDS.c.record_no)
        .limit(PAGE_RECORDS)
    )
    return [
        SharedRecord(*row, consents=() if row.org_code == reader.org_code else tuple(allowed[row.kind])) for row in rows
    ]


def _digest(keyring: Keyring, held: HeldCard, document: Document) -> bytes:
    fields = {name: str(value) for name, value in vars(document).items()} | {"person_no": str(held.person_no)}
    return hmac_sm3(keyring.person_lookup, write_object(fields).encode())


def _context(record_id: str) -> str:
    return f"records/{record_id}"


SEALED_CONTENT = SealedColumn(SHARED_RECORDS, SHARED_RECORDS.c.sealed_content, lambda row: _context(row.record_id))
"""What is to be sealed anew, under ``person_data``, when that key is rotated."""
