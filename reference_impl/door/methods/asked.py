"""Which card a question is about."""

from __future__ import annotations

from reference_impl.cards.documents import read_document
from reference_impl.cards.holding import HeldCard, find_by_document, find_by_id
from reference_impl.door.methods.business_fields import optional, required
from reference_impl.door.methods.shown_codes import card_of_code, shown_code
from reference_impl.door.question import Question


def card_asked_for(question: Question) -> HeldCard:
    """Return the card named by ``ehealth_card_id``, or by ``id_type`` and ``id_no``.

    Raises:
        RefusalError: bad_field, a document that is not valid, or unknown_card.
    """
    biz, keyring = question.biz, question.parts.keyring
    if "ehealth_card_id" in biz:
        return find_by_id(question.connection, keyring, required(biz, "ehealth_card_id"))
    document = read_document(required(biz, "id_type"), required(biz, "id_no"), question.now_ms)
    return find_by_document(question.connection, keyring, document)


def card_shown_or_asked_for(question: Question) -> HeldCard:
    """Return the card whose code is in ``ehealth_code``, where there is one; else as ``card_asked_for``.

    A dynamic code must be in force, and is not used up.

    Raises:
        RefusalError: as ``card_asked_for``, or what speaks against the code.
    """
    if optional(question.biz, "ehealth_code"):
        return card_of_code(question, shown_code(question))
    return card_asked_for(question)
