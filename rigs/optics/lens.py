"""What the device's lens and the code's motion do to a picture: defocus, fall-off, smear."""

from __future__ import annotations

import functools
import math

import cv2
import numpy as np
import numpy.typing as npt

from rigs.optics.conditions import Lens
from rigs.optics.geometry import FOCAL_PX, HEIGHT, WIDTH
from rigs.optics.tone import Luminance

Kernel = npt.NDArray[np.float32]

_STEPS = 8
"""Samples along each side of a pixel when a kernel is drawn."""
_UNSEEN_PX = 0.3
"""A disc or smear smaller than this is left out: it changes nothing that a pixel's own width does not hide."""


def blur_circle_px(lens: Lens, distance_mm: float) -> float:
    """Diameter of the disc that a point becomes, pixels (thin lens; no diffraction)."""
    focal_mm = FOCAL_PX * lens.pixel_um / 1000
    aperture_mm = focal_mm / lens.f_number
    blur_mm = aperture_mm * focal_mm * abs(distance_mm - lens.focus_mm) / (distance_mm * (lens.focus_mm - focal_mm))
    return blur_mm * 1000 / lens.pixel_um


def smear_px(speed_mm_s: float, exposure_ms: float, distance_mm: float) -> float:
    """How far a point moves in the frame while it is exposed, pixels."""
    return speed_mm_s * exposure_ms / 1000 * FOCAL_PX / distance_mm


def defocused(light: Luminance, lens: Lens, distance_mm: float) -> Luminance:
    """A picture through a lens that is focused elsewhere."""
    diameter = blur_circle_px(lens, distance_mm)
    return light if diameter < _UNSEEN_PX else _filtered(light, disc(round(diameter, 2)))


def smeared(light: Luminance, length_px: float, direction_deg: float) -> Luminance:
    """A picture of something that moved."""
    return light if length_px < _UNSEEN_PX else _filtered(light, line(round(length_px, 2), direction_deg))


def _filtered(light: Luminance, kernel: Kernel) -> Luminance:
    return np.asarray(cv2.filter2D(light, cv2.CV_32F, kernel, borderType=cv2.BORDER_REPLICATE), np.float32)


@functools.lru_cache(64)
def disc(diameter: float) -> Kernel:
    """A disc of even brightness, its edge pixels by the share of them it covers."""
    x, y, size = _samples(diameter)
    return _pooled((x**2 + y**2 <= (diameter / 2) ** 2).astype(np.float32), size)


@functools.lru_cache(64)
def line(length: float, direction_deg: float) -> Kernel:
    """A line one pixel wide."""
    x, y, size = _samples(length + 2)
    angle = math.radians(direction_deg)
    along, across = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    return _pooled(((abs(along) <= length / 2) & (abs(across) <= 0.5)).astype(np.float32), size)


def _samples(across: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], int]:
    size = 2 * math.ceil((across - 1) / 2) + 1 if across > 1 else 1
    steps = (np.arange(size * _STEPS) + 0.5) / _STEPS - size / 2
    x, y = np.meshgrid(steps, steps)
    return x, y, size


def _pooled(fine: Kernel, size: int) -> Kernel:
    pooled = fine.reshape(size, _STEPS, size, _STEPS).sum(axis=(1, 3))
    return np.asarray(pooled / pooled.sum(), np.float32)


@functools.lru_cache(8)
def falloff(lens: Lens) -> npt.NDArray[np.float32]:
    """Share of light that reaches each pixel, 1 in the middle: cos⁴ of the field angle, and the lens's own loss."""
    x, y = np.meshgrid(np.arange(WIDTH) + 0.5 - WIDTH / 2, np.arange(HEIGHT) + 0.5 - HEIGHT / 2)
    radius2 = x**2 + y**2
    natural = (1 + radius2 / FOCAL_PX**2) ** -2
    corner2 = (WIDTH / 2) ** 2 + (HEIGHT / 2) ** 2
    return np.asarray(natural * (1 - lens.falloff * radius2 / corner2), np.float32)
