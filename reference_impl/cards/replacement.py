"""Another document, another card: the old card is closed for good and names the new one; the person stays the same.

A child goes over to its own number this way, anybody to a new passport. The entry in the master index and the numbers
linked to the card go along.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from reference_impl.cards.holding import ACTIVE, CLOSED, HeldCard, card_id_of, find_by_document, find_by_number
from reference_impl.cards.issuance import complete_identity
from reference_impl.cards.life_cycle import CardChange, Operation, check_reason
from reference_impl.cards.persons import person_key, seal_identity
from reference_impl.cards.real_name import Authenticated
from reference_impl.entropy import RandomBytes
from reference_impl.keys.keyring import Keyring
from reference_impl.refusals import DOCUMENT_TAKEN, REPLACED_CARD, WRONG_STATE, RefusalError
from reference_impl.storage.schema import CARDS, LINKS, PERSONS

_LOCK = select(CARDS.c.channel).where(CARDS.c.card_no == bindparam("number")).with_for_update()
_TAKEN = (
    select(PERSONS.c.person_no)
    .outerjoin(CARDS, CARDS.c.person_no == PERSONS.c.person_no)
    .where(or_(PERSONS.c.person_key == bindparam("person_key"), CARDS.c.card_id == bindparam("card_id")))
    .limit(1)
)
_CLOSE = update(CARDS).where(CARDS.c.card_no == bindparam("number"))
_RENAME = update(PERSONS).where(PERSONS.c.person_no == bindparam("number"))
_MOVE_LINKS = update(LINKS).where(LINKS.c.card_no == bindparam("old_no")).values(card_no=bindparam("new_no"))


@dataclass(frozen=True)
class Replaced:
    """The new card, and what was done to the old one and to it."""

    held: HeldCard
    closed: CardChange
    issued: CardChange


def adopt_document(
    connection: Connection,
    keyring: Keyring,
    held: HeldCard,
    person: Authenticated,
    reason: str,
    random: RandomBytes,
    now_ms: int,
) -> Replaced:
    """Give the holder a new card for the document and name authenticated now.

    The new card has the state of the old one, so that a frozen card cannot be thawed this way.

    Raises:
        RefusalError: replaced_card or wrong_state (closed) for the old card; document_taken where the document is or
            was another card's, the holder's own included; bad_field for a reason that is none, or for a document of
            somebody born on another day.
    """
    check_reason(reason)
    channel = connection.execute(_LOCK, {"number": held.card_no}).scalar_one()
    held = find_by_number(connection, keyring, held.card_no)
    if held.replaced:
        raise RefusalError(REPLACED_CARD)
    if held.state == CLOSED:
        raise RefusalError(WRONG_STATE)
    key = person_key(keyring, person.document.person_text)
    new_id = card_id_of(keyring, person.document)
    if connection.scalar(_TAKEN, {"person_key": key, "card_id": bytes.fromhex(new_id)}) is not None:
        raise RefusalError(DOCUMENT_TAKEN, "id_no")
    identity = complete_identity(person, held.identity)
    sealed = seal_identity(keyring, held.mindex_id, identity, random)
    try:
        connection.execute(_RENAME.values(person_key=key, sealed_identity=sealed), {"number": held.person_no})
    except IntegrityError as error:
        # Somebody was registered with this document between the look-up and here.
        raise RefusalError(DOCUMENT_TAKEN, "id_no") from error
    connection.execute(
        _CLOSE.values(state=CLOSED, changed_ms=now_ms, replaced_by=bytes.fromhex(new_id)), {"number": held.card_no}
    )
    connection.execute(
        insert(CARDS),
        {
            "card_id": bytes.fromhex(new_id),
            "person_no": held.person_no,
            "state": held.state,
            "active_since_ms": max(now_ms, held.active_since_ms) if held.state == ACTIVE else held.active_since_ms,
            "channel": channel,
            "changed_ms": now_ms,
        },
    )
    new = find_by_document(connection, keyring, person.document)
    connection.execute(_MOVE_LINKS, {"old_no": held.card_no, "new_no": new.card_no})
    return Replaced(
        held=new,
        closed=CardChange(held.card_id, Operation.REPLACE, held.state, CLOSED, reason, now_ms),
        issued=CardChange(new_id, Operation.ISSUE, "", held.state, reason, now_ms),
    )
