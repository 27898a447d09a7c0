"""Whose card is whose, as the answers of a load tell: an answer may name the right card and describe somebody else."""

from __future__ import annotations

import re

from reference_impl.wire.exchange import Biz

_WHOLE_NUMBER = re.compile(r"\d{17}[\dX]")


class Holders:
    """One card, one person, for as long as a load lasts; nobody changes name or document under it.

    What a dialect tells of a person is compared with what it told before, and where that is a whole number of a
    document, also with whom it told of other cards. Only hashes are kept.
    """

    def __init__(self) -> None:
        self._holder_of: dict[tuple[str, str], int] = {}
        self._card_of: dict[tuple[str, int], str] = {}

    def contradicts(self, dialect: str, card_id: str, biz: Biz) -> bool:
        """Take in who holds a card; tell whether somebody else held it before, or the same person another card."""
        number, name = biz.get("id_no", ""), biz.get("name", "")
        if not number and not name:
            return False
        contradicted = self._holder_of.setdefault((dialect, card_id), hash((number, name))) != hash((number, name))
        if isinstance(number, str) and _WHOLE_NUMBER.fullmatch(number):
            contradicted |= self._card_of.setdefault((dialect, hash(number)), card_id) != card_id
        return contradicted
