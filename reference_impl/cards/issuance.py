"""Issuance: one person, one card, whatever channels ask at once. The database's unique indexes decide who was first.

A card is made only for an ``Authenticated`` person, so no card and no code can exist before the real-name check. Online
the holder fetches dynamic codes later; off line a clerk confirms and a static code is given out to be printed.
Reconstructed: ``clerk_id``, the channel codes of apps, and that cards made in a batch wait to be activated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import Connection, bindparam, select

from reference_impl.cards.documents import is_resident
from reference_impl.cards.holding import (
    ACTIVE,
    CLOSED,
    INACTIVE,
    HeldCard,
    card_id_of,
    card_of_person,
    find_by_document,
)
from reference_impl.cards.life_cycle import CardChange, Operation, change_state, reopen
from reference_impl.cards.newborns import Newborn
from reference_impl.cards.numbers.resident import sex
from reference_impl.cards.persons import IDENTITY_FIELDS, person_key, seal_identity
from reference_impl.cards.real_name import Authenticated
from reference_impl.entropy import RandomBytes
from reference_impl.keys.keyring import Keyring
from reference_impl.refusals import BAD_FIELD, CLERK_REQUIRED, IDENTITY_MISMATCH, REPLACED_CARD, RefusalError
from reference_impl.storage.engine import unless_held
from reference_impl.storage.schema import CARDS, PERSONS
from reference_impl.wire.payload import STATIC, build

APP = "1"
KIOSK = "2"
WINDOW = "3"
BATCH = "4"

CHANNELS_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        APP: ("0403", "0401", "0402", "0404"),
        KIOSK: ("0200",),
        WINDOW: ("0100", "0300"),
        BATCH: ("0100",),
    }
)
"""The channels each apply type may come through, the one that stands for a missing code first.

