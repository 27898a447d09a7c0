"""The symbol as it lies flat: modules, damage, quiet zone and logo, as a map of where the ink is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rigs.optics.stimulus import Appearance, Damage
from rigs.optics.symbols import Modules, scale_to_pixels

Ink = npt.NDArray[np.float32]
"""Share of ink, 0 … 1, a value a pixel."""


@dataclass(frozen=True)
class Panel:
    """A symbol with its quiet zone.

    Attributes:
        modules: the symbol's matrix.
        ink: where the ink is, quiet zone included.
        module_px: pixels a module.
        margin: width of the quiet zone, pixels.
    """

    modules: Modules
    ink: Ink
    module_px: int
    margin: int


def laid_out(modules: Modules, appearance: Appearance, damage: Damage | None, module_px: int) -> Panel:
    """A symbol's matrix laid flat; its logo is left to ``add_logo``, which needs the colours."""
    ink = scale_to_pixels(modules, module_px).astype(np.float32)
    if damage is not None and damage.share > 0:
        ink = _damaged(ink, damage, module_px)
    margin = round(appearance.quiet_zone * module_px)
    return Panel(modules, np.pad(ink, margin), module_px, margin)


def add_logo(
    panel: npt.NDArray[np.uint8], appearance: Appearance, margin: int, ground: tuple[int, ...], mark: tuple[int, ...]
) -> None:
    """Draw a logo in the middle: a square of the ground's colour with a ring of the mark's."""
    symbol_px = panel.shape[0] - 2 * margin
    side = int(symbol_px * math.sqrt(appearance.logo))
    top = (panel.shape[0] - side) // 2
    badge = panel[top : top + side, top : top + side]
    badge[:] = ground[0] if panel.ndim == 2 else ground
    edge = max(1, side // 8)
    cv2.circle(badge, (side // 2, side // 2), side // 2 - edge, mark, thickness=edge)


def _damaged(dark: Ink, damage: Damage, module_px: int) -> Ink:
    """Cover ``share`` % of the symbol: stains darken, scratches and creases lose the ink."""
    random = np.random.default_rng(damage.seed)
    size = dark.shape[0]
    mask = np.zeros(dark.shape, np.uint8)
    target = damage.share / 100 * size * size
    while cv2.countNonZero(mask) < target:
        missing = target - cv2.countNonZero(mask)
        if damage.kind == "stain":
            radius = max(1, int(min(math.sqrt(missing / math.pi), size / 9)))
            x, y = random.integers(0, size, 2)
            cv2.circle(mask, (int(x), int(y)), radius, (1,), thickness=-1)
        else:
            thickness = module_px if damage.kind == "scratch" else max(1, module_px // 2)
            length = max(2.0, min(missing / thickness, size * 0.6))
            angle = random.uniform(0, 2 * math.pi) if damage.kind == "scratch" else random.choice([0, math.pi / 2])
            x, y = random.uniform(0, size, 2)
            end = (int(x + length * math.cos(angle)), int(y + length * math.sin(angle)))
            cv2.line(mask, (int(x), int(y)), end, (1,), thickness=thickness)
    value = 1.0 if damage.kind == "stain" else 0.0
    return np.where(mask > 0, np.float32(value), dark)
