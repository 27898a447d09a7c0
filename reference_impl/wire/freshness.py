"""The window around the receiver's clock: a request dated outside it, before or after, is refused."""

from __future__ import annotations

import re

from reference_impl.wire.errors import MalformedError, StaleTimestampError

_NUMBER = re.compile(r"[0-9]{1,15}")


def fresh(timestamp_ms: int, now_ms: int, window_s: int) -> int:
    """Return ``timestamp_ms`` (Unix milliseconds) if it is at most ``window_s`` seconds away from ``now_ms``.

    Raises:
        StaleTimestampError: it is farther, before or after.
    """
    if abs(now_ms - timestamp_ms) > window_s * 1000:
        raise StaleTimestampError
    return timestamp_ms


def whole_number(text: str, where: str) -> int:
    """Return the number written in 1 to 15 ASCII digits.

    Raises:
        MalformedError: it is not so written.
    """
    if not _NUMBER.fullmatch(text):
        raise MalformedError(where)
    return int(text)
