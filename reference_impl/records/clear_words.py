"""What callers write in words of their own and the platform keeps in clear: what may not stand in it.

No rule knows every name and number. Refused are a run of digits as long as an identity or bank card number, and what
the platform knows, or is told in the same request, of the person it is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

OTHER = "other"
"""Stands for a name somebody used that is none of the platform's, and may be anything."""

PERSONAL_FIELDS = ("id_no", "name", "cellphone", "telephone", "motherIdCode", "motherName")
"""The business fields that tell who somebody is."""

_LONG_NUMBER = re.compile(r"\d{14,}")

_SHORTEST = 2
"""A name of one character is found by accident in whatever is written."""


def has_long_number(words: str) -> bool:
    """Tell whether a run of digits in ``words`` is as long as an identity or bank card number: 14 or more."""
    return _LONG_NUMBER.search(words) is not None


def tells_of(words: str, people: Iterable[Mapping[str, str]]) -> bool:
    """Tell whether one of ``PERSONAL_FIELDS`` of one of the people stands in ``words``."""
    told = (person.get(name, "") for person in people for name in PERSONAL_FIELDS)
    return any(len(value) >= _SHORTEST and value in words for value in told)
