"""Dates and moments as a page shows them, in both languages."""

from __future__ import annotations

from datetime import date, datetime

from certification.catalogue import Text

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def day_text(day: date) -> Text:
    """A day."""
    return Text(zh=f"{day.year} 年 {day.month} 月 {day.day} 日", en=f"{day.day} {_MONTHS[day.month - 1]} {day.year}")


def moment_text(moment: datetime) -> Text:
    """A moment to the second, with its offset from UTC where that is known."""
    zone, day = moment.strftime("%z"), day_text(moment)
    offset = f"UTC{zone[:3]}:{zone[3:5]}" if zone else ""
    return Text(
        zh=f"{day.zh} {moment:%H:%M:%S}" + (f"（{offset}）" if zone else ""),
        en=f"{day.en}, {moment:%H:%M:%S}" + (f" ({offset})" if zone else ""),
    )


def days_text(first: date, last: date) -> Text:
    """A day, or the first and the last of several."""
    one, other = day_text(first), day_text(last)
    return one if first == last else Text(zh=f"{one.zh}至 {other.zh}", en=f"{one.en} to {other.en}")
