"""How rare a defect is: a number behind its name, ``loses-acknowledged-use/500``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reference_impl.platform import Platform

LARGEST = 10**9


@dataclass(frozen=True)
class Rarity:
    """What the number behind a defect's name means.

    Attributes:
        usual: the number where none is told.
        zh: what it counts, Chinese, a noun.
        en: the same in English.
        apply: exchanges the part of an assembled platform, so rarely.
    """

    usual: int
    zh: str
    en: str
    apply: Callable[[Platform, int], None]

    def usually(self, platform: Platform) -> None:
        """Exchange the part, as rarely as usual."""
        self.apply(platform, self.usual)


class Nth:
    """Tells of one time in ``number`` that it is asked, first after one and a half times as many.

    So whether a sample holds such a time does not hang on a few requests more or less where it is about that large.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._asked = -(number // 2)

    def __call__(self) -> bool:
        """Tell whether this is such a time."""
        self._asked += 1
        return self._asked > 0 and self._asked % self._number == 0


def told_number(text: str) -> int | None:
    """Return the number of a rarity, None where the text is no whole number from 1 to ``LARGEST``."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(LARGEST)):
        return None
    return int(text) if 1 <= int(text) <= LARGEST else None
