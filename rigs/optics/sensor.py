"""The device's sensor: automatic exposure, shot and read noise, eight bits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rigs.optics.conditions import Lens, Sensor
from rigs.optics.geometry import Image
from rigs.optics.tone import Luminance, values_of

PHOTONS_A_LUMEN_SECOND = 4.11e15
"""Photons of 555 nm in a lumen second; white light has about as many that a silicon sensor can use."""
_BRIGHTEST = 99.0
"""Percentile of the picture's light that the exposure is made for."""
_AIM = 0.9
"""Where on the scale that light is to come."""
_SHORTEST_MS = 0.02


@dataclass(frozen=True)
class Exposure:
    """What the automatic exposure chose.

    Attributes:
        ms: exposure time.
        gain: gain.
        electrons: electrons that a luminance of 1 cd/m² gives in that time.
    """

    ms: float
    gain: float
    electrons: float


def electrons_a_ms(lens: Lens, sensor: Sensor) -> float:
    """Electrons a pixel collects in 1 ms from a luminance of 1 cd/m².

    The illuminance behind a lens is π·L·T / 4N²; for T = 0.9, N = 8 and 6 µm pixels this is about 0.8.
    """
    illuminance = math.pi * lens.transmittance / (4 * lens.f_number**2)
    area_m2 = (lens.pixel_um * 1e-6) ** 2
    return illuminance * area_m2 * PHOTONS_A_LUMEN_SECOND * 1e-3 * sensor.quantum_efficiency


def exposure_for(light: Luminance, lens: Lens, sensor: Sensor) -> Exposure:
    """The exposure for a picture, as long as it may be and then with gain."""
    brightest = max(float(np.percentile(light[::4, ::4], _BRIGHTEST)), 1e-3)
    rate = electrons_a_ms(lens, sensor)
    wanted = _AIM * sensor.full_scale_e / (rate * brightest)
    ms = min(max(wanted, _SHORTEST_MS), sensor.exposure_ms)
    return Exposure(ms, min(max(wanted / ms, 1.0), sensor.gain), rate * ms)


def exposed(light: Luminance, exposure: Exposure, sensor: Sensor) -> Image:
    """A picture as the sensor delivers it; the same seed gives the same noise.

    Shot noise is drawn as normal of the same variance, which from a dozen electrons on is the same thing.
    """
    electrons = light * np.float32(exposure.electrons)
    random = np.random.Generator(np.random.SFC64(sensor.seed))
    noise = random.standard_normal(electrons.shape, np.float32)
    noise *= np.sqrt(electrons + np.float32(sensor.read_noise_e**2))
    return values_of((electrons + noise) * np.float32(exposure.gain / sensor.full_scale_e))


def without_noise(light: Luminance, inside: npt.NDArray[np.float32]) -> Image:
    """A picture as a sensor without noise, exposed for the carrier alone, would deliver it.

    Args:
        light: the light.
        inside: where the carrier is, 0 … 1 a pixel.
    """
    carrier = light[inside > 0.5]
    brightest = float(np.percentile(carrier[::16], _BRIGHTEST)) if len(carrier) else float(light.max())
    return values_of(light * np.float32(_AIM / max(brightest, 1e-3)))
