"""The stage of a bench without one: distance and light are drawn into the frame."""

from __future__ import annotations

from dataclasses import replace

from rigs.optics.conditions import Conditions, Light, Screen, Sensor
from rigs.optics.stimulus import Stimulus
from rigs.roles.stage import Setting, Stage

USUAL_MM = 90.0
"""Distance where a setting names none, mm."""


class RenderedStage(Stage):
    """Draws each setting into what is shown, with the laboratory's phone, lens and sensor."""

    def drawn(self, stimulus: Stimulus, setting: Setting, seed: int) -> Stimulus:
        """The stimulus under the setting's conditions; what the setting leaves open is as usual."""
        screen, light = Screen(), Light()
        if setting.brightness_percent is not None:
            screen = replace(screen, brightness=setting.brightness_percent)
        if setting.illuminance_lx is not None:
            light = replace(light, ambient_lx=setting.illuminance_lx)
        conditions = Conditions(
            code_mm=setting.code_mm,
            distance_mm=USUAL_MM if setting.distance_mm is None else setting.distance_mm,
            surface=screen,
            light=light,
            polariser_deg=setting.polariser_deg,
            sensor=Sensor(seed=seed),
        )
        return replace(stimulus, conditions=conditions)

    def arrange(self, setting: Setting) -> None:
        """Nothing has to be moved."""

    def close(self) -> None:
        """Nothing was moved."""
