"""What a scenario may ask of whatever sets distance and light between a code and a device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rigs.optics.stimulus import Stimulus

USUAL_MM = 90.0
"""Usual distance, mm."""
USUAL_LX = 500.0
"""Light of a usual room, lx: what is drawn, and what a lamp is set to."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where, and in what light, a code is to be shown on a phone; whole, so that no earlier setting shows through.

    Attributes:
        code_mm: width of the symbol without its quiet zone, mm.
        distance_mm: from the device to the phone, mm.
        brightness_percent: brightness of the phone's screen, % of full.
        illuminance_lx: ambient illuminance at the phone, lx; None for the light of a usual room, which a person does
            not measure.
        polariser_deg: angle of a polariser in front of the device to the one at which the screen is brightest, degrees;
            None for no polariser.
    """

    code_mm: float = 25.0
    distance_mm: float = USUAL_MM
    brightness_percent: float = 100.0
    illuminance_lx: float | None = None
    polariser_deg: float | None = None


USUAL = Setting()
"""How the stage stands for every row that asks for nothing else."""


class Stage(Protocol):
    """The rail, the phone and the light: what stands between a code and a device."""

    def drawn(self, stimulus: Stimulus, setting: Setting, seed: int) -> Stimulus:
        """What the presenter has to show, so that in this setting the device meets that stimulus.

        Args:
            stimulus: the code as it is to look on the phone.
            setting: where it will stand.
            seed: source of a drawn camera's noise.

        Raises:
            RigError: the stage cannot show a code of that size.
        """

    def arrange(self, setting: Setting) -> tuple[int, int] | None:
        """Bring the bench into a setting; returns the journal records of what was done, None where there are none.

        Raises:
            RigError: it cannot be reached.
            NotAssessedError: a person was to do it, and did not.
        """

    def close(self) -> None:
        """Leave the stage as it was found."""
