"""Cards: one person, one card. Registering again gives the same card, and opens it again if it was closed.

Reconstructed: the derivation of the card id is not public. An unkeyed digest of an identity number could be
enumerated, so ours is ``HEX(HMAC-SM3(province key, id_type "|" id_no))``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from reference_impl.cards.persons import document_text, open_identity, person_key, seal_identity
from reference_impl.entropy import RandomBytes
from reference_impl.keys.keyring import Keyring
from reference_impl.refusals import CARD_NOT_ACTIVE, CLOSED_CARD, IDENTITY_MISMATCH, UNKNOWN_CARD, RefusalError
from reference_impl.storage.schema import CARDS, PERSONS
from reference_impl.wire.sm import hmac_sm3

ACTIVE = "2"
CLOSED = "3"

_MINDEX_BYTES = 16
_HELD_CARD = select(
    CARDS.c.card_id,
    CARDS.c.mindex_id,
    CARDS.c.state,
    CARDS.c.active_since_ms,
    PERSONS.c.person_key,
    PERSONS.c.sealed_identity,
).join(PERSONS)
_BY_ID = _HELD_CARD.where(CARDS.c.card_id == bindparam("card_id"))
_BY_PERSON = _HELD_CARD.where(CARDS.c.person_key == bindparam("person_key"))


@dataclass(frozen=True)
class HeldCard:
    """A card and the person who holds it.

    Attributes:
        card_id: 64 upper-case hex characters.
        mindex_id: 32 upper-case hex characters, the person's entry in the master index; random.
        state: a code of ``codetables.CARD_STATES``.
        active_since_ms: when the card last became active, Unix milliseconds; codes issued earlier are void.
        identity: every field of ``persons.IDENTITY_FIELDS``.
    """

    card_id: str
    mindex_id: str
    state: str
    active_since_ms: int
    identity: Mapping[str, str] = field(repr=False)


def card_id_of(keyring: Keyring, id_type: str, id_no: str) -> str:
    """Return the card id of a document: 64 upper-case hex characters."""
    return hmac_sm3(keyring.card_id, document_text(id_type, id_no)).hex().upper()


def register(
    connection: Connection,
    keyring: Keyring,
    identity: Mapping[str, str],
    random: RandomBytes,
    now_ms: int,
) -> HeldCard:
    """Give the person a card, the one they have if they have one; a lost or frozen card stays lost or frozen.

    Raises:
        RefusalError: the document is registered under another name.
    """
    id_type, id_no = identity["id_type"], identity["id_no"]
    card_id = card_id_of(keyring, id_type, id_no)
    held = _find(connection, keyring, _BY_ID, {"card_id": card_id})
    if held is None:
        key = person_key(keyring, id_type, id_no)
        connection.execute(
            insert(PERSONS),
            {
                "person_key": key,
                "sealed_identity": seal_identity(keyring, key, identity, random),
                "registered_ms": now_ms,
            },
        )
        held = HeldCard(card_id, random(_MINDEX_BYTES).hex().upper(), ACTIVE, now_ms, identity)
        connection.execute(
            insert(CARDS),
            {
                "card_id": card_id,
                "person_key": key,
                "mindex_id": held.mindex_id,
                "state": ACTIVE,
                "active_since_ms": now_ms,
            },
        )
    elif held.identity["name"] != identity["name"]:
        raise RefusalError(IDENTITY_MISMATCH, "name")
    elif held.state == CLOSED:
        connection.execute(update(CARDS).where(CARDS.c.card_id == card_id).values(state=ACTIVE, active_since_ms=now_ms))
        held = replace(held, state=ACTIVE, active_since_ms=now_ms)
    return held


def close(connection: Connection, card_id: str) -> None:
    """Close a card; closing a closed card changes nothing.

    Raises:
        RefusalError: there is no such card.
    """
    closed = connection.execute(update(CARDS).where(CARDS.c.card_id == card_id).values(state=CLOSED))
    if not closed.rowcount:
        raise RefusalError(UNKNOWN_CARD)


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
    """Return the card with this id.

    Raises:
        RefusalError: there is none.
    """
    return _found(_find(connection, keyring, _BY_ID, {"card_id": card_id}))


def find_by_document(connection: Connection, keyring: Keyring, id_type: str, id_no: str) -> HeldCard:
    """Return the card of the person who holds this document.

    Raises:
        RefusalError: there is none.
    """
    key = person_key(keyring, id_type, id_no)
    return _found(_find(connection, keyring, _BY_PERSON, {"person_key": key}))


def _find(connection: Connection, keyring: Keyring, statement: Select[Any], key: dict[str, str]) -> HeldCard | None:
    row = connection.execute(statement, key).one_or_none()
    if row is None:
        return None
    identity = open_identity(keyring, row.person_key, row.sealed_identity)
    return HeldCard(row.card_id, row.mindex_id, row.state, row.active_since_ms, identity)


def _found(held: HeldCard | None) -> HeldCard:
    if held is None:
        raise RefusalError(UNKNOWN_CARD)
    return held
