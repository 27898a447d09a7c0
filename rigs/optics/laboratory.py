"""Photographs a stimulus under physical conditions: carrier, light, film, polariser, lens, motion, sensor.

Two pictures are made of the same scene. The one *seen* is what the device gets. The *clean* one is what the reference
decoder is asked about: the same carrier in the same light, at the same angle, but still, sharp, without noise, exposed
for the carrier, and at a distance from which it is whole and large enough. Distance, focus, exposure, motion, noise,
the beat with the display's pixels and the colour of its own lamp belong to the device that is tested, and so does
failing at them: the decoder is asked in white light (``rigs.optics.scene``), while a grade keeps the device's colour.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from rigs.optics.conditions import Conditions, Screen
from rigs.optics.geometry import FOCAL_PX, HEIGHT, WIDTH, Image, Placement, spread_out
from rigs.optics.lens import defocused, falloff, smear_px, smeared
from rigs.optics.panel import Panel, add_logo, laid_out
from rigs.optics.radiance import (
    Radiance,
    Shape,
    as_share,
    bands,
    grid_of_pixels,
    mirrored_lamp,
    polarised,
    radiance,
    through_film,
)
from rigs.optics.sensor import exposed, exposure_for, without_noise
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.optics.symbols import draw_modules
from rigs.optics.tone import Luminance

CLEAN_MODULE_PX = 4.0
"""Least size of a module in a clean picture, where the code can be brought so near."""
_RASTER = 1.5
"""Panel pixels for each frame pixel, at least."""
_BETWEEN_MM = 2.0
"""Gap between two codes side by side, mm."""
_EDGE_PX = 8


@dataclass(frozen=True)
class Laid:
    """A symbol on the carrier.

    Attributes:
        symbol: the symbol.
        panel: how it lies flat.
        module_mm: size of a module.
        centre_mm: where its middle lies on the carrier.
    """

    symbol: Symbol
    panel: Panel
    module_mm: float
    centre_mm: tuple[float, float]


@dataclass(frozen=True)
class Clean:
    """A clean picture of one moment.

    Attributes:
        image: the picture.
        laid: the symbols in it.
        placement: how the carrier stands in it.
    """

    image: Image
    laid: tuple[Laid, ...]
    placement: Placement


def photograph(stimulus: Stimulus, conditions: Conditions) -> Image:
    """The picture the device gets."""
    placement = Placement(conditions.distance_mm, stimulus.pose, conditions.curvature_mm)
    moments = [_shape(laid, stimulus, placement) for laid in _moments(stimulus, conditions, placement)]
    shape = moments[0] if len(moments) == 1 else _torn(moments[0], moments[1], conditions)
    light = _light(shape, stimulus, conditions, placement)
    return _seen(light, conditions, placement)


def clean_pictures(stimulus: Stimulus, conditions: Conditions) -> list[Clean]:
    """The clean picture of each moment: one, or two where the frame tears between them."""
    placement = _easy_placement(stimulus, conditions)
    still = _without_rows(conditions)
    found = []
    for laid in _moments(stimulus, still, placement):
        shape = _shape(laid, stimulus, placement)
        light = _light(shape, stimulus, still, placement).together()
        found.append(Clean(without_noise(light, shape.inside), laid, placement))
    return found


def _moments(stimulus: Stimulus, conditions: Conditions, placement: Placement) -> list[tuple[Laid, ...]]:
    """What is shown at each moment: all symbols at once, or one after the other where the frame tears."""
    if conditions.torn is None:
        return [_side_by_side(stimulus.symbols, stimulus, conditions, placement)]
    return [_side_by_side((symbol,), stimulus, conditions, placement) for symbol in stimulus.symbols]


def _side_by_side(
    symbols: tuple[Symbol, ...], stimulus: Stimulus, conditions: Conditions, placement: Placement
) -> tuple[Laid, ...]:
    laid = []
    for position, symbol in enumerate(symbols):
        modules = draw_modules(symbol)
        module_mm = conditions.code_mm / modules.shape[1]
        raster = _RASTER * module_mm * FOCAL_PX / placement.distance_mm
        panel = laid_out(modules, stimulus.appearance, stimulus.damage, min(max(round(raster), 3), 24))
        pitch = conditions.code_mm + 2 * stimulus.appearance.quiet_zone * module_mm + _BETWEEN_MM
        laid.append(Laid(symbol, panel, module_mm, ((position - (len(symbols) - 1) / 2) * pitch, 0.0)))
    return tuple(laid)


def _shape(laid: tuple[Laid, ...], stimulus: Stimulus, placement: Placement) -> Shape:
    ink, inside = np.zeros((HEIGHT, WIDTH), np.uint8), np.zeros((HEIGHT, WIDTH), np.uint8)
    for one in laid:
        panel = (one.panel.ink * 255).astype(np.uint8)
        if stimulus.appearance.logo:
            add_logo(panel, stimulus.appearance, one.panel.margin, (0,), (255,))
        px_per_mm = one.panel.module_px / one.module_mm
        ink = cv2.max(ink, spread_out(panel, one.centre_mm, px_per_mm, placement)).astype(np.uint8)
        whole = spread_out(np.full_like(panel, 255), one.centre_mm, px_per_mm, placement)
        inside = cv2.max(inside, whole).astype(np.uint8)
    return Shape(as_share(ink) * np.float32(stimulus.appearance.contrast / 100), as_share(inside))


def _torn(older: Shape, newer: Shape, conditions: Conditions) -> Shape:
    row = round((conditions.torn or 0.0) * HEIGHT)
    return Shape(
        np.vstack((newer.ink[:row], older.ink[row:])),
        np.vstack((newer.inside[:row], older.inside[row:])),
    )


def _light(shape: Shape, stimulus: Stimulus, conditions: Conditions, placement: Placement) -> Radiance:
    appearance = stimulus.appearance
    colours = (appearance.dark, appearance.ground, appearance.surround)
    coloured = not conditions.sensor.wavelength_nm and any(len(set(colour)) > 1 for colour in colours)
    light = radiance(shape, appearance, conditions, coloured=coloured)
    if conditions.glare is not None:
        lamp = mirrored_lamp(conditions.glare, placement)
        light = replace(light, thrown_back=light.thrown_back + (lamp[..., None] if coloured else lamp))
    if conditions.film is not None:
        light = through_film(light, conditions.film, conditions, placement)
    return polarised(light, conditions)


def _seen(light: Radiance, conditions: Conditions, placement: Placement) -> Image:
    exposure = exposure_for(light.together(), conditions.lens, conditions.sensor)
    picture = _as_switched(light, exposure.ms, conditions, placement).together()
    picture = defocused(picture, conditions.lens, placement.distance_mm)
    smear = smear_px(conditions.speed_mm_s, exposure.ms, placement.distance_mm)
    picture = smeared(picture, smear, conditions.direction_deg)
    return exposed(_fallen_off(picture, conditions), exposure, conditions.sensor)


def _as_switched(light: Radiance, exposure_ms: float, conditions: Conditions, placement: Placement) -> Radiance:
    """A screen's own light with its grid of pixels and its switching, as the camera catches them."""
    screen = conditions.surface
    if not isinstance(screen, Screen):
        return light
    own = light.own
    if screen.grid_contrast:
        grid = grid_of_pixels(screen, placement)
        own = own * (grid if own.ndim == 2 else grid[..., None])
    if screen.pwm_hz and conditions.sensor.row_us:
        rows = bands(screen, exposure_ms, conditions.sensor.row_us)
        own = own * (rows if own.ndim == 2 else rows[..., None])
    return replace(light, own=own)


