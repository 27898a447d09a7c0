"""Organisation codes: GB 11714-1997, eight characters and a check character, written with or without a hyphen.

Letters count from A = 10, the modulus is 11: one wrong digit is always found, but not one letter for another that
counts 11, 22 or 33 more or less, nor a letter for such a digit (0 for B).
"""

from __future__ import annotations

import re

_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_FORM = re.compile(r"([0-9A-Z]{8})-?([0-9X])")


def check_character(body: str) -> str:
    """Return the ninth character of a code from its first eight."""
    remainder = 11 - sum(w * int(c, 36) for w, c in zip(_WEIGHTS, body, strict=True)) % 11
    return {10: "X", 11: "0"}.get(remainder, str(remainder))


def bare(code: str) -> str:
    """Return a code as nine characters without its hyphen.

    Raises:
        ValueError: another form, or the check character is wrong.
    """
    found = _FORM.fullmatch(code)
    if not found or check_character(found[1]) != found[2]:
        raise ValueError("not an organisation code")
    return found[1] + found[2]
