"""Whose card is whose, as the answers of a load tell: an answer may name the right card and describe somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from loadtests.asking import Question
from loadtests.callers import Asker
from loadtests.people import registration
from reference_impl.wire.exchange import Biz

_TOLD = ("mindex_id", "id_no", "name")
_WHOLE_MINDEX = re.compile(r"[0-9A-F]{32}")
_WHOLE_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
"""With a masked number many people look alike."""

_Tie = tuple[int, int]
"""Hashes of two things of which the first never goes with another second."""


class Holders:
    """One card, one person, for as long as a load lasts; nobody changes name or document under it.

    A platform may tell more of a person where a card is looked up than where a code is read, and more to one
    application than to another. So what is told of a card must be the same to the letter only where one application
    asked for one kind of thing. Beyond that only what one person has is compared, where it is told whole: a document's
    number whoever asked, a person's id among all answers to one application. Only hashes are kept.
    """

    def __init__(self) -> None:
        self._known: dict[int, int] = {}

    def registered(self, cards: Sequence[str], places: Sequence[int]) -> None:
        """Learn the cards of the residents who were registered before the load, one for each of their places."""
        for place, card_id in zip(places, cards, strict=True):
            id_no = registration(place, "")["id_no"]
            self._known.update(_held(card_id, "id_no", id_no))

    def contradicts(self, question: Question, asker: Asker, biz: Biz) -> bool:
        """Take in who holds a card; tell whether somebody else held it before, or the same person another card.

        Args:
            question: what was asked; a registration also tells, by the number that was sent, whose the new card is.
            asker: who asked.
            biz: the accepted answer.
        """
        card_id = question.card_id or str(biz.get("ehealth_card_id", ""))
        ties = [*_to_the_letter(card_id, question.kind, asker, biz), *_persons(card_id, question, asker, biz)]
        if any(self._known.get(one, other) != other for one, other in ties):
            return True
        # Only what contradicts nothing is believed, or every right answer after a wrong one would be found wrong too.
        self._known.update(ties)
        return False


def _to_the_letter(card_id: str, kind: str, asker: Asker, biz: Biz) -> Iterator[_Tie]:
    told = tuple(str(biz.get(name, "")) for name in _TOLD)
    if any(told):
        yield hash((asker.dialect, asker.app_id, kind, card_id)), hash(told)


def _persons(card_id: str, question: Question, asker: Asker, biz: Biz) -> Iterator[_Tie]:
    if question.kind == "registration":
        yield from _held(card_id, "id_no", question.biz["id_no"])
    id_no, mindex_id = str(biz.get("id_no", "")), str(biz.get("mindex_id", ""))
    if _WHOLE_NUMBER.fullmatch(id_no):
        yield from _held(card_id, "id_no", id_no)
    if _WHOLE_MINDEX.fullmatch(mindex_id):
        yield from _held(card_id, f"mindex_id {asker.dialect} {asker.app_id}", mindex_id)


def _held(card_id: str, what: str, value: str) -> Iterator[_Tie]:
    yield hash((what, "of", card_id)), hash(value)
    yield hash((what, value)), hash(card_id)
