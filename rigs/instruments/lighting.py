"""Lights a bench to a given illuminance: a lamp turned until the meter reads it."""

from __future__ import annotations

from rigs.errors import RigError
from rigs.roles import LightSource, LuxMeter
from rigs.roles.stage import USUAL_LX

CLOSE = 0.05
"""How far from what is wanted counts as reached, share."""
TRIES = 8
FIRST_LEVEL = 50.0
"""Where the search begins, percent."""


class LampLight:
    """The light at a phone as lamp and meter set it: nobody is asked.

    Args:
        lamp: the lamp.
        meter: the meter, at the place of the phone.
    """

    def __init__(self, lamp: LightSource, meter: LuxMeter) -> None:
        self._lamp = lamp
        self._meter = meter

    def usual(self) -> None:
        """The light of a usual room; raises as ``illuminate``."""
        self.bring(USUAL_LX)

    def bring(self, lux: float) -> None:
        """An illuminance, lx; raises as ``illuminate``."""
        illuminate(self._lamp, self._meter, lux)


def illuminate(lamp: LightSource, meter: LuxMeter, wanted_lx: float) -> float:
    """Turn the lamp until the meter reads ``wanted_lx`` within ``CLOSE``; returns what it reads, lx.

    Light adds up, so the level is found on the straight line through the last two readings.

    Raises:
        RigError: an instrument fails, the room is lighter than what is wanted, or the lamp is too weak.
    """
    lamp.set_level(0.0)
    before = (0.0, meter.illuminance_lx())
    if before[1] > wanted_lx * (1 + CLOSE):
        raise RigError(
            f"the room alone gives {before[1]:g} lx where {wanted_lx:g} lx are wanted",
            where="lux_meter",
            remedy="darken the room",
        )
    if _reached(before[1], wanted_lx):
        return before[1]
    level, found_lx = FIRST_LEVEL, 0.0
    for _ in range(TRIES):
        lamp.set_level(level)
        found_lx = meter.illuminance_lx()
        if _reached(found_lx, wanted_lx):
            return found_lx
        slope = (found_lx - before[1]) / (level - before[0])
        following = min(100.0, max(0.0, level + (wanted_lx - found_lx) / slope)) if slope > 0 else level
        if following == level:
            break
        before, level = (level, found_lx), following
    raise RigError(
        f"the lamp gives {found_lx:g} lx at {level:g} % where {wanted_lx:g} lx are wanted",
        where="light_source",
        remedy="move it nearer, use a stronger one, and check that the meter's sensor is in its light",
    )


def _reached(found_lx: float, wanted_lx: float) -> bool:
    return abs(found_lx - wanted_lx) <= CLOSE * wanted_lx
