"""Numbers linked to a card (多码合一): ``ehc.ehealthcard.bind``, ``unbind`` and ``resolve``, all reconstructed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reference_impl.cards import links
from reference_impl.cards.link_kinds import VISIT_CARD
from reference_impl.door.methods.asked import card_asked_for, card_shown_or_asked_for
from reference_impl.door.methods.business_fields import clerk, required
from reference_impl.door.methods.codes import card_and_holder
from reference_impl.door.question import Answer, Method, Question


def bind(question: Question) -> Answer:
    """Link ``link_number`` of ``link_kind`` to a card; a visit card's number belongs to the institution that asks.

    ``visit_card_no`` alone is the number of a visit card: WeChat's ``patid``, beside the text of the card's code.
    """
    biz, parts = question.biz, question.parts
    if "visit_card_no" in biz and "link_kind" not in biz:
        kind, number = VISIT_CARD, required(biz, "visit_card_no")
    else:
        kind, number = required(biz, "link_kind"), required(biz, "link_number")
    held = card_shown_or_asked_for(question)
    link = links.bind(
        question.connection,
        parts.keyring,
        held,
        kind,
        number,
        question.account.org_code,
        parts.random,
        question.now_ms,
    )
    answer = {"ehealth_card_id": held.card_id, "link_kind": kind, "link_masked": link.masked}
    return Answer(answer, held.card_id, clerk(biz, held.identity), {"kind": kind})


def unbind(question: Question) -> Answer:
    """Take ``link_number`` of ``link_kind`` from a card."""
    biz = question.biz
    kind, number = required(biz, "link_kind"), required(biz, "link_number")
    held = card_asked_for(question)
    links.unbind(question.connection, question.parts.keyring, held, kind, number, question.account.org_code)
    answer = {"ehealth_card_id": held.card_id, "link_kind": kind}
    return Answer(answer, held.card_id, clerk(biz, held.identity), {"kind": kind})


def resolve(question: Question) -> Answer:
    """Tell the card and holder that ``link_number`` of ``link_kind`` leads to, and what else is linked, masked."""
    biz, keyring = question.biz, question.parts.keyring
    kind, number = required(biz, "link_kind"), required(biz, "link_number")
    held = links.resolve(question.connection, keyring, kind, number, question.account.org_code)
    linked = [f"{link.kind}:{link.masked}" for link in links.links_of(question.connection, held)]
    answer = {**card_and_holder(held), "card_state": held.state, "links": linked}
    return Answer(answer, held.card_id, detail={"kind": kind})


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "ehc.ehealthcard.bind": Method("link", bind),
        "ehc.ehealthcard.unbind": Method("link", unbind),
        "ehc.ehealthcard.resolve": Method("link", resolve),
    }
)
