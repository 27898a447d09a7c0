"""The stage of a bench without one: distance and light are drawn into the frame."""

from __future__ import annotations

from dataclasses import replace

from rigs.optics.conditions import Conditions, Light, Screen, Sensor
from rigs.optics.stimulus import Stimulus
from rigs.roles.stage import USUAL_LX, Setting, Stage


class RenderedStage(Stage):
    """Draws each setting into what is shown, with the laboratory's phone, lens and sensor."""

    def drawn(self, stimulus: Stimulus, setting: Setting, seed: int) -> Stimulus:
        """The stimulus under the setting's conditions."""
        lux = USUAL_LX if setting.illuminance_lx is None else setting.illuminance_lx
        conditions = Conditions(
            code_mm=setting.code_mm,
            distance_mm=setting.distance_mm,
            surface=Screen(brightness=setting.brightness_percent),
            light=Light(ambient_lx=lux),
            polariser_deg=setting.polariser_deg,
            sensor=Sensor(seed=seed),
        )
        return replace(stimulus, conditions=conditions)

    def arrange(self, setting: Setting) -> None:
        """Nothing has to be moved."""

    def close(self) -> None:
        """Nothing was moved."""
