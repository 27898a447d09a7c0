"""Issuing cards and changing them: ``ehc.ehealthcard.*``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reference_impl.cards.alteration import ALTERABLE, alter
from reference_impl.cards.documents import Document, read_document
from reference_impl.cards.holding import card_id_of
from reference_impl.cards.issuance import APP, issue, read_application
from reference_impl.cards.life_cycle import CardChange, Operation, change_state
from reference_impl.cards.newborns import authenticate_newborn, read_newborn
from reference_impl.cards.real_name import Authenticated, authenticate
from reference_impl.cards.replacement import adopt_document
from reference_impl.codes.given_out import note_given_out
from reference_impl.door.methods.asked import card_asked_for
from reference_impl.door.methods.business_fields import (
    DATE,
    DATE_TIME,
    check_moment,
    chosen,
    clerk,
    optional,
    reason,
    required,
)
from reference_impl.door.question import Answer, Method, Parts, Question
from reference_impl.records.card_events import note_change
from reference_impl.wire.codetables import SEXES

NEWBORN = "2"
"""``personnelType`` of a child without a document of its own (front-box interface note)."""


def authenticated(parts: Parts, biz: Mapping[str, str], now_ms: int) -> Authenticated:
    """Ask the register of persons about whom a registration is for."""
    if optional(biz, "personnelType") == NEWBORN:
        mother = read_document(optional(biz, "motherIdType") or "01", required(biz, "motherIdCode"), now_ms)
        child = read_newborn(mother, optional(biz, "multifetalMark"), required(biz, "birthday"), now_ms)
        return authenticate_newborn(parts.real_name, mother, required(biz, "motherName"), child, required(biz, "name"))
    return authenticate(parts.real_name, _document(biz, now_ms), required(biz, "name"))


def register(question: Question) -> Answer:
    """``ehc.ehealthcard.register``: a card for a person the register knows; off line a static code to print."""
    biz, parts = question.biz, question.parts
    if optional(biz, "gender"):
        chosen(biz["gender"], SEXES, "gender")
    check_moment(biz, "register_time", DATE_TIME)
    check_moment(biz, "birthday", DATE)
    application = read_application({"apply_type": APP, **biz, "clerk_id": clerk(biz, biz)})
    issued = issue(
        question.connection, parts.keyring, question.prepared, application, biz, parts.random, question.now_ms
    )
    note_change(question.connection, issued.change, question.account.org_code, parts.random)
    answer = {"ehealth_card_id": issued.held.card_id, "mindex_id": issued.held.mindex_id}
    if issued.static_code:
        answer["ehealth_code"] = issued.static_code
        note_given_out(question.connection, issued.held.card_no, question.now_ms)
    detail = {"apply_type": application.apply_type, "channel": application.channel, **_change(issued.change)}
    return Answer(answer, issued.held.card_id, application.clerk_id, detail)


def renamed(parts: Parts, biz: Mapping[str, str], now_ms: int) -> Authenticated | None:
    """Ask the register about a new name or document, where an alteration brings one."""
    if not optional(biz, "name"):
        return None
    return authenticate(parts.real_name, _document(biz, now_ms), required(biz, "name"))


def alter_info(question: Question) -> Answer:
    """``ehc.ehealthcard.alterinfo``: contact fields; with name, ``id_type`` and ``id_no`` a new name or document."""
    biz, parts, connection = question.biz, question.parts, question.connection
    held = card_asked_for(question)
    why = reason(biz, held.identity, biz) or "alterinfo"
    actor = clerk(biz, held.identity, biz)
    new: Authenticated | None = question.prepared
    if new is not None and card_id_of(parts.keyring, new.document) != held.card_id:
        replaced = adopt_document(connection, parts.keyring, held, new, why, parts.random, question.now_ms)
        for change in (replaced.closed, replaced.issued):
            note_change(connection, change, question.account.org_code, parts.random)
        detail = {"replaced": replaced.closed.card_id, **_change(replaced.issued)}
        answer = {"ehealth_card_id": replaced.held.card_id, "mindex_id": replaced.held.mindex_id}
        return Answer(answer, replaced.held.card_id, actor, detail)
    changes = {name: optional(biz, name) for name in sorted(ALTERABLE) if name in biz}
    change = alter(connection, parts.keyring, held, changes, why, parts.random, question.now_ms, new)
    answer = {"ehealth_card_id": held.card_id, "mindex_id": held.mindex_id}
    return Answer(answer, held.card_id, actor, {**_change(change), "fields": ",".join(change.fields)})


def _changing(operation: Operation, moment_field: str) -> Method:
    def serve(question: Question) -> Answer:
        biz = question.biz
        check_moment(biz, moment_field, DATE_TIME)
        held = card_asked_for(question)
        why = reason(biz, held.identity) or operation.value
        change = change_state(question.connection, held, operation, why, question.now_ms)
        note_change(question.connection, change, question.account.org_code, question.parts.random)
        answer = {"ehealth_card_id": held.card_id, "card_state": change.new_state}
        return Answer(answer, held.card_id, clerk(biz, held.identity), _change(change))

    return Method("issue", serve)


def _document(biz: Mapping[str, str], now_ms: int) -> Document:
    return read_document(required(biz, "id_type"), required(biz, "id_no"), now_ms)


def _change(change: CardChange) -> dict[str, str]:
    return {
        "operation": change.operation.value,
        "old_state": change.old_state,
        "new_state": change.new_state,
        "reason": change.reason,
    }


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "ehc.ehealthcard.register": Method("issue", register, authenticated),
        "ehc.ehealthcard.alterinfo": Method("issue", alter_info, renamed),
        "ehc.ehealthcard.activate": _changing(Operation.ACTIVATE, "activate_time"),
        "ehc.ehealthcard.lost": _changing(Operation.REPORT_LOST, "lost_time"),
        "ehc.ehealthcard.found": _changing(Operation.FIND, "found_time"),
        "ehc.ehealthcard.freeze": _changing(Operation.FREEZE, "freeze_time"),
        "ehc.ehealthcard.unfreeze": _changing(Operation.UNFREEZE, "unfreeze_time"),
        "ehc.ehealthcard.close": _changing(Operation.CLOSE, "revoke_time"),
    }
)
