"""Identity documents: read, brought to one form, and let in only if they can belong to no real person.

Synthetic numbers are marked where no authority can give them: region 439900 belongs to no county (GB/T 2260), place of
application 99 to no province. A citizen number begins with the region; a document of another kind has the region before
its usual number; a foreigner's permanent residence number begins with 999, or has 4399 after its country letters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

from reference_impl.cards.numbers import residence_permit, resident, travel_documents
from reference_impl.refusals import BAD_FIELD, BAD_IDENTITY, NOT_SYNTHETIC, RefusalError
from reference_impl.wire.codetables import ID_TYPES

SYNTHETIC_REGION = "439900"
MAX_AGE_YEARS = 150

OTHER = "99"
_CITIZEN = "01"
# A household book names its members by their citizen number, and a driving licence has its holder's for its own.
_CITIZEN_ID_TYPES = frozenset({_CITIZEN, "02", "05"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).astimezone(timezone(timedelta(hours=8)))
_OTHER_LENGTHS = range(1, 27)


@dataclass(frozen=True)
class Document:
    """One document, read and found possible.

    Attributes:
        id_type: a code of ``codetables.ID_TYPES``.
        id_no: the number as it is stored; a citizen number of the first generation has become one of 18 characters.
        born: the birthday in the number, None where the number holds none.
        person_text: stands for the person wherever a document is hashed under a key; documents that name one person by
            one number, and reissues of one permit, have it in common.
    """

    id_type: str
    id_no: str = field(repr=False)
    born: date | None = field(repr=False)
    person_text: bytes = field(repr=False)


def china_date(now_ms: int) -> date:
    """Return the day it is in China at a Unix time in milliseconds."""
    return (_EPOCH + timedelta(milliseconds=now_ms)).date()


def is_resident(id_type: str) -> bool:
    """Tell whether documents of this type carry a citizen number."""
    return id_type in _CITIZEN_ID_TYPES


def read_document(id_type: str, id_no: str, now_ms: int) -> Document:
    """Read a synthetic document at a Unix time in milliseconds.

    Raises:
        RefusalError: bad_field for an unknown type; bad_identity for a number that is not valid, or a birthday that is
            in the future or more than ``MAX_AGE_YEARS`` ago; not_synthetic for one that could belong to a real person.
    """
    if id_type not in ID_TYPES:
        raise RefusalError(BAD_FIELD, "id_type")
    today = china_date(now_ms)
    try:
        if is_resident(id_type):
            return _citizen(id_type, id_no, today)
        if id_type == OTHER:
            return _residence_permit(id_no, today) if residence_permit.has_form(id_no) else _other(id_no)
        return _travel_document(id_type, id_no)
    except ValueError as error:
        raise RefusalError(BAD_IDENTITY, "id_no") from error


def check_birthday(born: date, today: date) -> None:
    """Demand that somebody alive may have been born that day.

    Raises:
        ValueError: the day is in the future or too long ago.
    """
    # A day is compared by its parts, so that 29 February needs no counterpart 150 years later.
    if born > today or (born.year + MAX_AGE_YEARS, born.month, born.day) < (today.year, today.month, today.day):
        raise ValueError("nobody alive was born that day")


def _citizen(id_type: str, id_no: str, today: date) -> Document:
    if resident.has_form(id_no) and not id_no.startswith(SYNTHETIC_REGION):
        raise RefusalError(NOT_SYNTHETIC, "id_no")
    number = resident.modern(id_no)
    born = resident.birth_date(number)
    check_birthday(born, today)
    return Document(id_type, number, born, _text(_CITIZEN, number))


def _residence_permit(id_no: str, today: date) -> Document:
    synthetic = id_no.startswith("999") if id_no[0].isdigit() else id_no[3:7] == "4399"
    if not synthetic:
        raise RefusalError(NOT_SYNTHETIC, "id_no")
    residence_permit.check(id_no)
    born = residence_permit.birth_date(id_no, today)
    check_birthday(born, today)
    return Document(OTHER, id_no, born, _text(OTHER, id_no))


def _travel_document(id_type: str, id_no: str) -> Document:
    number = id_no.removeprefix(SYNTHETIC_REGION)
    lasting = travel_documents.lasting_part(id_type, number)
    if number == id_no:
        raise RefusalError(NOT_SYNTHETIC, "id_no")
    return Document(id_type, id_no, None, _text(id_type, SYNTHETIC_REGION + lasting))


def _other(id_no: str) -> Document:
    number = id_no.removeprefix(SYNTHETIC_REGION)
    if len(number) not in _OTHER_LENGTHS or not (number.isascii() and number.isalnum() and number == number.upper()):
        raise ValueError("not a number of any document")
    if number == id_no:
        raise RefusalError(NOT_SYNTHETIC, "id_no")
    return Document(OTHER, id_no, None, _text(OTHER, id_no))


def _text(id_type: str, id_no: str) -> bytes:
    return f"{id_type}|{id_no}".encode()
