"""The calendar the dialects and the statistics count in: China Standard Time, eight hours ahead, the year round."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
OFFSET_MS = 8 * 3_600_000
DAY_MS = 86_400_000

_FIRST_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def day_number(at_ms: int) -> int:
    """Return the calendar day of a moment (Unix ms), as days since 1 January 1970."""
    return (at_ms + OFFSET_MS) // DAY_MS


def day_text(number: int) -> str:
    """Return a day as ``yyyy-MM-dd``."""
    return date.fromordinal(_FIRST_DAY + number).isoformat()


def start_of(day: date) -> int:
    """Return the moment a day begins, Unix ms."""
    return (day.toordinal() - _FIRST_DAY) * DAY_MS - OFFSET_MS


def moment_ms(text: str, form: str) -> int:
    """Return the moment, Unix ms, of a time written in ``form``.

    Raises:
        ValueError: it is not written so.
    """
    # Subtracting, unlike converting to another zone, knows no first and last year.
    since = datetime.strptime(text, form).replace(tzinfo=CHINA) - _EPOCH
    return since // timedelta(milliseconds=1)


def moment_text(at_ms: int, form: str) -> str:
    """Return a moment, Unix ms, written in ``form``."""
    return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(CHINA).strftime(form)
