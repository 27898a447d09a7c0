"""A plot of a page as a picture by itself: labels in one language, and as wide as its longest label needs.

On a page a label may stick out of its plot; a picture would cut it off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.pdf.glyphs import displayable
from reports.pdf.typesetting import Language
from reports.svg import Plot

_OTHER = {
    "zh": re.compile(r'<text class="en"[^>]*>.*?</text>', re.DOTALL),
    "en": re.compile(r'<text class="zh"[^>]*>.*?</text>', re.DOTALL),
}
_OPENING = re.compile(r'<svg class="plot" viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>')
_LABEL = re.compile(
    r'<text[^>]*?style="font-size: (?P<size>[\d.]+)px; text-anchor: (?P<anchor>\w+)[^"]*" x="(?P<x>[\d.-]+)"[^>]*>'
    r"(?P<text>.*?)</text>"
)
_ENTITY = re.compile(r"&\w+;|&#\d+;")
_FONT = "Noto Sans CJK SC"
_LATIN = 0.58
"""Mean width of a Latin letter of the font, in its size; a Chinese character is as wide as its size."""


def plot_picture(plot: Plot, lang: Language) -> bytes:
    """The plot as an SVG file."""
    svg = displayable(_OTHER[lang].sub("", str(plot.svg)))
    opening = _OPENING.search(svg)
    if opening is None:
        raise ValueError("a plot begins otherwise than the canvas writes it")
    width, height = float(opening[1]), float(opening[2])
    ends = list(_ends(svg))
    left, right = min(0.0, *(one for one, _ in ends)), max(width, *(other for _, other in ends))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" font-family="{_FONT}" stroke-linejoin="round" '
        f'viewBox="{left:.1f} 0 {right - left:.1f} {height:g}">'
    )
    return (head + svg[opening.end() :]).encode()


def _ends(svg: str) -> Iterator[tuple[float, float]]:
    """Where each label begins and ends."""
    yield 0.0, 0.0
    for label in _LABEL.finditer(svg):
        text = _ENTITY.sub("x", label["text"])
        wide = float(label["size"]) * sum(1 if character >= "\u2e80" else _LATIN for character in text)
        x = float(label["x"])
        begin = x - {"start": 0.0, "middle": wide / 2}.get(label["anchor"], wide)
        yield begin, begin + wide
