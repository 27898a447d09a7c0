"""Effects that happened twice, by the platform's own audit: a report counted again, a person with two cards.

What a caller acknowledged says nothing here: where an answer was lost and the request made again, only the platform
knows how often it did what was asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from rigs.errors import SubjectFaultError
from rigs.platform_link import CHANNEL
from steps.load.audit_search import ACCEPTED

REPORT, REGISTER = "ehc.usage.report", "ehc.ehealthcard.register"


class _Record(msgspec.Struct):
    op: str
    outcome: str = ""
    card_id: str | None = None
    detail: dict[str, Any] | None = None


@dataclass(frozen=True)
class Effects:
    """What an audit says was done.

    Attributes:
        reports: how many different usage reports were counted.
        reports_again: how often one was counted after the first time.
        cards: how many different cards were made.
        cards_again: how often one was made after the first time.
    """

    reports: int
    reports_again: int
    cards: int
    cards_again: int


def effects(audit: Iterable[bytes]) -> Effects:
    """Count effects in an audit, a line of JSON for each record.

    A report is known by ``report`` in the detail of its record, which says ``counted`` where it was not taken in
    before; a card is made where ``old_state`` says that there was none.

    Raises:
        SubjectFaultError: a line of the audit is no record.
    """
    reports, cards = Counter[str](), Counter[str]()
    decode = msgspec.json.Decoder(_Record).decode
    for line in audit:
        try:
            record = decode(line)
        except msgspec.MsgspecError as error:
            raise SubjectFaultError("told an audit that is not JSON", where=CHANNEL) from error
        if record.outcome != ACCEPTED:
            continue
        match record.op, record.detail or {}:
            case (op, {"report": str(number), "counted": "1"}) if op == REPORT:
                reports[number] += 1
            case (op, {"old_state": ""}) if op == REGISTER:
                cards[record.card_id or ""] += 1
    return Effects(len(reports), reports.total() - len(reports), len(cards), cards.total() - len(cards))
