"""Looking for numbers of cards in bytes that a host received or found: as text, packed, and as their encodings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from evidence.spellings import forms
from rigs.clear_text import content_of, files_below, found_in_clear
from rigs.errors import RigError


def numbers_in_bytes(numbers: Mapping[str, str], pieces: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, str]]:
    """Which numbers stand in what was received, and over which link.

    What a link delivered is searched as a whole, so that a number split over two messages is found too; packed digits
    are found at either nibble.

    Args:
        numbers: what is looked for, by a name that may be told.
        pieces: link and bytes, in order of arrival.
    """
    whole: dict[str, bytes] = {}
    for link, piece in pieces:
        whole[link] = whole.get(link, b"") + piece
    for link, data in whole.items():
        digits = data.hex()
        for name, number in numbers.items():
            plain = (form for made in forms(number).values() for form in made)
            if number in digits or any(form in data for form in plain):
                yield name, link


def numbers_in_files(numbers: Mapping[str, str], folders: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Which numbers stand in files, and in which one.

    Raises:
        RigError: there is nothing at a place, or a file cannot be read.
    """
    files = list(files_below(map(_existing, folders)))
    for name, (_, file) in found_in_clear(numbers, files).items():
        yield name, file
    for path in files:
        digits = content_of(path).hex()
        for name, number in numbers.items():
            if number in digits:
                yield f"{name}, packed", path.name


def _existing(place: Path) -> Path:
    if not place.exists():
        raise RigError(
            f"there is nothing at {place}", where="cards", remedy="correct `logs` of [cards] in the bench file"
        )
    return place
