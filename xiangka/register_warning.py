"""The work of ``xiangka register warnings``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from datetime import date

from certification.certificates import AFTER_EXPIRY, Certificate, as_of, untold, warning
from certification.exit_codes import ExitCode
from xiangka.register_opening import day_of, now, open_book, read_book


def warnings(options: argparse.Namespace) -> int:
    """List certificates that expire soon; what is told of a day that has not come is told again on that day."""
    day = day_of(options)
    with open_book(options) as book:
        certificates = as_of(read_book(book, options).certificates.values(), day)
        told = book.warned() if options.new else {}
        due = [
            (one, _due(one, day, told.get((one.number, one.wording.expires), set()), new=options.new))
            for one in certificates
        ]
        found = [(one, ahead) for one, ahead in due if ahead is not None]
        _tell_warnings(found, day, as_json=options.json)
        come = day <= now().date()
        for one, ahead in found if options.new and come else ():
            book.note_warning(one.number, one.wording.expires, ahead, day)
    return int(ExitCode.PASSED)


def _tell_warnings(found: Sequence[tuple[Certificate, int]], day: date, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([_record(one, ahead, day) for one, ahead in found], ensure_ascii=False, indent=1))
        return
    for one, ahead in found:
        left, until = one.days_left(day), one.wording.expires
        if ahead == AFTER_EXPIRY:
            print(f"{one.number}: 已过期 {-left} 天 expired {-left} days ago, on {until}")
        else:
            zh, en = f"{left} 天后到期（{ahead} 天预警）", f"expires in {left} days, on {until} ({ahead}-day warning)"
            print(f"{one.number}: {zh}{en}")


def _due(certificate: Certificate, day: date, told: set[int], *, new: bool) -> int | None:
    return untold(certificate, day, told) if new else warning(certificate, day)


def _record(certificate: Certificate, ahead: int, day: date) -> dict[str, object]:
    wording = certificate.wording
    return {
        "certificate": certificate.number,
        "vendor": wording.subject.vendor,
        "model": wording.subject.model,
        "expires": wording.expires.isoformat(),
        "days_left": certificate.days_left(day),
        "days_ahead": ahead,
    }
