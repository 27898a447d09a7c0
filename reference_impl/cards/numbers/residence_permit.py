"""Foreigners' permanent residence identity cards: 18 digits since December 2023, three letters and 12 digits before.

Source: the National Immigration Administration's reading rules for the 2023 card (18 digits beginning with 9, check
character as on citizens' cards) and the published specimens 911124198108030024 and CAN110081080310. What those leave
open is reconstructed: where the parts stand, and the 7-3-1 check digit of the older form.

New form: 9, place of application 2, country 3 (ISO 3166 numeric), birthday 8, sequence 3, check character.
Old form: country 3 (ISO 3166 letters), place of application 4, birthday 6 (year of two digits), sequence 1, check
digit. Sequence numbers differ between the two, so one cannot be computed from the other.
"""

from __future__ import annotations

import re
from datetime import date

from reference_impl.cards.numbers.mod_11_2 import is_checked

_NEW = re.compile(r"9[0-9]{16}[0-9X]")
_OLD = re.compile(r"[A-Z]{3}[0-9]{12}")
_OLD_WEIGHTS = (7, 3, 1)


def has_form(number: str) -> bool:
    """Tell whether a text has the form of either card, whatever its characters say."""
    return bool(_NEW.fullmatch(number) or _OLD.fullmatch(number))


def old_check_digit(body: str) -> str:
    """Return the 15th character of an old number from its first 14: weights 7-3-1, letters count from A = 10."""
    return str(sum(int(character, 36) * _OLD_WEIGHTS[i % 3] for i, character in enumerate(body)) % 10)


def check(number: str) -> None:
    """Check the form and the check character.

    Raises:
        ValueError: neither form, or the check character is wrong.
    """
    if _NEW.fullmatch(number):
        sound = is_checked(number)
    else:
        sound = bool(_OLD.fullmatch(number)) and old_check_digit(number[:14]) == number[14]
    if not sound:
        raise ValueError("not a permanent residence number")


def birth_date(number: str, today: date) -> date:
    """Return the birthday; a year of two digits is the last one that is not in the future.

    Raises:
        ValueError: the number holds no day of the calendar.
    """
    if _NEW.fullmatch(number):
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    born = date(today.year // 100 * 100 + int(number[7:9]), int(number[9:11]), int(number[11:13]))
    return born if born <= today else born.replace(year=born.year - 100)
