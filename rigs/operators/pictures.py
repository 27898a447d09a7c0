"""Pictures on a terminal: two pixels a character, each in its own colour."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, UnidentifiedImageError
from rich.style import Style
from rich.text import Text

HIGHEST = 48
"""Pixels from top to bottom, at most: a question must fit a screen."""


def drawn(path: Path, columns: int) -> Text:
    """A picture as characters, or a word that it cannot be drawn: its path is told beside it all the same.

    Args:
        path: PNG or JPEG.
        columns: characters across, at most.
    """
    try:
        with Image.open(path) as found:
            picture = found.convert("RGB")
    except (OSError, UnidentifiedImageError):
        return Text("(—)", style="dim")
    picture.thumbnail((columns, HIGHEST))
    text = Text(no_wrap=True)
    for top in range(0, picture.height - 1, 2):
        for x in range(picture.width):
            text.append("▀", Style(color=_colour(picture, x, top), bgcolor=_colour(picture, x, top + 1)))
        text.append("\n")
    text.rstrip()
    return text


def _colour(picture: Image.Image, x: int, y: int) -> str:
    red, green, blue = picture.getpixel((x, y))  # type: ignore[misc]
    return f"rgb({red},{green},{blue})"
