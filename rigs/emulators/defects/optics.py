"""Faults of the eye: colours, edges, angles and faint prints it cannot read."""

from __future__ import annotations

import math

import numpy as np

from rigs.emulators.behaviour import Behaviour, Reading
from rigs.emulators.defects.defect import Defect
from rigs.optics.scene import Image


class RedLit(Behaviour):
    """A monochrome sensor under red light: red and orange ink are as bright as paper."""

    def sense(self, image: Image) -> Image:
        return image if image.ndim == 2 else np.ascontiguousarray(image[:, :, 0])

    def decode(self, grey: Image) -> list[Reading]:
        low, high = np.percentile(grey, (1, 99))
        return super().decode(grey) if high - low > 0.235 * high else []


class NeedsQuietZone(Behaviour):
    """Wants two clear modules beside the symbol's left edge, wherever it points."""

    def accepts(self, reading: Reading, image: Image) -> bool:
        grey = self.sense(image)
        top_left, top_right, _, bottom_left = (np.array(corner, float) for corner in reading.corners)
        outward = (top_left - top_right) / (17 + 4 * max(1, reading.version))
        along = np.linspace(0.3, 0.7, 9)[:, None]
        points = np.rint(top_left + along * (bottom_left - top_left) + 1.7 * outward).astype(int)
        columns, rows = points[:, 0].clip(0, grey.shape[1] - 1), points[:, 1].clip(0, grey.shape[0] - 1)
        return bool(grey[rows, columns].min() > 0.6 * _brightness_of(reading, grey))


class TiltLimited(Behaviour):
    """Gives up on symbols that are foreshortened by more than a twelfth."""

    def accepts(self, reading: Reading, image: Image) -> bool:
        del image
        a, b, c, d = reading.corners
        sides = [math.dist(a, b), math.dist(b, c), math.dist(c, d), math.dist(d, a)]
        return min(sides) / max(sides) > 11 / 12


class FaintBlind(Behaviour):
    """Gives up on prints that have lost more than a third of their contrast in every colour; dim screens are none."""

    def accepts(self, reading: Reading, image: Image) -> bool:
        columns = [x for x, _ in reading.corners]
        rows = [y for _, y in reading.corners]
        patch = image[max(0, min(rows)) : max(rows), max(0, min(columns)) : max(columns)]
        low, high = np.percentile(patch.reshape(-1, patch.shape[2]) if patch.ndim == 3 else patch, (5, 95), axis=0)[:2]
        dim = float(np.max(high)) < 200
        return dim or bool(np.max(np.asarray(high) - np.asarray(low)) > 0.66 * 255)


class NearSighted(Behaviour):
    """Resolves only what is near: it wants more than 5.7 pixels a module along the symbol's longest side."""

    def accepts(self, reading: Reading, image: Image) -> bool:
        del image
        a, b, c, d = reading.corners
        longest = max(math.dist(a, b), math.dist(b, c), math.dist(c, d), math.dist(d, a))
        return longest / (17 + 4 * max(1, reading.version)) > 5.7


class Dazzled(Behaviour):
    """Loses a code that is darker than what surrounds it."""

    def accepts(self, reading: Reading, image: Image) -> bool:
        grey = self.sense(image)
        return 0.95 * float(np.median(grey[:8])) < _brightness_of(reading, grey)


class DimBlind(Behaviour):
    """Sees nothing on a screen whose white is below a third of full scale."""

    def accepts(self, reading: Reading, image: Image) -> bool:
        return _brightness_of(reading, self.sense(image)) > 110


def _brightness_of(reading: Reading, grey: Image) -> float:
    """The grey of a symbol's light modules."""
    columns = [x for x, _ in reading.corners]
    rows = [y for _, y in reading.corners]
    return float(np.percentile(grey[max(0, min(rows)) : max(rows), max(0, min(columns)) : max(columns)], 90))


DEFECTS = (
    Defect("red-lit", ("EHC-TRM-007",), "红光单色成像，看不见橙色和红色", "sees no orange or red ink", RedLit),
    Defect(
        "needs-quiet-zone",
        ("EHC-TRM-008",),
        "静区不足两个模块即不识读",
        "needs two modules of quiet zone",
        NeedsQuietZone,
    ),
    Defect(
        "tilt-limited",
        ("EHC-TRM-010",),
        "倾斜超过约二十度即不识读",
        "reads nothing tilted by more than 20 degrees",
        TiltLimited,
    ),
    Defect("faint-blind", ("EHC-TRM-011",), "褪色码不识读", "reads no faded print", FaintBlind),
    Defect(
        "near-sighted",
        ("EHC-TRM-009",),
        "仅能识读近处的码",
        "reads only codes that are near",
        NearSighted,
    ),
    Defect("dazzled", ("EHC-TRM-012",), "码比周围暗时不识读", "loses a code darker than its surroundings", Dazzled),
    Defect("dim-blind", ("EHC-TRM-012",), "看不见暗的屏幕", "sees nothing on a dim screen", DimBlind),
)
