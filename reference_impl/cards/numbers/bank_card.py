"""Bank card numbers: ISO/IEC 7812-1, 16 to 19 digits, the last by Luhn's formula, which finds one wrong digit."""

from __future__ import annotations

import re

_FORM = re.compile(r"[0-9]{16,19}")


def check_digit(body: str) -> str:
    """Return the last digit of a number from those before it."""
    total = 0
    for place, character in enumerate(reversed(body)):
        digit = int(character) * (2 - place % 2)
        total += digit // 10 + digit % 10
    return str(-total % 10)


def check(number: str) -> None:
    """Check form and check digit.

    Raises:
        ValueError: one of them is wrong.
    """
    if not _FORM.fullmatch(number) or check_digit(number[:-1]) != number[-1]:
        raise ValueError("not a bank card number")
