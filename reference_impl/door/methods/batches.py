"""Registering many people in one call: ``ehc.ehealthcard.registerbatch``, as WeChat's platform offers it to hospitals.

Each person is an issuance of its own: who is refused keeps nobody else from their card, and each leaves a record of its
own in the audit. Reconstructed: the answer's columns, one entry a person in the order asked; that one clerk answers for
the whole batch; that its cards wait to be activated, as of any batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from reference_impl.cards.issuance import BATCH, Issued, issue, read_application
from reference_impl.cards.real_name import Authenticated
from reference_impl.codes.given_out import note_given_out
from reference_impl.door.methods.business_fields import TEXT_LIMIT, check_characters, clerk
from reference_impl.door.methods.cards import authenticated
from reference_impl.door.question import Answer, Method, Parts, Question
from reference_impl.records.audit import Entry, append, detail_text
from reference_impl.records.card_events import note_change
from reference_impl.refusals import BAD_FIELD, OK, Outcome, RefusalError
from reference_impl.wire import wechat
from reference_impl.wire.errors import MalformedError
from reference_impl.wire.strictjson import read_object
from reference_impl.wire.texts import spelt_texts
from reference_impl.wire.vocabulary import REGISTER, REGISTER_BATCH

MAX_PERSONS = 100


@dataclass(frozen=True)
class Asked:
    """One person of a batch: the fields said, and the register's word, or why there is none."""

    fields: Mapping[str, str] = field(repr=False)
    person: Authenticated | RefusalError = field(repr=False)


@dataclass(frozen=True)
class Settled:
    """What became of one person: an outcome, and the card where it is ``OK``."""

    asked: Asked
    outcome: Outcome
    issued: Issued | None = None


def prepare(parts: Parts, biz: Mapping[str, str], now_ms: int) -> list[Asked]:
    """Ask the register of persons about everybody in ``items``, a JSON list of objects."""
    return [Asked(fields, _person(parts, fields, now_ms)) for fields in read_items(biz)]


def register_batch(question: Question) -> Answer:
    """``ehc.ehealthcard.registerbatch``: ``items`` and the ``clerk_id`` who confirms them."""
    asked: list[Asked] = question.prepared
    clerk_id = clerk(question.biz, *(one.fields for one in asked))
    read_application({"apply_type": BATCH, "clerk_id": clerk_id})
    settled = [_settle(question, one, clerk_id) for one in asked]
    for one in settled:
        append(question.connection, _entry(question, one, clerk_id))
    made = [one.issued for one in settled]
    answer = {
        "id_type": [one.asked.fields.get("id_type", "") for one in settled],
        "id_no": [one.asked.fields.get("id_no", "") for one in settled],
        "ehealth_card_id": [issued.held.card_id if issued else "" for issued in made],
        "mindex_id": [issued.held.mindex_id if issued else "" for issued in made],
        "ehealth_code": [issued.static_code if issued else "" for issued in made],
        "outcome": [one.outcome.code for one in settled],
    }
    issued = sum(one is not None for one in made)
    return Answer(answer, actor=clerk_id, detail={"persons": str(len(settled)), "issued": str(issued)})


def read_items(biz: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the fields of each person in ``items`` by their neutral names.

    Raises:
        RefusalError: bad_field.
    """
    try:
        document = read_object(f'{{"items":{biz.get("items", "")}}}', "items")
        items = document["items"]
        if set(document) != {"items"} or not isinstance(items, list) or not 1 <= len(items) <= MAX_PERSONS:
            raise RefusalError(BAD_FIELD, "items")
        return [_item(item) for item in items]
    except MalformedError as error:
        raise RefusalError(BAD_FIELD, "items") from error


def _item(item: object) -> dict[str, str]:
    if not isinstance(item, dict):
        raise RefusalError(BAD_FIELD, "items")
    fields = wechat.WORDS.hear_fields(REGISTER_BATCH, spelt_texts(item))
    if any(len(value) > TEXT_LIMIT for value in fields.values()):
        raise RefusalError(BAD_FIELD, "items")
    check_characters(fields)
    return fields


def _person(parts: Parts, fields: Mapping[str, str], now_ms: int) -> Authenticated | RefusalError:
    try:
        return authenticated(parts, fields, now_ms)
    except RefusalError as refused:
        return refused


def _settle(question: Question, asked: Asked, clerk_id: str) -> Settled:
    if isinstance(asked.person, RefusalError):
        return Settled(asked, asked.person.outcome)
    connection, parts = question.connection, question.parts
    application = read_application({"apply_type": BATCH, "clerk_id": clerk_id})
    try:
        with connection.begin_nested():
            issued = issue(
                connection, parts.keyring, asked.person, application, asked.fields, parts.random, question.now_ms
            )
            note_change(connection, issued.change, question.account.org_code, parts.random)
            if issued.static_code:
                note_given_out(connection, issued.held.card_no, question.now_ms)
    except RefusalError as refused:
        return Settled(asked, refused.outcome)
    return Settled(asked, OK, issued)


def _entry(question: Question, one: Settled, clerk_id: str) -> Entry:
    return Entry(
        question.now_ms,
        REGISTER,
        question.account.org_code,
        question.account.app_id,
        question.term_id,
        one.issued.held.card_id if one.issued else "",
        one.outcome.code,
        clerk_id,
        detail_text({"apply_type": BATCH, "batch": "1"}),
    )


METHODS: Mapping[str, Method] = MappingProxyType({REGISTER_BATCH: Method("issue", register_batch, prepare)})
