"""Which card a question is about."""

from __future__ import annotations

from reference_impl.cards.documents import read_document
from reference_impl.cards.holding import HeldCard, find_by_document, find_by_id
from reference_impl.door.methods.business_fields import required
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
