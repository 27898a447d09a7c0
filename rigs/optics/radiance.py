"""The light that leaves a screen or a print towards the camera: its own, the room's, and what a film makes of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rigs.optics.conditions import Conditions, Film, Glare, Screen
from rigs.optics.geometry import FOCAL_PX, HEIGHT, WIDTH, Image, Placement
from rigs.optics.stimulus import Appearance, Colour
from rigs.optics.tone import Luminance, light_of

_MIRRORED_BY_FILM = 0.04
"""Share of the room that the surface of a film mirrors (a refractive index of 1.5)."""
_CRACK_PASSES = 0.4
_CRACK_SCATTERS = 0.3
"""What a crack lets through, and what it scatters of the light that falls on it (chosen by eye)."""
_RED_EDGE_NM = (625.0, 660.0)
_GREEN_AT_EDGE = 0.06
"""What is left of an ink's green at the near end of red light: pigments change slowly there (reconstructed)."""

Channels = npt.NDArray[np.float32]
"""A value a channel, shape (1,) or (3,)."""


@dataclass(frozen=True)
class Shape:
    """Where things are in the frame, 0 … 1 a pixel.

    Attributes:
        ink: dark modules.
        inside: the carrier; everything else is surround.
    """

    ink: npt.NDArray[np.float32]
    inside: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Radiance:
    """Light towards the camera, cd/m².

    Attributes:
        own: light of the screen itself, which may be switched and polarised.
        thrown_back: everything else.
    """

    own: Luminance
    thrown_back: Luminance

    def together(self) -> Luminance:
        """All of it."""
        return self.own + self.thrown_back


def channels_of(colour: Colour, conditions: Conditions, *, coloured: bool) -> Channels:
    """A colour as the light it reflects or sends, a share of white in each channel the sensor tells apart."""
    light = light_of(np.array(colour, np.uint8))
    nm = conditions.sensor.wavelength_nm
    if nm:
        near, far = _RED_EDGE_NM
        green = _GREEN_AT_EDGE * (far - nm) / (far - near)
        return np.array([(1 - green) * light[0] + green * light[1]], np.float32)
    return light.astype(np.float32) if coloured else light[:1].astype(np.float32)


def radiance(shape: Shape, appearance: Appearance, conditions: Conditions, *, coloured: bool) -> Radiance:
    """The light of a scene before any film.

    Args:
        shape: where ink and carrier are.
        appearance: colours.
        conditions: carrier and light.
        coloured: whether three channels are needed.
    """
    dark, ground, around = (
        channels_of(colour, conditions, coloured=coloured)
        for colour in (appearance.dark, appearance.ground, appearance.surround)
    )
    light = conditions.light
    lit = (light.ambient_lx + light.lamp_lx * (100 / conditions.distance_mm) ** 2) / math.pi
    mirrored = conditions.surface.gloss * light.ambient_lx / math.pi
    surface = conditions.surface
    if isinstance(surface, Screen):
        white = surface.peak_cd_m2 * surface.brightness / 100
        least = white / surface.contrast_ratio
        own_dark, own_ground = least + white * dark, least + white * ground
        back_dark = back_ground = np.full_like(dark, surface.reflectance * lit + mirrored)
    else:
        own_dark = own_ground = np.zeros_like(dark)
        paper = surface.ground * ground
        ink = np.maximum(surface.ground * dark, surface.ink)
        ink = ink + (paper - ink) * surface.fade / 100
        back_dark, back_ground = ink * lit + mirrored, paper * lit + mirrored
    return Radiance(
        own=_spread(shape, own_dark, own_ground, np.zeros_like(dark)),
        thrown_back=_spread(shape, back_dark, back_ground, around * light.ambient_lx / math.pi),
    )


def _spread(shape: Shape, dark: Channels, ground: Channels, around: Channels) -> Luminance:
    layers = [
        around[c] + shape.inside * (ground[c] - around[c]) + shape.ink * (dark[c] - ground[c]) for c in range(len(dark))
    ]
    return layers[0] if len(layers) == 1 else np.stack(layers, axis=-1)


def through_film(light: Radiance, film: Film, conditions: Conditions, placement: Placement) -> Radiance:
    """Light that has passed a film: weaker, hazy, cracked, and with the room mirrored in it."""
    scatter_px = max(0.5, film.haze_mm * FOCAL_PX / placement.distance_mm)
    crack = _cracks(film, conditions, placement)
    room = np.float32(conditions.light.ambient_lx / math.pi)

    def passed(luminance: Luminance) -> Luminance:
        kept = film.transmittance * luminance
        if film.haze:
            kept = (1 - film.haze) * kept + film.haze * _blurred(kept, scatter_px)
        return np.asarray(kept * _as(1 - np.float32(1 - _CRACK_PASSES) * crack, luminance), np.float32)

    added = _MIRRORED_BY_FILM * room + _CRACK_SCATTERS * room * crack
    back = passed(light.thrown_back) + _as(np.asarray(added, np.float32), light.thrown_back)
    return Radiance(passed(light.own), np.asarray(back, np.float32))


