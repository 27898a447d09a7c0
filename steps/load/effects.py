"""Effects that happened twice, by the platform's own audit: a report counted again, a person with two cards.

What a caller acknowledged says nothing here: where an answer was lost and the request made again, only the platform
knows how often it did what was asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from steps.load.audit_lines import accepted_lines

REPORT, REGISTER = "ehc.usage.report", "ehc.ehealthcard.register"


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
    for record in accepted_lines(audit):
        match record.op, record.detail or {}:
            case (op, {"report": str(number), "counted": "1"}) if op == REPORT:
                reports[number] += 1
            case (op, {"old_state": ""}) if op == REGISTER:
                cards[record.card_id or ""] += 1
    return Effects(len(reports), reports.total() - len(reports), len(cards), cards.total() - len(cards))
