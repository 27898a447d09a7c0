"""Whose card is whose, as the answers of a load tell: an answer may name the right card and describe somebody else."""

from __future__ import annotations

import re

from reference_impl.wire.exchange import Biz

_TOLD = ("mindex_id", "id_no", "name")
_UNIQUE = re.compile(r"[0-9A-F]{32}|\d{17}[\dX]")
"""A person id, or a whole number of a document; with a masked number many people look alike."""


class Holders:
    """One card, one person, for as long as a load lasts; nobody changes name or document under it.

    What a dialect tells of a person is compared with what it told before of the same card; and where it tells what only
    one person has, also with whom it told of other cards. Only hashes are kept.
    """

    def __init__(self) -> None:
        self._holder_of: dict[tuple[str, str], int] = {}
        self._card_of: dict[tuple[str, int], str] = {}

    def contradicts(self, dialect: str, card_id: str, biz: Biz) -> bool:
        """Take in who holds a card; tell whether somebody else held it before, or the same person another card."""
        told = tuple(str(biz.get(name, "")) for name in _TOLD)
        if not any(told):
            return False
        card, persons = (dialect, card_id), [(dialect, hash(value)) for value in told if _UNIQUE.fullmatch(value)]
        if self._holder_of.get(card, hash(told)) != hash(told):
            return True
        if any(self._card_of.get(person, card_id) != card_id for person in persons):
            return True
        # Only what contradicts nothing is believed, or every right answer after a wrong one would be found wrong too.
        self._holder_of[card] = hash(told)
        self._card_of.update(dict.fromkeys(persons, card_id))
        return False
