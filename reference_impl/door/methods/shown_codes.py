"""Codes shown to a method other than verification: read and judged by the same rule, used up only where said."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from reference_impl.cards.holding import HeldCard, find_by_id
from reference_impl.door.methods.business_fields import optional, required
from reference_impl.door.question import Question
from reference_impl.refusals import BAD_FIELD, REUSED_CODE, RefusalError
from reference_impl.storage.batch import CardRow
from reference_impl.storage.schema import CARDS
from reference_impl.storage.spent import spend
from reference_impl.wire.payload import CardCode

_ROW = select(CARDS.c.card_no, CARDS.c.state, CARDS.c.active_since_ms).where(CARDS.c.card_id == bindparam("card_id"))


def shown_code(question: Question) -> CardCode:
    """Return the code of ``ehealth_code``; one that names another card than ``ehealth_card_id`` is refused.

    Raises:
        RefusalError: bad_field, malformed_code or foreign_code.
    """
    code = question.parts.verification.read(required(question.biz, "ehealth_code"))
    if optional(question.biz, "ehealth_card_id") not in ("", code.card_id):
        raise RefusalError(BAD_FIELD, "ehealth_card_id")
    return code


def card_of_code(question: Question, code: CardCode) -> HeldCard:
    """Return the card of a code that would be accepted now, were it not used before; it is not used up by this.

    Raises:
        RefusalError: as ``Verification.judge``.
    """
    connection, keyring = question.connection, question.parts.keyring
    row = connection.execute(_ROW, {"card_id": bytes.fromhex(code.card_id)}).one_or_none()
    # A forged code is told before an unknown card, so that forging does not tell which cards there are.
    card = None if row is None else CardRow(row.card_no, row.state, row.active_since_ms, "", b"")
    question.parts.verification.judge(code, card, question.now_ms)
    return find_by_id(connection, keyring, code.card_id)


def use_up(question: Question, code: CardCode) -> None:
    """Spend the one use of a dynamic code; a static code has no such.

    Raises:
        RefusalError: reused_code.
    """
    key = question.parts.verification.token_key(code)
    if key is not None and not spend(question.connection, key):
        raise RefusalError(REUSED_CODE)
