"""The light of the room as a person sets it, and the lux meter that a person reads."""

from __future__ import annotations

from rigs.errors import RigError
from rigs.instruments.lighting import CLOSE, TRIES
from rigs.instruments.lux_meter import SUNLIGHT_LX
from rigs.operators.answers import Done, Number
from rigs.roles import Bilingual, LuxMeter, Operator

_USUAL = Bilingual(
    "使手机屏幕处为通常的室内照明（约 500 lx，不必测量），完成后确认。",
    "Give the phone's screen the usual light of a room (about 500 lx; no need to measure it); then confirm.",
)
_READ = Bilingual(
    "将照度计探头放在手机屏幕处，输入读数。",
    "Hold the lux meter's sensor at the phone's screen and type what it reads.",
)


class OperatorLuxMeter(LuxMeter):
    """A lux meter whose reading a person types.

    Args:
        operator: the person.
        label: maker, model and serial number as they stand on the meter.
        uncertainty_percent: expanded uncertainty (k = 2), percent of what it reads.
    """

    def __init__(self, operator: Operator, label: str, uncertainty_percent: float) -> None:
        self.uncertainty_percent = uncertainty_percent
        self.identity = label
        self._operator = operator

    def illuminance_lx(self) -> float:
        """What the person reads, lx."""
        return self._operator.ask(_READ, Number("lx", 0, SUNLIGHT_LX)).value

    def close(self) -> None:
        """The meter stays in the person's hand."""


class HandLight:
    """A person who sets the light, and a meter that makes sure of it.

    Args:
        operator: the person.
        meter: the meter; None where the bench has none, and no illuminance can be set.
    """

    def __init__(self, operator: Operator, meter: LuxMeter | None = None) -> None:
        self._operator = operator
        self._meter = meter

    def usual(self) -> tuple[int, int]:
        """Ask for the light of a usual room."""
        return self._operator.ask(_USUAL, Done()).journal

    def bring(self, lux: float) -> tuple[int, int]:
        """Ask for an illuminance until the meter reads it within ``CLOSE``.

        Raises:
            RigError: the bench has no meter, or the light is not reached in ``TRIES`` tries.
            NotAssessedError: the person did not do it.
        """
        if self._meter is None:
            raise RigError(
                f"nothing on the bench measures the {lux:g} lx that are wanted",
                where="stage",
                remedy='add a table [lux_meter]; its driver "operator" is one whose reading a person types',
            )
        told = Bilingual(
            f"将手机屏幕处的环境照度调到 {lux:g} lx（照度计读数相差不超过 5 %），完成后确认。",
            f"Bring the ambient light at the phone's screen to {lux:g} lx (within 5 % on the lux meter); then confirm.",
        )
        first: int | None = None
        for _ in range(TRIES):
            begun, last = self._operator.ask(told, Done()).journal
            first = begun if first is None else first
            found = self._meter.illuminance_lx()
            if abs(found - lux) <= CLOSE * lux:
                return first, last
            told = Bilingual(
                f"照度计读数为 {found:g} lx，与 {lux:g} lx 相差超过 5 %；请重新调整，完成后确认。",
                f"The lux meter reads {found:g} lx, more than 5 % from {lux:g} lx; set the light again, then confirm.",
            )
        raise RigError(
            f"the light is not within 5 % of {lux:g} lx after {TRIES} tries",
            where="stage",
            remedy="use a lamp that can be dimmed finely, or one that the bench sets itself ([light_source])",
        )
