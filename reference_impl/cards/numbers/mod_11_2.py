"""The check character of identity numbers: ISO 7064 MOD 11-2 as GB 11643-1999 applies it to 17 digits.

Eleven is prime and no weight is a multiple of it, so one wrong character is always found, and so is any swap of two
neighbours.
"""

from __future__ import annotations

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"


def check_digit(body: str) -> str:
    """Return the 18th character of a number from its first 17 digits."""
    return _CHECK_CHARACTERS[sum(w * int(d) for w, d in zip(_WEIGHTS, body, strict=True)) % 11]


def is_checked(number: str) -> bool:
    """Tell whether an 18-character number of the right form ends in its check character."""
    return check_digit(number[:17]) == number[17]
