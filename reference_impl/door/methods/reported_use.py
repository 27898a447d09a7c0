"""Reports of use in the forms of other dialects, completed to the one form that ``usage`` takes.

Any dialect may name the card by a code instead of its id: the code need not be in force any more, for a report comes
after the use. SOAP says step and channel by the names that verification has. WeChat's report has neither a number nor a
step; reconstructed are the step that its ``scene`` is counted as, the time apart by hyphens, the holder by document
where there is no code, and a number made of everything reported, so that a report sent again counts once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from reference_impl.cards.documents import read_document
from reference_impl.cards.holding import find_by_document
from reference_impl.door.methods import usage
from reference_impl.door.methods.business_fields import chosen, optional, required
from reference_impl.door.methods.shown_codes import shown_code
from reference_impl.door.question import Answer, Method, Question
from reference_impl.wire import wechat
from reference_impl.wire.codetables import SCENES, STEP_OF_SCENE
from reference_impl.wire.strictjson import write_canonical
from reference_impl.wire.vocabulary import USAGE

WECHAT_ACCOUNT = "0401"
IDENTITY_CARD = "01"

_SAID_AS: Mapping[str, str] = MappingProxyType({"medstepcode": "med_step_code", "channelcode": "channel_code"})
_HYPHENED = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})")
_NUMBER_DIGITS = 32


def report(question: Question) -> Answer:
    """``ehc.usage.report``, from whichever dialect."""
    biz = {_SAID_AS.get(name, name): value for name, value in question.biz.items()} | dict(question.biz)
    if optional(biz, "ehealth_code"):
        biz["ehealth_card_id"] = shown_code(question).card_id
    if question.account.dialect == wechat.NAME:
        biz = _of_wechat(question, biz)
    return usage.report(replace(question, biz=biz))


def _of_wechat(question: Question, biz: dict[str, str]) -> dict[str, str]:
    scene = chosen(required(biz, "scene"), SCENES, "scene")
    completed = {
        "channel_code": WECHAT_ACCOUNT,
        "seq_no": hashlib.new("sm3", write_canonical(biz).encode()).hexdigest()[:_NUMBER_DIGITS],
        **biz,
        "time": _HYPHENED.sub(r"\1\2\3\4\5\6", required(biz, "time")),
        "med_step_code": STEP_OF_SCENE[scene],
    }
    if not optional(biz, "ehealth_card_id") and optional(biz, "id_no"):
        document = read_document(optional(biz, "id_type") or IDENTITY_CARD, biz["id_no"], question.now_ms)
        held = find_by_document(question.connection, question.parts.keyring, document)
        completed["ehealth_card_id"] = held.card_id
    return completed


METHODS: Mapping[str, Method] = MappingProxyType({USAGE: Method("usage", report)})
