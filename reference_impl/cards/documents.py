"""Identity documents: the check digit of GB 11643-1999, and the guard that lets only synthetic persons in.

Region 439900 is not assigned to any county (GB/T 2260), so no real person holds a number that begins with it.
"""

from __future__ import annotations

import re
from datetime import date

from reference_impl.refusals import BAD_FIELD, BAD_IDENTITY, NOT_SYNTHETIC, RefusalError
from reference_impl.wire.codetables import ID_TYPES

SYNTHETIC_REGION = "439900"

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_RESIDENT_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_OTHER_NUMBER = re.compile(r"[0-9A-Z]{7,32}")
# A household book names its members by the same 18-digit number as the identity card.
_RESIDENT_ID_TYPES = frozenset({"01", "02"})


def check_digit(body: str) -> str:
    """Return the 18th character of a resident number from its first 17 digits (ISO 7064 MOD 11-2)."""
    return _CHECK_DIGITS[sum(w * int(d) for w, d in zip(_WEIGHTS, body, strict=True)) % 11]


def birthday(id_no: str) -> str:
    """Return the birthday inside a resident number as yyyy-MM-dd.

    Raises:
        ValueError: the number holds no calendar date.
    """
    return date(int(id_no[6:10]), int(id_no[10:12]), int(id_no[12:14])).isoformat()


def is_resident(id_type: str) -> bool:
    """Tell whether documents of this type carry an 18-character resident number."""
    return id_type in _RESIDENT_ID_TYPES


def check_document(id_type: str, id_no: str) -> None:
    """Let a synthetic document pass.

    Documents that carry no resident number have no region; this project's synthetic ones begin with it all the same.

    Raises:
        RefusalError: unknown type, a number that is not valid, or one that could belong to a real person.
    """
    if id_type not in ID_TYPES:
        raise RefusalError(BAD_FIELD, "id_type")
    form = _RESIDENT_NUMBER if is_resident(id_type) else _OTHER_NUMBER
    if not form.fullmatch(id_no):
        raise RefusalError(BAD_IDENTITY, "id_no")
    if not id_no.startswith(SYNTHETIC_REGION):
        raise RefusalError(NOT_SYNTHETIC, "id_no")
    if is_resident(id_type) and not _is_resident_number(id_no):
        raise RefusalError(BAD_IDENTITY, "id_no")


def _is_resident_number(id_no: str) -> bool:
    try:
        birthday(id_no)
    except ValueError:
        return False
    return check_digit(id_no[:17]) == id_no[17]