0403 (an app) and 0404 (a bank's app) are reconstructed; the others are codes of the field.
"""

MINDEX_BYTES = 16
_OFFLINE = frozenset({WINDOW, BATCH})
_CLERK = re.compile(r"[^\s\x00-\x1f\x7f]{1,32}")
_PERSON_NO = select(PERSONS.c.person_no).where(PERSONS.c.person_key == bindparam("key"))
_REPLACED = select(CARDS.c.card_no).where(CARDS.c.card_id == bindparam("key"), CARDS.c.replaced_by.is_not(None))


@dataclass(frozen=True)
class Application:
    """How somebody asks for a card: apply type, channel, and the clerk who confirms it ("" on line)."""

    apply_type: str
    channel: str
    clerk_id: str


@dataclass(frozen=True)
class Issued:
    """The person's card, what was done to it, and the static code to print; "" on line or where it would be refused."""

    held: HeldCard
    change: CardChange
    static_code: str


def read_application(fields: Mapping[str, str]) -> Application:
    """Read ``apply_type`` (an app where missing), ``channelcode`` and ``clerk_id``.

    Raises:
        RefusalError: bad_field for a code that is unknown or does not go with the apply type; clerk_required.
    """
    apply_type = fields.get("apply_type", "") or APP
    if apply_type not in CHANNELS_OF:
        raise RefusalError(BAD_FIELD, "apply_type")
    channels = CHANNELS_OF[apply_type]
    channel = fields.get("channelcode", "") or channels[0]
    if channel not in channels:
        raise RefusalError(BAD_FIELD, "channelcode")
    clerk_id = fields.get("clerk_id", "")
    if apply_type in _OFFLINE and not clerk_id:
        raise RefusalError(CLERK_REQUIRED, "clerk_id")
    if clerk_id and not _CLERK.fullmatch(clerk_id):
        raise RefusalError(BAD_FIELD, "clerk_id")
    return Application(apply_type, channel, clerk_id)


def issue(
    connection: Connection,
    keyring: Keyring,
    person: Authenticated,
    application: Application,
    fields: Mapping[str, str],
    random: RandomBytes,
    now_ms: int,
) -> Issued:
    """Give the person a card, the one they have if they have one.

    A closed card is opened again, an inactive one activated unless by a batch; a lost or frozen card stays so.
    ``fields`` are the identity fields asked for; document, name and birthday are the authenticated ones.

    Raises:
        RefusalError: identity_mismatch where the document is registered under another name; bad_field for a birthday
            that is not the document's; replaced_card for a document whose holder has gone over to another.
    """
    identity = complete_identity(person, fields)
    held = card_of_person(connection, keyring, person.document)
    if held is None:
        held, change = _make(connection, keyring, person, application, identity, random, now_ms)
    else:
        held, change = _renew(connection, keyring, held, person, application, now_ms)
    printed = application.apply_type in _OFFLINE and held.state in (ACTIVE, INACTIVE)
    return Issued(held, change, build(held.card_id, STATIC) if printed else "")


def complete_identity(person: Authenticated, fields: Mapping[str, str]) -> dict[str, str]:
    """Return every identity field, those of the document and the name as authenticated.

    Raises:
        RefusalError: bad_field for a birthday that is not the document's.
    """
    identity = {name: fields.get(name, "") for name in IDENTITY_FIELDS}
    document = person.document
    if document.born is not None:
        if identity["birthday"] not in ("", document.born.isoformat()):
            raise RefusalError(BAD_FIELD, "birthday")
        identity["birthday"] = document.born.isoformat()
    if is_resident(document.id_type):
        identity["gender"] = identity["gender"] or sex(document.id_no)
    return identity | {"id_type": document.id_type, "id_no": document.id_no, "name": person.name}


def _make(
    connection: Connection,
    keyring: Keyring,
    person: Authenticated,
    application: Application,
    identity: Mapping[str, str],
    random: RandomBytes,
    now_ms: int,
) -> tuple[HeldCard, CardChange]:
    card_id = card_id_of(keyring, person.document)
    if connection.scalar(_REPLACED, {"key": bytes.fromhex(card_id)}) is not None:
        raise RefusalError(REPLACED_CARD)
    key = person_key(keyring, person.document.person_text)
    mindex_id = random(MINDEX_BYTES).hex().upper()
    person_no: int | None = connection.scalar(
        unless_held(connection, PERSONS, PERSONS.c.person_no),
        {
            "person_key": key,
            "mindex_id": mindex_id,
            "sealed_identity": seal_identity(keyring, mindex_id, identity, random),
            "registered_ms": now_ms,
            "guardian_no": _guardian(connection, keyring, person),
        },
    )
    is_new = person_no is not None
    if person_no is None:
        person_no = connection.execute(_PERSON_NO, {"key": key}).scalar_one()
    state = INACTIVE if application.apply_type == BATCH else ACTIVE
    card_no: int | None = connection.scalar(
        unless_held(connection, CARDS, CARDS.c.card_no),
        {
            "card_id": bytes.fromhex(card_id),
            "person_no": person_no,
            "state": state,
            "active_since_ms": now_ms,
            "channel": application.channel,
            "changed_ms": now_ms,
        },
    )
    if card_no is None:
        # Another channel was first between the look-up and here: its card is the person's.
        winner = find_by_document(connection, keyring, person.document)
        return _renew(connection, keyring, winner, person, application, now_ms)
    change = CardChange(card_id, Operation.ISSUE, "", state, application.apply_type, now_ms)
    if not is_new:
        return find_by_document(connection, keyring, person.document), change
    return HeldCard(card_id, mindex_id, state, now_ms, identity, card_no, person_no, replaced=False), change


def _renew(
    connection: Connection,
    keyring: Keyring,
    held: HeldCard,
    person: Authenticated,
    application: Application,
    now_ms: int,
) -> tuple[HeldCard, CardChange]:
    if held.identity["name"] != person.name:
        raise RefusalError(IDENTITY_MISMATCH, "name")
    if held.state == CLOSED:
        change = reopen(connection, keyring, held, person, "registered again", now_ms)
    elif held.state == INACTIVE and application.apply_type != BATCH:
        change = change_state(connection, held, Operation.ACTIVATE, "registered again", now_ms)
    else:
        return held, CardChange(held.card_id, Operation.ISSUE, held.state, held.state, application.apply_type, now_ms)
    return find_by_document(connection, keyring, person.document), change


def _guardian(connection: Connection, keyring: Keyring, person: Authenticated) -> int | None:
    if not isinstance(person.document, Newborn):
        return None
    number: int | None = connection.scalar(_PERSON_NO, {"key": person_key(keyring, person.document.mother_text)})
    return number
