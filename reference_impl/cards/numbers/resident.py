"""Citizen identity numbers: GB 11643-1999 (18 characters) and the first generation of 15 digits.

Layout: region 6 (GB/T 2260), birthday 8, sequence 3 (odd for men), check character. The first generation wrote the year
with two digits and had no check character; its sequence numbers 996 to 999 were kept for people born before 1900.
"""

from __future__ import annotations

import re
from datetime import date

from reference_impl.cards.numbers.mod_11_2 import check_digit, is_checked

_SECOND_GENERATION = re.compile(r"[0-9]{17}[0-9X]")
_FIRST_GENERATION = re.compile(r"[0-9]{15}")
_BORN_BEFORE_1900 = frozenset({"996", "997", "998", "999"})


def has_form(number: str) -> bool:
    """Tell whether a text has the form of either generation, whatever its digits say."""
    return bool(_SECOND_GENERATION.fullmatch(number) or _FIRST_GENERATION.fullmatch(number))


def modern(number: str) -> str:
    """Return the 18-character number of the person named by a number of either generation.

    Raises:
        ValueError: neither form, or the check character is wrong.
    """
    if _FIRST_GENERATION.fullmatch(number):
        century = "18" if number[12:] in _BORN_BEFORE_1900 else "19"
        body = number[:6] + century + number[6:]
        return body + check_digit(body)
    if not _SECOND_GENERATION.fullmatch(number) or not is_checked(number):
        raise ValueError("not a citizen identity number")
    return number


def birth_date(number: str) -> date:
    """Return the birthday in an 18-character number.

    Raises:
        ValueError: the number holds no day of the calendar.
    """
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def sex(number: str) -> str:
    """Return the sex an 18-character number gives, as a code of ``codetables.SEXES``: "1" male or "2" female."""
    return "1" if int(number[16]) % 2 else "2"
