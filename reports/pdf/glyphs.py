"""Which characters the fonts of a document have, and what stands for others: one more font would differ by machine."""

from __future__ import annotations

from functools import cache

import typst
from fontTools.ttLib import TTFont

from reports.errors import ReportError

FONTS = ("Noto Serif CJK SC", "Noto Sans CJK SC", "Noto Sans Mono CJK SC")
"""Families every template is set in; of their glyphs those used are embedded."""

_INSTEAD = {"\u202f": "\u00a0", "\u2009": "\u00a0", "✕": "×", "✗": "×", "⁻": "−"}
_SPACE = frozenset("\n\t")


def displayable(text: str) -> str:
    """The text with what the fonts lack exchanged: for what looks alike, else for its number, such as ``[U+0002]``.

    Raises:
        ReportError: a font is missing.
    """
    return text.translate({ord(character): _shown(character) for character in set(text) - _known()})


def _shown(character: str) -> str:
    return _INSTEAD.get(character, f"[U+{ord(character):04X}]")


@cache
def _known() -> frozenset[str]:
    """Characters that every one of the fonts has."""
    here = {font.family: font for font in typst.Fonts().fonts() if font.style == "normal" and font.weight == 400}
    if missing := [name for name in FONTS if name not in here]:
        raise ReportError(
            f"{', '.join(missing)} cannot be found, and a report is not set in whatever font there is",
            where="fonts",
            remedy="install it: sudo apt-get install fonts-noto-cjk",
        )
    covers = []
    for name in FONTS:
        with TTFont(here[name].path, fontNumber=here[name].index, lazy=True) as font:
            covers.append(frozenset(map(chr, font.getBestCmap())))
    return frozenset.intersection(*covers) | _SPACE
