"""Small drawings for the person who sets a stage: where the phone stands on its rail, how the polariser is turned."""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageDraw

SIZE = (480, 200)
"""Pixels; a terminal shows a tenth of them, so lines are thick."""
RAIL_MM = 200.0
"""What the drawn rail is long."""
_PAPER, _INK, _PHONE, _GLASS = "white", "black", "royalblue", "darkorange"
_TERMINAL_PX = 70
_RAIL_PX = 360


def draw_rail(distance_mm: float, folder: Path) -> Path:
    """A terminal, a rail and a phone that faces it at a distance, seen from the side.

    Args:
        distance_mm: from terminal to phone, mm; drawn to the scale of a rail of ``RAIL_MM``.
        folder: where the PNG goes.
    """
    image, pen = _empty()
    x = _TERMINAL_PX + _RAIL_PX * min(distance_mm, RAIL_MM) / RAIL_MM
    pen.rectangle((10, 50, _TERMINAL_PX, 150), fill=_INK)
    pen.line((_TERMINAL_PX, 165, _TERMINAL_PX + _RAIL_PX + 30, 165), fill=_INK, width=8)
    pen.rectangle((x, 40, x + 16, 160), fill=_PHONE)
    pen.line((_TERMINAL_PX + 6, 100, x - 4, 100), fill=_GLASS, width=8)
    pen.text((_TERMINAL_PX + 6, 4), f"{distance_mm:g} mm", fill=_INK, font_size=28)
    return _kept(image, folder / "rail.png")


def draw_polariser(angle_deg: float, folder: Path) -> Path:
    """A polariser as the terminal sees it: its axis at an angle to the brightest one, which lies level.

    Args:
        angle_deg: the angle, degrees, counter-clockwise.
        folder: where the PNG goes.
    """
    image, pen = _empty()
    middle, radius = (240, 100), 84
    box = (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius)
    pen.ellipse(box, outline=_INK, width=8)
    pen.line((middle[0] - 150, middle[1], middle[0] + 150, middle[1]), fill=_PHONE, width=6)
    along = (radius * math.cos(math.radians(angle_deg)), -radius * math.sin(math.radians(angle_deg)))
    ends = (middle[0] - along[0], middle[1] - along[1], middle[0] + along[0], middle[1] + along[1])
    pen.line(ends, fill=_GLASS, width=14)
    pen.text((400, 4), f"{angle_deg:g}°", fill=_INK, font_size=28)
    return _kept(image, folder / "polariser.png")


def _empty() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", SIZE, _PAPER)
    return image, ImageDraw.Draw(image)


def _kept(image: Image.Image, path: Path) -> Path:
    image.save(path)
    return path
