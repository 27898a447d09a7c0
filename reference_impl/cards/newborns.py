"""Children without a document: named by their mother's document, their birthday and their order in a multiple birth.

The fields are those of a hospital's front box (personnelType 2, multifetalMark, motherName, motherIdCode). The birthday
among them is reconstructed: without it a later child would take the place of an earlier one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from reference_impl.cards.documents import OTHER, Document, check_birthday, china_date
from reference_impl.cards.real_name import Authenticated, RealNameSource, authenticate, plain_name
from reference_impl.refusals import BAD_FIELD, RefusalError

_ORDER = re.compile(r"[1-9]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Newborn(Document):
    """A child in place of a document: type "99" and no number; ``mother_text`` is the mother's person text."""

    mother_text: bytes = field(repr=False)


def read_newborn(mother: Document, multifetal_mark: str, birthday: str, now_ms: int) -> Newborn:
    """Name a child by its mother's document, "1" to "9" for its order, and its birthday (yyyy-MM-dd).

    Raises:
        RefusalError: bad_field for an order or birthday that cannot be.
    """
    if not _ORDER.fullmatch(multifetal_mark):
        raise RefusalError(BAD_FIELD, "multifetal_mark")
    try:
        # fromisoformat takes other forms too, which would name one child twice.
        if not _DAY.fullmatch(birthday):
            raise ValueError(birthday)
        born = date.fromisoformat(birthday)
        check_birthday(born, china_date(now_ms))
    except ValueError as error:
        raise RefusalError(BAD_FIELD, "birthday") from error
    text = b"|".join((b"child", mother.person_text, birthday.encode(), multifetal_mark.encode()))
    return Newborn(OTHER, "", born, text, mother.person_text)


def authenticate_newborn(
    source: RealNameSource, mother: Document, mother_name: str, child: Newborn, child_name: str
) -> Authenticated:
    """Ask the register about the mother; the child's name is the one she gives.

    Raises:
        RefusalError: as ``real_name.authenticate`` says, about either name.
    """
    name = plain_name(child_name)
    authenticate(source, mother, mother_name)
    return Authenticated(child, name)
