"""Making codes and asking for a card."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reference_impl.cards import holding
from reference_impl.codes.given_out import note_given_out
from reference_impl.codes.tokens import issue
from reference_impl.door.methods.asked import card_shown_or_asked_for
from reference_impl.door.methods.business_fields import DATE_TIME, check_moment, required
from reference_impl.door.methods.drawn_codes import asked_drawing, picture_of
from reference_impl.door.question import Answer, Method, Question
from reference_impl.refusals import BAD_FIELD, RefusalError
from reference_impl.wire.payload import DYNAMIC, STATIC, build

MAX_CODES_PER_CALL = 500


def generate(question: Question) -> Answer:
    """``ehc.ehealthcode.generate``: a code for an active card; ``ewmbs`` is its type, 0 dynamic or 1 static.

    With ``image`` the code is drawn as well, which only one code at a time is.
    """
    biz, parts = question.biz, question.parts
    check_moment(biz, "generate_time", DATE_TIME)
    code_type = required(biz, "ewmbs")
    drawing = asked_drawing(biz)
    if "count" in biz and (code_type == STATIC or drawing is not None):
        raise RefusalError(BAD_FIELD, "count")
    held = holding.find_by_id(question.connection, parts.keyring, required(biz, "ehealth_card_id"))
    holding.require_active(held)
    if code_type == STATIC:
        code = build(held.card_id, STATIC)
        note_given_out(question.connection, held.card_no, question.now_ms)
        picture = picture_of(code, drawing)
        return Answer({"ehealth_code": code}, held.card_id, detail={"type": STATIC}, later=picture)
    if code_type != DYNAMIC:
        raise RefusalError(BAD_FIELD, "ewmbs")
    count = _count(biz)
    tokens = issue(parts.verification.keys, held.card_id, question.now_ms, parts.random, count)
    codes = [build(held.card_id, DYNAMIC, token=token) for token in tokens]
    life = {"issued_ms": str(question.now_ms), "expires_ms": str(question.now_ms + parts.verification.ttl_ms)}
    answer = {"ehealth_codes": codes, **life} if "count" in biz else {"ehealth_code": codes[0], **life}
    detail = {"type": DYNAMIC, "count": str(count)}
    return Answer(answer, held.card_id, detail=detail, later=picture_of(codes[0], drawing))


def query(question: Question) -> Answer:
    """``ehc.ehealthcode.query``: card, state and holder, by card id, by document, or by a code in force."""
    held = card_shown_or_asked_for(question)
    return Answer({**card_and_holder(held), "card_state": held.state}, held.card_id)


def card_and_holder(held: holding.HeldCard) -> dict[str, str]:
    """Return the fields by which a card and its holder are told."""
    return {"ehealth_card_id": held.card_id, "mindex_id": held.mindex_id, **held.identity}


def _count(biz: Mapping[str, str]) -> int:
    """Return how many codes a test bench asks for in one call: a reconstructed extension, 1 where not asked."""
    text = biz.get("count", "1")
    if not re.fullmatch(r"[1-9][0-9]{0,2}", text) or int(text) > MAX_CODES_PER_CALL:
        raise RefusalError(BAD_FIELD, "count")
    return int(text)


METHODS: Mapping[str, Method] = {
    "ehc.ehealthcode.generate": Method("code", generate),
    "ehc.ehealthcode.query": Method("query", query),
}
