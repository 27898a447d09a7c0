"""A drawing canvas whose labels are in both languages: matplotlib draws, what leaves is small, plain, inline SVG.

Every label is drawn as a short mark and put in its two languages afterwards, so that the page's language switch
works inside a plot and no font has to be installed where the report is made.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from certification.catalogue import Text
from reports.masking import masked

INK, MUTED, LINE, FAINT = "#1f2933", "#56616d", "#c9d1d9", "#e9edf1"
GOOD, BAD, OPEN, REPORTED = "#1f7a5c", "#b3261e", "#a86a00", "#8794a1"
ACCENT = "#1d4f73"
SERIES = (ACCENT, "#8a5a1f", "#5b4b8a", "#4a6b3a")

WIDTH = 400
"""Width of every plot in its own units: one unit is about one pixel on a phone."""

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 11,
    "font.family": "DejaVu Sans",
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 11,
    "axes.linewidth": 1.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.unicode_minus": True,
    "grid.color": FAINT,
    "grid.linewidth": 1.0,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.major.pad": 5,
    "ytick.major.pad": 6,
    "path.simplify": True,
}

_PROLOGUE = re.compile(r"^.*?(?=<svg)|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
_OPENING = re.compile(r"<svg\b[^>]*?viewBox=\"([^\"]+)\"[^>]*>")
_DROPPED = re.compile(
    r"<defs>\s*<style.*?</style>\s*</defs>"  # a style sheet would rule the whole page
    r"|(?<=<g) id=\"[^\"]*\""  # numbered alike in every plot
    r"| font-family: [^;\"]*;"  # the page's own font
    r"| transform=\"rotate\(-0 [^\"]*\"",
    re.DOTALL,
)
_GROUP = re.compile(r"(</?g\b[^>]*>)")
_SPACE = re.compile(r"\s+")
_LONG = re.compile(r"(\d+\.\d{2})\d+")
_MARK = re.compile(r"<text\b([^>]*)>@(\d+)@</text>")


@dataclass(frozen=True)
class Plot:
    """A finished plot.

    Attributes:
        svg: inline ``<svg>`` whose labels carry the classes ``zh`` and ``en``.
        caption: what it shows.
    """

    svg: Markup
    caption: Text


class Canvas:
    """One plot being drawn.

    Args:
        name: what the plot is of, unique on the page; makes the ids inside reproducible.
        height: height in the plot's own units (``WIDTH`` wide).
    """

    def __init__(self, name: str, height: float) -> None:
        self._name = name
        self._height = height
        self._labels: list[Text] = []
        self._style: dict[Any, Any] = {**_STYLE, "svg.hashsalt": name}
        with mpl.rc_context(self._style):
            self.figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72)
            self.figure.patch.set_visible(False)

    def axes(self, left: float, top: float, right: float, bottom: float, **options: Any) -> Axes:
        """Axes with their margins in plot units."""
        box = (
            left / WIDTH,
            bottom / self._height,
            1 - (left + right) / WIDTH,
            1 - (top + bottom) / self._height,
        )
        with mpl.rc_context(self._style):
            axes: Axes = self.figure.add_axes(box, **options)
        axes.patch.set_visible(False)
        return axes

    def say(self, text: Text) -> str:
        """A mark to draw in place of a text; both languages stand there in the end."""
        self._labels.append(text)
        return f"@{len(self._labels) - 1}@"

    def label(self, axes: Axes, x: Text | None = None, y: Text | None = None) -> None:
        """Label the axes; the y label stands upright above its axis."""
        if x is not None:
            axes.set_xlabel(self.say(x), labelpad=6)
        if y is not None:
            self.write(axes, -0.07, 1.045, y)

    def write(self, axes: Axes, x: float, y: float, text: Text, colour: str = MUTED, align: str = "left") -> None:
        """Write beside the data, at a place given in shares of the axes."""
        axes.text(x, y, self.say(text), transform=axes.transAxes, ha=align, va="bottom", color=colour)

    def finish(self, caption: Text) -> Plot:
        """Draw and clean."""
        stream = io.BytesIO()
        with mpl.rc_context(self._style):
            self.figure.savefig(stream, format="svg", metadata={"Date": None})
        return Plot(self._cleaned(stream.getvalue().decode(), caption), caption)

    def _cleaned(self, svg: str, caption: Text) -> Markup:
        label = escape(masked(f"{caption.zh} / {caption.en}"))
        svg = _PROLOGUE.sub("", svg).replace("xlink:href", "href")
        box = _OPENING.search(svg)
        svg = f'<svg class="plot" viewBox="{box[1]}" role="img" aria-label="{label}">{svg[box.end() :]}' if box else ""
        svg = _LONG.sub(r"\1", _SPACE.sub(" ", _DROPPED.sub("", svg)))
        svg = _without_bare_groups(svg.replace("> <", "><"))
        return Markup(_MARK.sub(self._both, svg).strip())  # noqa: S704 - labels are escaped in _both

    def _both(self, match: re.Match[str]) -> str:
        text = self._labels[int(match[2])]
        zh, en = (escape(masked(part)) for part in (text.zh, text.en))
        if zh == en:
            return f"<text{match[1]}>{zh}</text>"
        return f'<text class="zh"{match[1]}>{zh}</text><text class="en" lang="en"{match[1]}>{en}</text>'


def _without_bare_groups(svg: str) -> str:
    """The same drawing without the groups that have no attribute and so group nothing."""
    kept: list[str] = []
    bare: list[bool] = []
    for part in _GROUP.split(svg):
        if part == "<g/>":
            continue
        if part == "</g>":
            if bare.pop():
                continue
        elif part.startswith("<g") and _GROUP.fullmatch(part):
            bare.append(part == "<g>")
            if bare[-1]:
                continue
        kept.append(part)
    return "".join(kept)
