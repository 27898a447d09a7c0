"""Synthetic residents for load: region 439900, which GB/T 2260 assigns to nobody; the check digit follows GB 11643.

They are born between 1950 and 2009. Who is at a place has one number and one name, so that asking for the same person
again, in this load or another, is the same request.
"""

from __future__ import annotations

import time

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_GIVEN = "甲乙丙丁戊己庚辛壬癸"
_YEARS, _MONTHS, _DAYS, _SEQUENCES = 60, 12, 28, 1000
PLACES = _YEARS * _MONTHS * _DAYS * _SEQUENCES
"""So many different people there are."""
_BEFOREHAND = PLACES // 2
"""The first place of those who are there before a load, behind all whom it registers itself."""

_SCATTER = 7_368_787
"""A prime that does not divide ``PLACES``: neighbours are born far apart."""


def beforehand(lot: int, number: int) -> range:
    """Return the places of so many residents who are there before a load; loads of different lots share none.

    They are the same in every load of a lot, so that registering them again changes nothing.
    """
    first = _BEFOREHAND + lot % max(1, _BEFOREHAND // number) * number
    return range(first, first + number)


def registration(place: int, register_no: str) -> dict[str, str]:
    """Return one resident as ``ehc.ehealthcard.register`` takes it; places beyond ``PLACES`` begin anew."""
    where = place * _SCATTER % PLACES
    rest, sequence = divmod(where, _SEQUENCES)
    rest, day = divmod(rest, _DAYS)
    year, month = divmod(rest, _MONTHS)
    body = f"439900{1950 + year}{month + 1:02d}{day + 1:02d}{sequence:03d}"
    check = "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]
    return {
        "register_no": register_no,
        "register_time": time.strftime("%Y%m%d%H%M%S"),
        "apply_type": "3",
        "clerk_id": "synthetic-clerk",
        "id_type": "01",
        "id_no": body + check,
        "name": "压测" + _GIVEN[where % 10] + _GIVEN[where // 10 % 10],
    }
