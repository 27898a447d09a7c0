"""Texts that have to fit a column beside a plot and still be told from one another."""

from __future__ import annotations

from collections.abc import Sequence

from certification.catalogue import Text
from reports.words import shortened


def fits(text: Text, columns: int) -> bool:
    """Whether a text need not be shortened, a Chinese character counting twice."""
    return shortened(text, columns) == text


def shortened_apart(texts: Sequence[Text], columns: int) -> list[Text]:
    """Texts that fit a column and differ where they did: what would come out alike is numbered by its place."""
    cut = [shortened(text, columns) for text in texts]
    return [
        _numbered(text, place, columns) if _alike(texts, cut, place) else cut[place] for place, text in enumerate(texts)
    ]


def _alike(texts: Sequence[Text], cut: Sequence[Text], place: int) -> bool:
    """Whether another text, cut, cannot be told from this one in one of the languages."""
    return any(
        text != texts[place] and (other.zh == cut[place].zh or other.en == cut[place].en)
        for text, other in zip(texts, cut, strict=True)
    )


def _numbered(text: Text, place: int, columns: int) -> Text:
    number = f"{place + 1}. "
    short = shortened(text, columns - len(number))
    return Text(zh=number + short.zh, en=number + short.en)