def _cracks(film: Film, conditions: Conditions, placement: Placement) -> npt.NDArray[np.float32]:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    random = np.random.default_rng(film.seed)
    width = max(1, round(film.crack_mm * FOCAL_PX / placement.distance_mm))
    half = conditions.code_mm / 2
    for _ in range(film.cracks):
        angle, away = random.uniform(0, math.pi), random.uniform(-half, half)
        along = np.linspace(-1.5 * half, 1.5 * half, 12)
        bend = away + np.cumsum(random.normal(0, half / 40, along.size))
        turned = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        line = placement.project(np.column_stack((along, bend)) @ turned)
        cv2.polylines(mask, [np.rint(line).astype(np.int32)], False, (255,), width, cv2.LINE_AA)
    return as_share(mask)


def polarised(light: Radiance, conditions: Conditions) -> Radiance:
    """Light behind a polariser: Malus's law for the polarised share of a screen's own, a half of everything else."""
    if conditions.polariser_deg is None:
        return light
    degree = conditions.surface.polarisation if isinstance(conditions.surface, Screen) else 0.0
    if conditions.film is not None:
        degree *= 1 - conditions.film.depolarisation
    own = (1 + degree * math.cos(math.radians(2 * conditions.polariser_deg))) / 2
    return Radiance(light.own * np.float32(own), light.thrown_back * np.float32(0.5))


def mirrored_lamp(glare: Glare, placement: Placement) -> npt.NDArray[np.float32]:
    """What a mirrored lamp adds to each pixel, cd/m²."""
    ((x, y),) = placement.project(np.array([[glare.x_mm, glare.y_mm]]))
    sigma = glare.size_mm / 2.355 * FOCAL_PX / placement.distance_mm
    across = np.exp(-(((np.arange(WIDTH) + 0.5 - x) / sigma) ** 2) / 2)
    down = np.exp(-(((np.arange(HEIGHT) + 0.5 - y) / sigma) ** 2) / 2)
    return (glare.cd_m2 * np.outer(down, across)).astype(np.float32)


def grid_of_pixels(screen: Screen, placement: Placement) -> npt.NDArray[np.float32]:
    """The display's pixel grid sampled by the camera's, as a factor of its light: finer than the frame it beats.

    A camera's pixel averages over its own width, so the contrast falls with the sinc of the pitch it sees.
    """
    pitch_px = screen.pixel_mm * FOCAL_PX / placement.distance_mm
    left = screen.grid_contrast * np.sinc(1 / pitch_px)
    angle = math.radians(screen.grid_angle)
    point = placement.on_carrier() * (2 * math.pi / screen.pixel_mm)
    across = point[..., 0] * math.cos(angle) + point[..., 1] * math.sin(angle)
    down = point[..., 1] * math.cos(angle) - point[..., 0] * math.sin(angle)
    return np.asarray(1 + left * (np.cos(across) + np.cos(down)) / 2, np.float32)


def bands(screen: Screen, exposure_ms: float, row_us: float) -> npt.NDArray[np.float32]:
    """Switched light as a rolling shutter catches it, a factor a row, shape (480, 1)."""
    start = np.asarray(np.arange(HEIGHT) * row_us * 1e-6, np.float64)

    def lit_until(seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        periods = seconds * screen.pwm_hz
        whole = np.floor(periods)
        lit = whole * screen.pwm_duty + np.minimum(periods - whole, screen.pwm_duty)
        return np.asarray(lit / screen.pwm_hz, np.float64)

    exposed = exposure_ms * 1e-3
    factor = np.asarray(lit_until(start + exposed) - lit_until(start)) / (exposed * screen.pwm_duty)
    return factor[:, None].astype(np.float32)


def _blurred(luminance: Luminance, sigma: float) -> Luminance:
    return cv2.GaussianBlur(luminance, (0, 0), sigma).astype(np.float32)


def _as(plane: npt.NDArray[np.float32], like: Luminance) -> npt.NDArray[np.float32]:
    return plane if like.ndim == 2 else plane[..., None]


def as_share(image: Image) -> npt.NDArray[np.float32]:
    """8-bit coverage as 0 … 1."""
    return image.astype(np.float32) * np.float32(1 / 255)
