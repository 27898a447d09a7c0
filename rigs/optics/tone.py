"""Between sRGB values, as files and screens hold them, and light, in shares of white (IEC 61966-2-1)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rigs.optics.geometry import Image

Luminance = npt.NDArray[np.float32]
"""Light, (height, width) grey or (height, width, 3)."""

_STEPS = 4096


def _light_of(value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _value_of(light: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


_LIGHT = _light_of(np.arange(256) / 255).astype(np.float32)
_VALUE = np.rint(255 * _value_of(np.arange(_STEPS) / (_STEPS - 1))).astype(np.uint8)


def light_of(image: Image) -> Luminance:
    """8-bit sRGB values as shares of white."""
    return _LIGHT[image]


def values_of(light: Luminance) -> Image:
    """Shares of white as 8-bit sRGB values; what is brighter than white is white."""
    return _VALUE[(np.clip(light, 0, 1) * (_STEPS - 1) + 0.5).astype(np.uint16)]
