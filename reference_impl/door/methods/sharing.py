"""Consents and shared records: ``ehc.consent.*`` and ``ehc.record.*``; names and fields are reconstructed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from reference_impl.cards.holding import HeldCard, find_by_id, require_active
from reference_impl.door.methods.business_fields import (
    DATE_TIME,
    chosen,
    clerk,
    in_clear,
    matching,
    moment_at,
    optional,
    required,
)
from reference_impl.door.question import Answer, Method, Question
from reference_impl.records import consents, sharing
from reference_impl.records.china_time import moment_text
from reference_impl.records.consents import KINDS, Evidence, Terms
from reference_impl.refusals import BAD_FIELD, RefusalError
from reference_impl.wire.strictjson import write_object

_NUMBER = re.compile(r"[^\s\x00-\x1f\x7f]{1,64}")
_TYPE = re.compile(r"[^\x00-\x1f\x7f]{1,64}")
_ROW = re.compile(r"[1-9][0-9]{0,17}")
_KINDS: Mapping[str, str] = MappingProxyType({kind: kind for kind in KINDS})


def grant(question: Question) -> Answer:
    """``ehc.consent.grant``: ``grantee``, ``record_kinds`` apart by commas, ``valid_from`` (now), ``valid_to``."""
    biz, now = question.biz, question.now_ms
    held = _card(question)
    require_active(held)
    terms = Terms(
        matching(_NUMBER, required(biz, "grantee"), "grantee"),
        consents.read_kinds(required(biz, "record_kinds").split(","), "record_kinds"),
        moment_at(biz, "valid_from") if optional(biz, "valid_from") else now,
        moment_at(biz, "valid_to"),
    )
    evidence = _evidence(question, held)
    consent_id = consents.grant(
        question.connection, held, terms, evidence, question.account, now, question.parts.random
    )
    detail = {
        "consent_id": consent_id,
        "grantee": terms.grantee,
        "kinds": " ".join(terms.kinds),
        "evidence": evidence.kind,
    }
    return Answer({"consent_id": consent_id}, held.card_id, evidence.clerk_id, detail)


def withdraw(question: Question) -> Answer:
    """``ehc.consent.withdraw``: ends a consent at once; asking again tells since when it has been withdrawn."""
    held = _card(question)
    consent_id = matching(_NUMBER, required(question.biz, "consent_id"), "consent_id")
    evidence = _evidence(question, held)
    since = consents.withdraw(question.connection, held, consent_id, question.now_ms)
    answer = {"consent_id": consent_id, "withdrawn_time": moment_text(since, DATE_TIME)}
    return Answer(answer, held.card_id, evidence.clerk_id, {"consent_id": consent_id, "evidence": evidence.kind})


def share(question: Question) -> Answer:
    """``ehc.record.share``: one document, under the institution's own ``record_no``; a card in any state will do."""
    biz = question.biz
    held = _card(question)
    document = sharing.Document(
        kind=chosen(required(biz, "record_kind"), _KINDS, "record_kind"),
        document_type=in_clear(_TYPE, required(biz, "document_type"), "document_type", held.identity),
        source_no=matching(_NUMBER, required(biz, "record_no"), "record_no"),
        at_ms=moment_at(biz, "document_time"),
        content=_content(biz),
    )
    record_id = sharing.share(
        question.connection,
        question.parts.keyring,
        held,
        document,
        question.account,
        question.now_ms,
        question.parts.random,
    )
    return Answer({"record_id": record_id}, held.card_id, detail={"record_id": record_id, "kind": document.kind})


def fetch(question: Question) -> Answer:
    """``ehc.record.fetch``: the record of ``record_id``; else a list, of one ``record_kind`` or all, ``after`` a row.

    ``records`` are JSON texts; ``next`` is what to ask ``after`` for more, "" where there are no more.
    """
    biz, account, now = question.biz, question.account, question.now_ms
    held = _card(question)
    require_active(held)
    record_id = matching(_NUMBER, optional(biz, "record_id"), "record_id")
    if record_id:
        record, content = sharing.open_record(
            question.connection, question.parts.keyring, held, record_id, account, now
        )
        return Answer({**_fields(record), "content": content}, held.card_id, detail=_basis([record]))
    kind, after = optional(biz, "record_kind"), matching(_ROW, optional(biz, "after"), "after")
    kinds = (chosen(kind, _KINDS, "record_kind"),) if kind else KINDS
    found = sharing.visible(question.connection, held, kinds, account, now, int(after or 0))
    more = len(found) == sharing.PAGE_RECORDS
    answer = {
        "records": [write_object(_fields(record)) for record in found],
        "next": str(found[-1].record_no) if more else "",
    }
    return Answer(answer, held.card_id, detail=_basis(found))


def _card(question: Question) -> HeldCard:
    return find_by_id(question.connection, question.parts.keyring, required(question.biz, "ehealth_card_id"))


def _evidence(question: Question, held: HeldCard) -> Evidence:
    biz = question.biz
    return consents.take_evidence(
        question.connection,
        question.parts.verification,
        held,
        optional(biz, "ehealth_code"),
        clerk(biz, held.identity),
        question.now_ms,
    )


def _content(biz: Mapping[str, str]) -> str:
    # The longest content is the rule of sharing, far above that of other fields.
    content = biz.get("content", "")
    if not content:
        raise RefusalError(BAD_FIELD, "content")
    return content


def _fields(record: sharing.SharedRecord) -> dict[str, str]:
    return {
        "record_id": record.record_id,
        "record_kind": record.kind,
        "document_type": record.document_type,
        "document_time": moment_text(record.at_ms, DATE_TIME),
        "org_code": record.org_code,
    }


def _basis(records: list[sharing.SharedRecord]) -> dict[str, str]:
    """Return what the audit says of an access: how many records, which one, and by whose leave."""
    used = sorted({consent for record in records for consent in record.consents})
    return {
        "records": str(len(records)),
        "record_id": records[0].record_id if len(records) == 1 else "",
        "own": str(sum(not record.consents for record in records)),
        "consents": " ".join(used),
    }


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "ehc.consent.grant": Method("record", grant),
        "ehc.consent.withdraw": Method("record", withdraw),
        "ehc.record.share": Method("record", share),
        "ehc.record.fetch": Method("record", fetch),
    }
)
