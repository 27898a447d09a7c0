"""What follows from a change of a card beside the change itself: the record of its issuance, and word to the nation."""

from __future__ import annotations

from sqlalchemy import Connection, insert, literal, select

from reference_impl.cards.holding import CLOSED as CLOSED_STATE
from reference_impl.cards.life_cycle import CardChange
from reference_impl.entropy import RandomBytes
from reference_impl.records.national_outbox import CLOSED, REGISTERED, REOPENED, enqueue
from reference_impl.storage.schema import CARDS
from reference_impl.storage.schema_records import ISSUANCES


def note_change(connection: Connection, change: CardChange, org_code: str, random: RandomBytes) -> None:
    """Write down what follows from a change, in its own transaction; ``org_code`` is the institution that asked.

    A change that changed nothing leaves nothing, so that a request sent again is not counted again.
    """
    if change.old_state == change.new_state:
        return
    if not change.old_state:
        _note_issuance(connection, change, org_code)
    kind = _told_as(change)
    if kind:
        enqueue(connection, kind, change.card_id, change.at_ms, random, {"operation": change.operation.value})


def _note_issuance(connection: Connection, change: CardChange, org_code: str) -> None:
    made = select(CARDS.c.card_no, literal(change.at_ms), CARDS.c.channel, literal(org_code)).where(
        CARDS.c.card_id == bytes.fromhex(change.card_id)
    )
    connection.execute(insert(ISSUANCES).from_select(["card_no", "issued_ms", "channel", "org_code"], made))


def _told_as(change: CardChange) -> str:
    """Return the kind of event the nation is told, "" for changes that are the province's own affair."""
    if not change.old_state:
        return REGISTERED
    if change.new_state == CLOSED_STATE:
        return CLOSED
    return REOPENED if change.old_state == CLOSED_STATE else ""
