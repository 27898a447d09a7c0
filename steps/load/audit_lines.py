"""What is read of a platform's audit after a load: its accepted records, one line of JSON each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from rigs.errors import SubjectFaultError
from rigs.platform_link import CHANNEL

EVERY = 20_000
"""Records between two words of how far the reading is."""

ACCEPTED = "000"
"""The outcome of what was accepted."""


class AuditLine(msgspec.Struct):
    """What is read of a record."""

    op: str
    outcome: str = ""
    card_id: str | None = None
    detail: dict[str, Any] | None = None


def accepted_lines(audit: Iterable[bytes], tell: Callable[[int], None] = lambda _: None) -> Iterator[AuditLine]:
    """Records of what was accepted.

    Args:
        audit: its lines.
        tell: told now and then how many were read.

    Raises:
        SubjectFaultError: a line is no record.
    """
    decode = msgspec.json.Decoder(AuditLine).decode
    for number, line in enumerate(audit, 1):
        if number % EVERY == 0:
            tell(number)
        try:
            record = decode(line)
        except msgspec.MsgspecError as error:
            raise SubjectFaultError("told an audit that is not JSON", where=CHANNEL) from error
        if record.outcome == ACCEPTED:
            yield record
