"""Samples the modules of a symbol in a picture, from where they are known to be."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rigs.optics.geometry import HEIGHT, Image, Points, homography, through
from rigs.optics.laboratory import Clean, Laid, clean_pictures
from rigs.optics.scene import centre_of, panel_of, render
from rigs.optics.stimulus import Pose, Stimulus, Symbol
from rigs.optics.symbols import Modules
from rigs.optics.tone import Luminance, light_of

_RINGS = ((0.0, 1), (0.2, 6), (0.36, 10))
"""Radius in modules and number of the points that stand for an aperture of 0.8 module."""
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of linear sRGB light (IEC 61966-2-1)."""

Levels = npt.NDArray[np.float64]
"""A value for each module."""


@dataclass(frozen=True)
class Sampled:
    """A symbol as a picture shows it.

    Attributes:
        symbol: the symbol.
        modules: its true matrix.
        centres: centre of each module in frame pixels, shape (rows, columns, 2).
        light: light of each module through the aperture, a share of white.
        quiet: the same for places in the quiet zone.
    """

    symbol: Symbol
    modules: Modules
    centres: npt.NDArray[np.float64]
    light: Levels
    quiet: Levels


ToPixels = Callable[[Points], Points]
"""Takes places on a symbol, counted in modules from its top left corner, to pixels of a picture; 0 is a centre."""


def sampled(stimulus: Stimulus, *, red: bool = False) -> list[Sampled]:
    """Every symbol of a stimulus, sampled in its clean picture.

    Args:
        stimulus: the stimulus.
        red: see only red light, as a red-lit imager does.
    """
    if stimulus.conditions is None:
        light = _seen(render(stimulus), red=red)
        return [
            _sample(light, symbol, panel_of(symbol, stimulus).modules, _in_frame(stimulus, number), stimulus)
            for number, symbol in enumerate(stimulus.symbols)
        ]
    return [
        _sample(_seen(clean.image, red=red), laid.symbol, laid.panel.modules, _on_carrier(clean, laid), stimulus)
        for clean in clean_pictures(stimulus, stimulus.conditions)
        for laid in clean.laid
    ]


def _in_frame(stimulus: Stimulus, number: int) -> ToPixels:
    panel = panel_of(stimulus.symbols[number], stimulus)
    height, width = panel.ink.shape
    centre = centre_of(number, len(stimulus.symbols))
    corner = (centre - width // 2, (HEIGHT - height) // 2)
    matrix = homography(stimulus.pose, width, height, centre)

    def pixels(places: Points) -> Points:
        flat = places * panel.module_px + panel.margin - 0.5
        return flat + corner if stimulus.pose == Pose() else through(matrix, flat)

    return pixels


def _on_carrier(clean: Clean, laid: Laid) -> ToPixels:
    rows, columns = laid.panel.modules.shape

    def pixels(places: Points) -> Points:
        flat_mm = (places - np.array([columns, rows]) / 2) * laid.module_mm + laid.centre_mm
        return clean.placement.project(flat_mm) - 0.5

    return pixels


def _seen(picture: Image, *, red: bool) -> Luminance:
    light = light_of(picture)
    if light.ndim == 2:
        return light
    return np.ascontiguousarray(light[..., 0]) if red else np.asarray(light @ _LUMA, np.float32)


def _sample(light: Luminance, symbol: Symbol, modules: Modules, to_pixels: ToPixels, stimulus: Stimulus) -> Sampled:
    rows, columns = modules.shape
    down, across = np.mgrid[0:rows, 0:columns] + 0.5
    centres = np.column_stack((across.ravel(), down.ravel()))
    return Sampled(
        symbol=symbol,
        modules=modules,
        centres=to_pixels(centres).reshape(rows, columns, 2),
        light=_through_aperture(light, centres, to_pixels).reshape(rows, columns),
        quiet=_through_aperture(light, _beside(rows, columns, stimulus.appearance.quiet_zone), to_pixels),
    )


def _beside(rows: int, columns: int, quiet_zone: float) -> Points:
    """Places halfway out in the quiet zone, on all four sides; none where it is narrower than a module."""
    if quiet_zone < 1:
        return np.zeros((0, 2))
    across, down = np.arange(columns) + 0.5, np.arange(rows) + 0.5
    return np.vstack(
        [np.column_stack((across, np.full(columns, y))) for y in (-0.5, rows + 0.5)]
        + [np.column_stack((np.full(rows, x), down)) for x in (-0.5, columns + 0.5)]
    )


def _through_aperture(light: Luminance, places: Points, to_pixels: ToPixels) -> Levels:
    if not len(places):
        return np.zeros(0)
    turns = [(radius, 2 * math.pi * number / count) for radius, count in _RINGS for number in range(count)]
    offsets = np.array([(radius * math.cos(turn), radius * math.sin(turn)) for radius, turn in turns])
    spread = (places[:, None, :] + offsets[None, :, :]).reshape(-1, 2)
    at = to_pixels(spread).astype(np.float32).reshape(len(places), len(offsets), 2)
    found = cv2.remap(light, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found.mean(axis=1), np.float64)
