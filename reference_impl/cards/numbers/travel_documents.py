"""Numbers without a check digit of their own: passports, permits to the mainland, birth certificates and others.

Sources: ICAO Doc 9303 (passports have at most nine characters); the Ministry of Public Security's rule for permits of
Hong Kong and Macao residents (letter, eight digits for life, two that count the issues); the seventh edition of the
medical certificate of birth (a letter and nine digits). Reconstructed: Taiwan permits (eight digits for life, on the
booklet followed by two that count the issues and perhaps a letter) and officers' cards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

PASSPORT = "03"
OFFICER = "04"
HONG_KONG_MACAO = "06"
TAIWAN = "07"
BIRTH_CERTIFICATE = "08"

_FORMS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        PASSPORT: re.compile(r"([0-9A-Z]{5,9})"),
        OFFICER: re.compile(r"([0-9A-Z]{6,8})"),
        HONG_KONG_MACAO: re.compile(r"([HM][0-9]{8})(?:[0-9]{2})?"),
        TAIWAN: re.compile(r"([0-9]{8})(?:[0-9]{2}[A-Z]?)?"),
        BIRTH_CERTIFICATE: re.compile(r"([A-Z][0-9]{9})"),
    }
)


def lasting_part(id_type: str, number: str) -> str:
    """Return the part of a number that stays when the document is issued anew, for a type of this module.

    Raises:
        ValueError: the number has not the form of its type.
    """
    found = _FORMS[id_type].fullmatch(number)
    if not found:
        raise ValueError("not a number of this type of document")
    return found[1]
