"""The life of a card: which operation leads from which state to which, and what an operation leaves for the audit.

The states are those of the field's code table; which operations there are is reconstructed. An operation whose end is
already reached changes nothing, so that a caller who missed an answer may ask again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from sqlalchemy import Connection, bindparam, select, update

from reference_impl.cards.holding import ACTIVE, APPLIED, CLOSED, FROZEN, INACTIVE, LOST, HeldCard, card_id_of
from reference_impl.cards.real_name import Authenticated
from reference_impl.keys.keyring import Keyring
from reference_impl.refusals import BAD_FIELD, IDENTITY_MISMATCH, REPLACED_CARD, WRONG_STATE, RefusalError
from reference_impl.storage.schema import CARDS

REASON_LIMIT = 64


class Operation(Enum):
    """What may be done to a card that exists; ISSUE, ALTER and REPLACE name the changes made elsewhere."""

    ACTIVATE = "activate"
    REPORT_LOST = "report_lost"
    FIND = "find"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    CLOSE = "close"
    REOPEN = "reopen"
    ISSUE = "issue"
    ALTER = "alter"
    REPLACE = "replace"


TRANSITIONS: Mapping[tuple[Operation, str], str] = MappingProxyType(
    {
        (Operation.ACTIVATE, APPLIED): ACTIVE,
        (Operation.ACTIVATE, INACTIVE): ACTIVE,
        (Operation.REPORT_LOST, ACTIVE): LOST,
        (Operation.FIND, LOST): ACTIVE,
        (Operation.FREEZE, ACTIVE): FROZEN,
        (Operation.UNFREEZE, FROZEN): ACTIVE,
        (Operation.CLOSE, APPLIED): CLOSED,
        (Operation.CLOSE, INACTIVE): CLOSED,
        (Operation.CLOSE, ACTIVE): CLOSED,
        (Operation.CLOSE, LOST): CLOSED,
        (Operation.CLOSE, FROZEN): CLOSED,
        (Operation.REOPEN, CLOSED): ACTIVE,
    }
)
"""Every change of state there is."""

ENDS: Mapping[Operation, str] = MappingProxyType({operation: new for (operation, _), new in TRANSITIONS.items()})
"""The state each operation of ``TRANSITIONS`` leads to."""

_LOCKED = (
    select(CARDS.c.state, CARDS.c.active_since_ms, CARDS.c.replaced_by)
    .where(CARDS.c.card_no == bindparam("number"))
    .with_for_update()
)
_CHANGE = update(CARDS).where(CARDS.c.card_no == bindparam("number"))


@dataclass(frozen=True)
class CardChange:
    """What an operation did, for the audit.

    Attributes:
        card_id: 64 upper-case hex characters.
        operation: what was asked.
        old_state: the state before; "" where the card is new.
        new_state: the state after.
        reason: why, in the caller's words.
        at_ms: Unix milliseconds.
        fields: names of the identity fields that changed, never their content.
    """

    card_id: str
    operation: Operation
    old_state: str
    new_state: str
    reason: str
    at_ms: int
    fields: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything is other than before."""
        return self.old_state != self.new_state or bool(self.fields)


def next_state(state: str, operation: Operation) -> str:
    """Return the state ``operation`` leads to, ``state`` itself where it is there already.

    Raises:
        RefusalError: wrong_state.
    """
    if operation in ENDS and ENDS[operation] == state:
        return state
    new = TRANSITIONS.get((operation, state))
    if new is None:
        raise RefusalError(WRONG_STATE)
    return new


def change_state(connection: Connection, held: HeldCard, operation: Operation, reason: str, now_ms: int) -> CardChange:
    """Do an operation of ``TRANSITIONS`` to a card; every return to active voids the dynamic codes given out before.

    Raises:
        RefusalError: wrong_state, always for REOPEN, which has a function of its own; bad_field for a reason that is
            missing or longer than ``REASON_LIMIT``.
    """
    if operation is Operation.REOPEN:
        raise RefusalError(WRONG_STATE)
    return _apply(connection, held, operation, reason, now_ms)


def reopen(
    connection: Connection, keyring: Keyring, held: HeldCard, again: Authenticated, reason: str, now_ms: int
) -> CardChange:
    """Open a closed card for its holder, who has been authenticated again.

    Raises:
        RefusalError: identity_mismatch for another document or name; replaced_card; wrong_state; bad_field as
            ``change_state``.
    """
    if card_id_of(keyring, again.document) != held.card_id or again.name != held.identity["name"]:
        raise RefusalError(IDENTITY_MISMATCH)
    return _apply(connection, held, Operation.REOPEN, reason, now_ms)


def check_reason(reason: str) -> None:
    """Demand a reason of 1 to ``REASON_LIMIT`` printable characters.

    Raises:
        RefusalError: bad_field.
    """
    if not 1 <= len(reason) <= REASON_LIMIT or not reason.isprintable():
        raise RefusalError(BAD_FIELD, "reason")


def _apply(connection: Connection, held: HeldCard, operation: Operation, reason: str, now_ms: int) -> CardChange:
    check_reason(reason)
    row = connection.execute(_LOCKED, {"number": held.card_no}).one()
    if operation is Operation.REOPEN and row.replaced_by is not None:
        raise RefusalError(REPLACED_CARD)
    new = next_state(row.state, operation)
    if new != row.state:
        # A clock set back must not bring codes of an earlier life into force again.
        since = max(now_ms, row.active_since_ms) if new == ACTIVE else row.active_since_ms
        connection.execute(
            _CHANGE.values(state=new, active_since_ms=since, changed_ms=now_ms), {"number": held.card_no}
        )
    return CardChange(held.card_id, operation, row.state, new, reason, now_ms)