def _fallen_off(picture: Luminance, conditions: Conditions) -> Luminance:
    left = falloff(conditions.lens)
    return picture * (left if picture.ndim == 2 else left[..., None])


def _without_rows(conditions: Conditions) -> Conditions:
    return replace(conditions, sensor=replace(conditions.sensor, row_us=0.0))


def _easy_placement(stimulus: Stimulus, conditions: Conditions) -> Placement:
    """Where the code is whole and large: no nearer than it fits, no farther than its modules are large enough."""
    placement = Placement(conditions.distance_mm, stimulus.pose, conditions.curvature_mm)
    laid = _moments(stimulus, conditions, placement)[0]
    large = min(one.module_mm for one in laid) * FOCAL_PX / CLEAN_MODULE_PX
    distance = min(conditions.distance_mm, large)
    corners = np.vstack([corners_mm(one) for one in laid])
    for _ in range(40):
        placed = replace(placement, distance_mm=distance)
        outer = placed.project(corners)
        if (np.minimum(outer, (WIDTH, HEIGHT) - outer) >= _EDGE_PX).all():
            return placed
        distance *= 1.1
    return replace(placement, distance_mm=distance)


def corners_mm(laid: Laid) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The corners of a symbol with its quiet zone, on the carrier."""
    rows, columns = laid.panel.ink.shape
    half = np.array([columns, rows]) / laid.panel.module_px * laid.module_mm / 2
    return np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half + laid.centre_mm
