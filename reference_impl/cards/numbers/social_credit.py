"""Unified social credit codes of legal persons: GB 32100-2015, 18 characters, check character MOD 31-3.

Layout: registering authority 1, kind of body 1, region 6 (GB/T 2260), organisation code 9 (GB 11714), check character.
31 is prime and the alphabet has 31 characters: one wrong character is always found.
"""

from __future__ import annotations

import re

from reference_impl.cards.numbers import organisation

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_FORM = re.compile(rf"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}")


def check_character(body: str) -> str:
    """Return the 18th character of a code from its first 17."""
    return ALPHABET[-sum(w * ALPHABET.index(c) for w, c in zip(_WEIGHTS, body, strict=True)) % 31]


def check(code: str) -> None:
    """Check form, check character, and the check character of the organisation code inside.

    Raises:
        ValueError: one of them is wrong.
    """
    if not _FORM.fullmatch(code) or check_character(code[:17]) != code[17]:
        raise ValueError("not a unified social credit code")
    organisation.bare(code[8:17])
