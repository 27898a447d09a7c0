"""The clinical actions of the primary-care system: each uses a card for one step of a visit, and is counted as such.

Reconstructed: the names, the fields, and which step each action is. The card is shown as a code, which is used up as by
verification, or named by its id. An action sent again under its ``seq_no`` uses nothing up and counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from reference_impl.cards.holding import HeldCard, find_by_id, require_active
from reference_impl.door.methods import usage
from reference_impl.door.methods.business_fields import optional, required
from reference_impl.door.methods.codes import card_and_holder
from reference_impl.door.methods.shown_codes import card_of_code, shown_code, use_up
from reference_impl.door.question import Answer, Method, Question
from reference_impl.records.usage import take
from reference_impl.wire.payload import CardCode
from reference_impl.wire.vocabulary import DISPENSE, PUBLIC_HEALTH, SETTLE, VISIT

STEP_OF: Mapping[str, str] = MappingProxyType(
    {VISIT: "010101", DISPENSE: "010103", SETTLE: "010105", PUBLIC_HEALTH: "000000"}
)
"""The step of ``codetables.STEPS`` that each action is reported as; public-health services are none of a treatment."""

WINDOW = "0100"
DEPARTMENT = "primary-care"


def act(question: Question) -> Answer:
    """Serve one action: ``ehealth_code`` or ``ehealth_card_id``, ``seq_no``, ``time``; the rest as a report of use."""
    held, code = _card(question)
    told = {
        "channel_code": WINDOW,
        "department_type": DEPARTMENT,
        **{name: value for name, value in question.biz.items() if value},
        "ehealth_card_id": held.card_id,
        "med_step_code": STEP_OF[question.method],
    }
    report = usage.read_report(replace(question, biz=told))
    counted = take(question.connection, report, question.now_ms)
    if counted and code is not None:
        use_up(question, code)
    detail = {
        "report": report.report_key,
        "step": report.step,
        "channel": report.channel,
        "scene": report.scene,
        "shown": "code" if code else "card id",
        "counted": str(int(counted)),
    }
    answer = {**card_and_holder(held), "seq_no": question.biz["seq_no"], "counted": detail["counted"]}
    return Answer(answer, held.card_id, detail=detail)


def _card(question: Question) -> tuple[HeldCard, CardCode | None]:
    if optional(question.biz, "ehealth_code"):
        code = shown_code(question)
        return card_of_code(question, code), code
    card_id = required(question.biz, "ehealth_card_id")
    held = find_by_id(question.connection, question.parts.keyring, card_id)
    require_active(held)
    return held, None


METHODS: Mapping[str, Method] = MappingProxyType(dict.fromkeys(STEP_OF, Method("verify", act)))
