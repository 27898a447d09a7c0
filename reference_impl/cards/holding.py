"""Cards found: which card is this, whose is it, may it be used. Nothing is changed here.

Reconstructed: the derivation of the card id is not public. An unkeyed digest of an identity number could be
enumerated, so ours is ``HEX(HMAC-SM3(province key, id_type "|" id_no))`` over the person's text of the document.

A person's cards form a chain: each but the last is closed and names the card that replaced it, so one card of a person
is replaced by none, and that one is the person's card.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from reference_impl.cards.documents import Document
from reference_impl.cards.persons import open_identity, person_key
from reference_impl.keys.keyring import Keyring
from reference_impl.refusals import CARD_NOT_ACTIVE, CLOSED_CARD, UNKNOWN_CARD, RefusalError
from reference_impl.storage.schema import CARDS, PERSONS
from reference_impl.wire.sm import hmac_sm3

APPLIED = "0"
INACTIVE = "1"
ACTIVE = "2"
CLOSED = "3"
LOST = "4"
FROZEN = "5"

_CARD_ID_DIGITS = 64
_HELD_CARD = select(
    CARDS.c.card_no,
    CARDS.c.card_id,
    CARDS.c.person_no,
    CARDS.c.state,
    CARDS.c.active_since_ms,
    CARDS.c.replaced_by,
    PERSONS.c.mindex_id,
    PERSONS.c.sealed_identity,
).join(PERSONS, CARDS.c.person_no == PERSONS.c.person_no)
_BY_ID = _HELD_CARD.where(CARDS.c.card_id == bindparam("key"))
_BY_NUMBER = _HELD_CARD.where(CARDS.c.card_no == bindparam("key"))
_BY_PERSON = _HELD_CARD.where(PERSONS.c.person_key == bindparam("key"), CARDS.c.replaced_by.is_(None))


@dataclass(frozen=True)
class HeldCard:
    """A card and the person who holds it.

    Attributes:
        card_id: 64 upper-case hex characters.
        mindex_id: 32 upper-case hex characters, the person's entry in the master index; random.
        state: a code of ``codetables.CARD_STATES``.
        active_since_ms: when the card last became active, Unix milliseconds; codes issued earlier are void.
        identity: every field of ``persons.IDENTITY_FIELDS``.
        card_no: the card's row.
        person_no: the person's row.
        replaced: another card has taken its place for good.
    """

    card_id: str
    mindex_id: str
    state: str
    active_since_ms: int
    identity: Mapping[str, str] = field(repr=False)
    card_no: int
    person_no: int
    replaced: bool


def card_id_of(keyring: Keyring, document: Document) -> str:
    """Return the card id of a document: 64 upper-case hex characters."""
    return hmac_sm3(keyring.card_id, document.person_text).hex().upper()


def require_active(held: HeldCard) -> None:
    """Refuse a card that may not be used now.

    Raises:
        RefusalError: closed_card or card_not_active.
    """
    if held.state == CLOSED:
        raise RefusalError(CLOSED_CARD)
    if held.state != ACTIVE:
        raise RefusalError(CARD_NOT_ACTIVE)


def find_by_id(connection: Connection, keyring: Keyring, card_id: str) -> HeldCard:
    """Return the card with this id, closed and replaced ones included.

    Raises:
        RefusalError: there is none.
    """
    return _found(_find(connection, keyring, _BY_ID, _stored_id(card_id)))


def find_by_number(connection: Connection, keyring: Keyring, card_no: int) -> HeldCard:
    """Return the card of this row.

    Raises:
        RefusalError: there is none.
    """
    return _found(_find(connection, keyring, _BY_NUMBER, card_no))


def find_by_document(connection: Connection, keyring: Keyring, document: Document) -> HeldCard:
    """Return the card of the person whom this document names.

    Raises:
        RefusalError: there is none.
    """
    return _found(card_of_person(connection, keyring, document))


def card_of_person(connection: Connection, keyring: Keyring, document: Document) -> HeldCard | None:
    """Return the card of the person whom this document names, None where there is none."""
    return _find(connection, keyring, _BY_PERSON, person_key(keyring, document.person_text))


def _stored_id(card_id: str) -> bytes:
    # fromhex would also take lower case and spaces, so that one card had several ids.
    if len(card_id) != _CARD_ID_DIGITS or not set(card_id) <= set("0123456789ABCDEF"):
        raise RefusalError(UNKNOWN_CARD)
    return bytes.fromhex(card_id)


def _find(connection: Connection, keyring: Keyring, statement: Select[Any], key: bytes | int) -> HeldCard | None:
    row = connection.execute(statement, {"key": key}).one_or_none()
    if row is None:
        return None
    return HeldCard(
        card_id=row.card_id.hex().upper(),
        mindex_id=row.mindex_id,
        state=row.state,
        active_since_ms=row.active_since_ms,
        identity=open_identity(keyring, row.mindex_id, row.sealed_identity),
        card_no=row.card_no,
        person_no=row.person_no,
        replaced=row.replaced_by is not None,
    )


def _found(held: HeldCard | None) -> HeldCard:
    if held is None:
        raise RefusalError(UNKNOWN_CARD)
    return held
