"""The real-name check: does the register of persons know this document under this name? Asked before any card exists.

Reconstructed: the population register and its interface are not public, so a stand-in answers by the name it is asked
about, as payment sandboxes do by the amount.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from reference_impl.cards.documents import Document
from reference_impl.refusals import (
    BAD_NAME,
    NAME_REFUSED,
    REGISTER_UNAVAILABLE,
    UNKNOWN_PERSON,
    Outcome,
    RefusalError,
)

NAME_LIMIT = 50

_DOT = "·"
# People and input methods write the dot of a transcribed name in many ways.
_DOTS = dict.fromkeys(map(ord, "•‧・･⋅∙"), _DOT)


class Answer(Enum):
    """What a register answers."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNKNOWN = "unknown"
    UNAVAILABLE = "unavailable"


class RealNameSource(Protocol):
    """A register of persons, or the way to one."""

    def check(self, document: Document, name: str) -> Answer:
        """Compare a name, written as ``plain_name`` writes it, with the one the register has for the document."""
        ...


class StandInRegister:
    """Answers by the last character of the name: 冒 mismatch, 无 unknown, 停 unavailable, any other match."""

    def check(self, document: Document, name: str) -> Answer:  # noqa: ARG002 - the name alone decides
        """Answer as the class says."""
        return _MAGIC_ENDINGS.get(name[-1:], Answer.MATCH)


_MAGIC_ENDINGS = {"冒": Answer.MISMATCH, "无": Answer.UNKNOWN, "停": Answer.UNAVAILABLE}
_REFUSALS: dict[Answer, Outcome] = {
    Answer.MISMATCH: NAME_REFUSED,
    Answer.UNKNOWN: UNKNOWN_PERSON,
    Answer.UNAVAILABLE: REGISTER_UNAVAILABLE,
}


@dataclass(frozen=True)
class Authenticated:
    """A document and the name the register confirmed for it; made by ``authenticate`` alone."""

    document: Document
    name: str = field(repr=False)


def authenticate(source: RealNameSource, document: Document, name: str) -> Authenticated:
    """Ask the register; ask before a transaction is begun, for the register may be slow.

    Raises:
        RefusalError: bad_name, name_refused, unknown_person or register_unavailable.
    """
    plain = plain_name(name)
    answer = source.check(document, plain)
    if answer is not Answer.MATCH:
        raise RefusalError(_REFUSALS[answer], "name")
    return Authenticated(document, plain)


def plain_name(name: str) -> str:
    """Return a name in the one form in which names are compared: composed, its dots alike, no spaces around it.

    Raises:
        RefusalError: bad_name unless it has 1 to ``NAME_LIMIT`` letters, marks, dots, hyphens and single spaces, a
            letter first.
    """
    plain = unicodedata.normalize("NFC", name).translate(_DOTS).strip(" ")
    if not 1 <= len(plain) <= NAME_LIMIT or "  " in plain:
        raise RefusalError(BAD_NAME, "name")
    if not plain[0].isalpha() or not all(map(_may_stand, plain)):
        raise RefusalError(BAD_NAME, "name")
    return plain


def _may_stand(character: str) -> bool:
    return character in f"{_DOT} -" or unicodedata.category(character)[0] in "LM"
