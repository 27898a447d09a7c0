"""Numbers linked to a card, so that it stands for the other cards its holder has (多码合一).

A number is found by a keyed hash, kept sealed and shown masked; it leads to one card. Visit cards are numbered by each
institution for itself, so the institution is part of what is hashed.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, select

from reference_impl.cards.documents import is_resident
from reference_impl.cards.holding import HeldCard, find_by_id, find_by_number, require_active
from reference_impl.cards.link_kinds import LINK_KINDS, SOCIAL_SECURITY, check_number, masked
from reference_impl.entropy import RandomBytes
from reference_impl.keys.keyring import Keyring
from reference_impl.keys.resealing import SealedColumn
from reference_impl.keys.sealing import seal
from reference_impl.refusals import (
    IDENTITY_MISMATCH,
    NUMBER_TAKEN,
    TOO_MANY_NUMBERS,
    UNKNOWN_NUMBER,
    RefusalError,
)
from reference_impl.storage.engine import unless_held
from reference_impl.storage.schema import CARDS, LINKS
from reference_impl.wire.sm import hmac_sm3

_LOCK = select(CARDS.c.card_no).where(CARDS.c.card_no == bindparam("card_no")).with_for_update()
_BY_NUMBER = select(LINKS.c.card_no, LINKS.c.masked, LINKS.c.linked_ms).where(
    LINKS.c.kind == bindparam("kind"), LINKS.c.number_key == bindparam("number_key")
)
_COUNT = (
    select(func.count())
    .select_from(LINKS)
    .where(LINKS.c.card_no == bindparam("card_no"), LINKS.c.kind == bindparam("kind"))
)
_OF_CARD = select(LINKS).where(LINKS.c.card_no == bindparam("card_no")).order_by(LINKS.c.kind, LINKS.c.linked_ms)
_UNLINK = delete(LINKS).where(
    LINKS.c.kind == bindparam("kind"),
    LINKS.c.number_key == bindparam("number_key"),
    LINKS.c.card_no == bindparam("card_no"),
)


@dataclass(frozen=True)
class Link:
    """One linked number: its kind, the number masked, and when it was linked (Unix ms)."""

    kind: str
    masked: str
    linked_ms: int


def bind(
    connection: Connection,
    keyring: Keyring,
    held: HeldCard,
    kind: str,
    number: str,
    org_code: str,
    random: RandomBytes,
    now_ms: int,
) -> Link:
    """Link a number to an active card; linking it again changes nothing.

    Raises:
        RefusalError: as ``link_kinds.check_number`` says; closed_card or card_not_active; identity_mismatch for a
            social security number that is not the holder's own; number_taken; too_many_numbers.
    """
    check_number(kind, number, org_code)
    # The lock makes the count hold until the end of the transaction.
    connection.execute(_LOCK, {"card_no": held.card_no})
    held = find_by_id(connection, keyring, held.card_id)
    require_active(held)
    if kind == SOCIAL_SECURITY and is_resident(held.identity["id_type"]) and held.identity["id_no"] != number:
        raise RefusalError(IDENTITY_MISMATCH, "link_number")
    key = _number_key(keyring, kind, number, org_code)
    bound = _bound(connection, held, kind, key)
    if bound is not None:
        return bound
    if connection.execute(_COUNT, {"card_no": held.card_no, "kind": kind}).scalar_one() >= LINK_KINDS[kind].limit:
        raise RefusalError(TOO_MANY_NUMBERS, "link_number")
    link = Link(kind, masked(kind, number), now_ms)
    made = connection.execute(
        unless_held(connection, LINKS),
        {
            "kind": kind,
            "number_key": key,
            "card_no": held.card_no,
            "sealed_number": seal(keyring.person_data, number.encode(), _context(kind, key), random),
            "masked": link.masked,
            "linked_ms": now_ms,
        },
    )
    if made.rowcount:
        return link
    # Somebody else linked it between the look-up and here: perhaps to this very card.
    raced = _bound(connection, held, kind, key)
    if raced is None:
        raise RefusalError(NUMBER_TAKEN, "link_number")
    return raced


def unbind(connection: Connection, keyring: Keyring, held: HeldCard, kind: str, number: str, org_code: str) -> None:
    """Take a number from a card, whatever state the card is in.

    Raises:
        RefusalError: as ``link_kinds.check_number`` says; unknown_number where it is not linked to this card.
    """
    check_number(kind, number, org_code)
    key = _number_key(keyring, kind, number, org_code)
    if not connection.execute(_UNLINK, {"kind": kind, "number_key": key, "card_no": held.card_no}).rowcount:
        raise RefusalError(UNKNOWN_NUMBER, "link_number")


def resolve(connection: Connection, keyring: Keyring, kind: str, number: str, org_code: str) -> HeldCard:
    """Return the card a number leads to, in whatever state.

    Raises:
        RefusalError: as ``link_kinds.check_number`` says; unknown_number.
    """
    check_number(kind, number, org_code)
    key = _number_key(keyring, kind, number, org_code)
    row = connection.execute(_BY_NUMBER, {"kind": kind, "number_key": key}).one_or_none()
    if row is None:
        raise RefusalError(UNKNOWN_NUMBER, "link_number")
    return find_by_number(connection, keyring, row.card_no)


def links_of(connection: Connection, held: HeldCard) -> list[Link]:
    """Return what is linked to a card, by kind and age."""
    rows = connection.execute(_OF_CARD, {"card_no": held.card_no})
    return [Link(row.kind, row.masked, row.linked_ms) for row in rows]


def _bound(connection: Connection, held: HeldCard, kind: str, key: bytes) -> Link | None:
    row = connection.execute(_BY_NUMBER, {"kind": kind, "number_key": key}).one_or_none()
    if row is None:
        return None
    if row.card_no != held.card_no:
        raise RefusalError(NUMBER_TAKEN, "link_number")
    return Link(kind, row.masked, row.linked_ms)


def _number_key(keyring: Keyring, kind: str, number: str, org_code: str) -> bytes:
    scope = org_code if LINK_KINDS[kind].scoped else ""
    return hmac_sm3(keyring.person_lookup, "|".join(("link", kind, scope, number)).encode())


def _context(kind: str, key: bytes) -> str:
    return f"links/{kind}/{key.hex()}"


SEALED_NUMBER = SealedColumn(LINKS, LINKS.c.sealed_number, lambda row: _context(row.kind, row.number_key))
"""What is to be sealed anew, under ``person_data``, when that key is rotated."""
