"""Codes of health institutions: WS 218-2002, 22 characters.

Layout: organisation code 9 (GB 11714), region 6 (GB/T 2260), form of ownership 2 (GB/T 12402), kind of institution 4,
management class 1. The lengths are public; reconstructed are the letters a kind may begin with (A to P) and the
classes (1 non-profit, 2 for profit, 9 other).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reference_impl.cards.numbers import organisation

_FORM = re.compile(r"([0-9A-Z]{8}[0-9X])([0-9]{6})([0-9]{2})([A-P][0-9]{3})([129])")


@dataclass(frozen=True)
class InstitutionCode:
    """A code taken apart: 9, 6, 2, 4 and 1 characters."""

    organisation: str
    region: str
    ownership: str
    kind: str
    management: str


def read(code: str) -> InstitutionCode:
    """Take a code apart.

    Raises:
        ValueError: another form, or the organisation code's check character is wrong.
    """
    found = _FORM.fullmatch(code)
    if not found:
        raise ValueError("not a code of a health institution")
    organisation.bare(found[1])
    return InstitutionCode(*found.groups())
