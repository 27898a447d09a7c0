"""Kinds of numbers that may be linked to a card: their form, how many a card may have, and how each is shown.

The notice asks that several codes become one (多码合一) and names the carriers; the forms of insurance and citizen
cards and all limits are reconstructed. Synthetic numbers begin with the region that is nobody's, bank cards with
999999, which no issuer has. A visit card's number says nothing of a person outside its institution, so any is let in
that could not be a citizen's or a bank card's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from reference_impl.cards.documents import SYNTHETIC_REGION
from reference_impl.cards.numbers import bank_card, resident
from reference_impl.refusals import BAD_FIELD, BAD_NUMBER, NOT_SYNTHETIC, RefusalError

SOCIAL_SECURITY = "social-security"
INSURANCE = "insurance"
CITIZEN = "citizen"
BANK = "bank"
VISIT_CARD = "visit-card"

SYNTHETIC_BANK_PREFIX = "999999"
_SYNTHETIC_PREFIXES = (SYNTHETIC_REGION, SYNTHETIC_BANK_PREFIX)


@dataclass(frozen=True)
class LinkKind:
    """One kind.

    Attributes:
        check: raises ValueError for a number of another form.
        prefix: what a synthetic number begins with.
        limit: how many of the kind a card may have.
        scoped: the number means something only together with the institution that gave it.
        shown: how many characters are shown at the beginning and at the end.
    """

    check: Callable[[str], object]
    prefix: str
    limit: int
    scoped: bool = False
    shown: tuple[int, int] = (6, 1)


def _form(pattern: str) -> Callable[[str], None]:
    compiled = re.compile(pattern)

    def check(number: str) -> None:
        if not compiled.fullmatch(number):
            raise ValueError("another form")

    return check


def _social_security(number: str) -> None:
    # The social security number is the citizen number; one of 15 digits would be a second number of one person.
    if resident.modern(number) != number:
        raise ValueError("first generation")
    resident.birth_date(number)


LINK_KINDS: Mapping[str, LinkKind] = MappingProxyType(
    {
        SOCIAL_SECURITY: LinkKind(_social_security, SYNTHETIC_REGION, limit=1),
        INSURANCE: LinkKind(_form(r"[0-9A-Z]{10,28}"), SYNTHETIC_REGION, limit=2),
        CITIZEN: LinkKind(_form(r"[0-9A-Z]{10,26}"), SYNTHETIC_REGION, limit=1),
        BANK: LinkKind(bank_card.check, SYNTHETIC_BANK_PREFIX, limit=5, shown=(6, 4)),
        VISIT_CARD: LinkKind(_form(r"[0-9A-Za-z-]{4,32}"), "", limit=60, scoped=True, shown=(0, 2)),
    }
)


def check_number(kind: str, number: str, org_code: str) -> None:
    """Let a number of a kind pass; ``org_code`` is looked at where the kind is scoped to an institution.

    Raises:
        RefusalError: bad_field for an unknown kind or a missing institution, bad_number, or not_synthetic.
    """
    if kind not in LINK_KINDS:
        raise RefusalError(BAD_FIELD, "link_kind")
    rule = LINK_KINDS[kind]
    if rule.scoped and not org_code:
        raise RefusalError(BAD_FIELD, "org_code")
    try:
        rule.check(number)
    except ValueError as error:
        raise RefusalError(BAD_NUMBER, "link_number") from error
    if rule.prefix:
        synthetic = number.startswith(rule.prefix)
    else:
        synthetic = number.startswith(_SYNTHETIC_PREFIXES) or not _could_be_anybodys(number)
    if not synthetic:
        raise RefusalError(NOT_SYNTHETIC, "link_number")


def _could_be_anybodys(number: str) -> bool:
    if resident.has_form(number):
        return True
    try:
        bank_card.check(number)
    except ValueError:
        return False
    return True


def masked(kind: str, number: str) -> str:
    """Return a number with its middle hidden, for people to recognise."""
    head, tail = LINK_KINDS[kind].shown
    return number[:head] + "*" * (len(number) - head - tail) + number[len(number) - tail :]
