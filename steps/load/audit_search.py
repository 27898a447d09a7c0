"""Looks acknowledged effects up in the platform's own audit, which may hold half a million records."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from loadtests.record import Acknowledged
from rigs.errors import SubjectFaultError
from rigs.platform_link import CHANNEL

OPERATIONS = {
    "ehc.ehealthcode.verify": "verification",
    "ehc.usage.report": "usage",
    "ehc.ehealthcard.register": "registration",
}
ACCEPTED = "000"
EXAMPLES = 20
EVERY = 20_000
"""Records between two words of how far the search is."""

Key = tuple[str, str]
"""Kind of an effect, and what its record is known by: the tag of a verification, else a digest of the card."""


class AuditLine(msgspec.Struct):
    """What is read of a record."""

    op: str
    outcome: str = ""
    card_id: str | None = None
    detail: dict[str, Any] | None = None


@dataclass(frozen=True)
class Found:
    """What the audit says of acknowledged effects.

    Attributes:
        acknowledged: how many there are, by kind.
        lost: how many of them have no record, by kind.
        doubled: verifications with more than one accepted record, but for those of a static code: whoever shows that
            again, for the first answer was lost, is rightly accepted again.
        examples: tags of some that are lost or doubled.
    """

    acknowledged: Counter[str]
    lost: Counter[str]
    doubled: int
    examples: tuple[str, ...]


def search(
    acknowledged: Iterable[Acknowledged], audit: Iterable[bytes], tell: Callable[[int], None] = lambda _: None
) -> Found:
    """Compare.

    Args:
        acknowledged: effects the platform acknowledged.
        audit: the audit from before the load on, a line of JSON for each record.
        tell: told now and then how many records were read.

    Raises:
        SubjectFaultError: a line of the audit is no record.
    """
    effects = Counter[Key]()
    tags: dict[Key, str] = {}
    digests: dict[Key, str] = {}
    for one in acknowledged:
        key = (one.kind, one.tag if one.kind == "verification" else one.code_digest.lower())
        effects[key] += 1
        tags[key] = one.tag
        digests[key] = one.code_digest.lower()
    recorded, static = Counter[Key](), set[Key]()
    for key, card_id in _accepted(audit, tell):
        if key in effects:
            recorded[key] += 1
            if recorded[key] > 1 and digests[key] == _digest(f"{card_id}:1"):
                static.add(key)
    lost, doubled = Counter[str](), 0
    examples: list[str] = []
    for key, times in effects.items():
        missing = max(0, times - recorded[key])
        twice = key[0] == "verification" and recorded[key] > times and key not in static
        lost[key[0]] += missing
        doubled += twice
        if (missing or twice) and len(examples) < EXAMPLES:
            examples.append(tags[key])
    total = Counter[str]()
    for (kind, _), times in effects.items():
        total[kind] += times
    return Found(total, lost, doubled, tuple(examples))


def _accepted(audit: Iterable[bytes], tell: Callable[[int], None]) -> Iterator[tuple[Key, str]]:
    """What each record of an accepted effect is known by, and the card it is about."""
    decode = msgspec.json.Decoder(AuditLine).decode
    for number, line in enumerate(audit, 1):
        if number % EVERY == 0:
            tell(number)
        try:
            record = decode(line)
        except msgspec.MsgspecError as error:
            raise SubjectFaultError("told an audit that is not JSON", where=CHANNEL) from error
        kind = OPERATIONS.get(record.op)
        if kind is None or record.outcome != ACCEPTED:
            continue
        card_id = (record.card_id or "").upper()
        if kind == "verification":
            yield (kind, str((record.detail or {}).get("terminalcode", ""))), card_id
        elif card_id:
            yield (kind, _digest(card_id)), card_id


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
