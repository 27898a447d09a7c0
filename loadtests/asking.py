"""What is asked for each kind, and what its answer must say: the card that comes back belongs to what was sent."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from loadtests.people import registration
from reference_impl.wire.vocabulary import GENERATE, QUERY, REGISTER, USAGE, VERIFY

METHODS: Mapping[str, str] = MappingProxyType(
    {"verification": VERIFY, "generation": GENERATE, "query": QUERY, "registration": REGISTER, "usage": USAGE}
)
"""The neutral method of each kind."""

WRONG_PERSON = "wrong-person"
MALFORMED = "malformed"

_CARD_ID = re.compile(r"[0-9A-F]{64}")
_CODE = re.compile(r"[!-~]{1,1024}")
"""What can be shown once more: nothing that no wire carries."""
_SENT = ("id_no", "name")
"""What says who a resident is that is registered here."""
_MASKS = "xX某〇"
"""Letters and figures that stand for what is not told."""
_CHINA_S = 8 * 3600


@dataclass(frozen=True, slots=True)
class Question:
    """What one request asks.

    Attributes:
        kind: its kind.
        tag: unique for each request; wherever the method has a number of the sender's own, this is it.
        biz: business fields by their neutral names.
        card_id: the card it is about; "" where it makes one.
        code: the code that is shown; "" where none is.
    """

    kind: str
    tag: str
    biz: Mapping[str, str] = field(repr=False)
    card_id: str
    code: str = ""

    @property
    def dynamic(self) -> bool:
        """Whether the code may be used only once."""
        return self.code.startswith(f"{self.card_id}:0:")


def static_code(card_id: str) -> str:
    """Return the static code of a card."""
    return f"{card_id}:1"


def verification(tag: str, code: str) -> Question:
    """A code is scanned."""
    fields = {"ehealth_code": code, "medstepcode": "010101", "terminalcode": tag, "channelcode": "0100"}
    return Question("verification", tag, fields, code.partition(":")[0], code)


def generation(tag: str, card_id: str, count: int) -> Question:
    """So many dynamic codes of a card are fetched."""
    return Question("generation", tag, {"ehealth_card_id": card_id, "ewmbs": "0", "count": str(count)}, card_id)


def query(tag: str, card_id: str) -> Question:
    """Somebody looks a card up."""
    return Question("query", tag, {"ehealth_card_id": card_id}, card_id)


def registering(tag: str, place: int) -> Question:
    """A resident gets a card."""
    return Question("registration", tag, registration(place, tag), "")


def usage(tag: str, card_id: str, at_s: float) -> Question:
    """A step of a visit is reported, at a Unix time in seconds."""
    fields = {
        "seq_no": tag,
        "ehealth_card_id": card_id,
        "visit_no": tag,
        "time": time.strftime("%Y%m%d%H%M%S", time.gmtime(at_s + _CHINA_S)),
        "med_step_code": "010101",
        "channel_code": "0100",
        "department_type": "01",
    }
    return Question("usage", tag, fields, card_id)


def example(kind: str) -> Mapping[str, str]:
    """Return business fields of a kind, to see whether a dialect can carry them."""
    card_id = "0" * 64
    made = {
        "verification": lambda: verification("tag", static_code(card_id)),
        "generation": lambda: generation("tag", card_id, 1),
        "query": lambda: query("tag", card_id),
        "registration": lambda: registering("tag", 0),
        "usage": lambda: usage("tag", card_id, 0.0),
    }
    return made[kind]().biz


def wrong_with(question: Question, biz: Mapping[str, Any]) -> str:
    """Tell what is wrong with an accepted answer: ``WRONG_PERSON``, ``MALFORMED``, or "" for nothing."""
    match question.kind:
        case "generation":
            codes = fetched_codes(biz)
            if not codes:
                return MALFORMED
            return "" if all(code.startswith(f"{question.card_id}:") for code in codes) else WRONG_PERSON
        case "usage":
            # Dialects that answer a report with nothing but their success tell no number.
            told = biz.get("seq_no", question.tag)
            if not isinstance(told, str):
                return MALFORMED
            return "" if told == question.tag else WRONG_PERSON
    card_id = biz.get("ehealth_card_id")
    if not isinstance(card_id, str) or not _CARD_ID.fullmatch(card_id):
        return MALFORMED
    if question.kind == "registration":
        return WRONG_PERSON if any(_contradict(biz.get(name), question.biz[name]) for name in _SENT) else ""
    return "" if card_id == question.card_id else WRONG_PERSON


def fetched_codes(biz: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the codes of an answer to ``generation``, none if they are not as codes are; a platform may give one."""
    codes = biz.get("ehealth_codes")
    if codes is None:
        codes = biz.get("ehealth_code", ())
    some = (codes,) if isinstance(codes, str) else codes
    if not isinstance(some, (tuple, list)) or not all(isinstance(code, str) and _CODE.fullmatch(code) for code in some):
        return ()
    return tuple(some)


def _contradict(told: object, sent: str) -> bool:
    """Tell whether a text that came back is another one: a platform may leave it out, shorten it, or mask parts."""
    if not isinstance(told, str) or len(told) != len(sent):
        return False
    return any(one != other and _plain(one) for one, other in zip(told, sent, strict=True))


def _plain(letter: str) -> bool:
    return letter.isalnum() and letter not in _MASKS
