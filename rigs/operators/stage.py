"""The stage as a person sets it: a phone on a rail, its brightness, a polariser, and the light of the room."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from rigs.errors import RigError
from rigs.operators.answers import Done
from rigs.operators.light import HandLight
from rigs.operators.stage_drawings import draw_polariser, draw_rail
from rigs.optics.geometry import HEIGHT
from rigs.optics.stimulus import Stimulus
from rigs.optics.symbols import draw_modules
from rigs.roles import Bilingual, Operator
from rigs.roles.stage import USUAL, Setting, Stage

SIZE_WITHIN = 0.03
"""How far the shown code's width may be from the one asked for, share."""

EDGE_PX = 4
"""What the frame keeps free around a code, pixels."""

_ASPECTS = ("brightness_percent", "polariser_deg", "distance_mm", "illuminance_lx")
"""What a person changes, in this order; the code's size is the presenter's."""


class StageLight(Protocol):
    """Whoever sets the light at the phone."""

    def usual(self) -> tuple[int, int] | None:
        """Bring the light of a usual room about; returns the journal records, None where nobody was asked."""

    def bring(self, lux: float) -> tuple[int, int] | None:
        """Bring an illuminance about, lx, and make sure of it; returns as ``usual``."""


class OperatorStage(Stage):
    """Asks for one change after the other, and only for what is not yet as it should be.

    What nobody has confirmed yet counts as unknown: how the stage stood when the bench was opened, and a change that
    the person declined half-way.

    Args:
        operator: the person.
        pixel_mm: width of one frame pixel as it stands on the display, mm.
        light: what sets the light; None for a person without a meter.
    """

    def __init__(self, operator: Operator, pixel_mm: float, light: StageLight | None = None) -> None:
        self._operator = operator
        self._pixel_mm = pixel_mm
        self._light = HandLight(operator) if light is None else light
        self._known: dict[str, float | None] = {}
        self._drawings = tempfile.TemporaryDirectory(prefix="xiangka-stage-")

    def drawn(self, stimulus: Stimulus, setting: Setting, seed: int) -> Stimulus:
        """The stimulus with modules of so many frame pixels that the code is as wide as asked for."""
        del seed
        modules = draw_modules(stimulus.symbols[0])
        columns = modules.shape[1]
        module_px = max(1, round(setting.code_mm / (columns * self._pixel_mm)))
        width_mm = module_px * columns * self._pixel_mm
        room_px = HEIGHT - 2 * EDGE_PX
        if (max(modules.shape) + 2 * stimulus.appearance.quiet_zone) * module_px > room_px:
            raise self._unfit(f"a code {setting.code_mm:g} mm wide and its quiet zone do not fit a frame", "larger")
        if abs(width_mm - setting.code_mm) > SIZE_WITHIN * setting.code_mm:
            what = (
                f"a code of {columns} modules comes out {width_mm:.1f} mm wide where {setting.code_mm:g} mm are wanted"
            )
            raise self._unfit(what, "finer")
        return replace(stimulus, appearance=replace(stimulus.appearance, module_px=module_px))

    def arrange(self, setting: Setting) -> tuple[int, int] | None:
        """Ask for what differs from how the stage is known to stand."""
        records = list(self._changes(setting))
        return (records[0][0], records[-1][1]) if records else None

    def close(self) -> None:
        """The phone stays where the person left it; the drawings go."""
        self._drawings.cleanup()

    def _unfit(self, what: str, wanted: str) -> RigError:
        return RigError(
            what, where="stage", remedy=f"use a display with {wanted} pixels, and check `pixel_mm` in the bench file"
        )

    def _changes(self, wanted: Setting) -> Iterator[tuple[int, int]]:
        """Bring one aspect after the other about; the journal records of each that a person was asked for."""
        if not self._known and wanted == USUAL:
            yield self._operator.ask(_SET_UP, Done(), picture=self._rail(USUAL.distance_mm)).journal
            self._known = {name: getattr(USUAL, name) for name in _ASPECTS[:-1]}
        for name in _ASPECTS:
            value = getattr(wanted, name)
            if name in self._known and self._known[name] == value:
                continue
            self._known.pop(name, None)
            records = self._set_light(value) if name == "illuminance_lx" else self._ask(name, value)
            self._known[name] = value
            if records is not None:
                yield records

    def _set_light(self, lux: float | None) -> tuple[int, int] | None:
        return self._light.usual() if lux is None else self._light.bring(lux)

    def _ask(self, name: str, value: float | None) -> tuple[int, int]:
        if value is None:
            return self._operator.ask(_NO_POLARISER, Done()).journal
        picture = {"distance_mm": self._rail, "polariser_deg": self._polariser}.get(name)
        drawing = None if picture is None else picture(value)
        return self._operator.ask(_WORDS[name](value), Done(), picture=drawing).journal

    def _rail(self, distance_mm: float) -> Path:
        return draw_rail(distance_mm, Path(self._drawings.name))

    def _polariser(self, angle_deg: float) -> Path:
        return draw_polariser(angle_deg, Path(self._drawings.name))


_SET_UP = Bilingual(
    f"布置测试台：手机距终端 {USUAL.distance_mm:g} mm，屏幕正对终端，亮度 {USUAL.brightness_percent:g} %，"
    "关闭自动亮度，终端前无偏振片，完成后确认。",
    f"Set up the stage: the phone {USUAL.distance_mm:g} mm from the terminal and facing it squarely, its brightness "
    f"{USUAL.brightness_percent:g} %, automatic brightness off, no polariser; then confirm.",
)
_NO_POLARISER = Bilingual(
    "取走终端前的偏振片，完成后确认。", "Take the polariser away from the terminal; then confirm."
)
_WORDS: dict[str, Callable[[float], Bilingual]] = {
    "brightness_percent": lambda value: Bilingual(
        f"将手机屏幕亮度调到 {value:g} %，关闭自动亮度，完成后确认。",
        f"Set the brightness of the phone's screen to {value:g} %, automatic brightness off; then confirm.",
    ),
    "polariser_deg": lambda value: Bilingual(
        f"在终端前放置偏振片，转到 {value:g}°（0° 为屏幕最亮的方向），完成后确认。",
        f"Put the polariser in front of the terminal at {value:g}° "
        "(0° is where the screen looks brightest); then confirm.",
    ),
    "distance_mm": lambda value: Bilingual(
        f"将手机移到距终端 {value:g} mm 处，屏幕正对终端，完成后确认。",
        f"Move the phone to {value:g} mm from the terminal, its screen facing it squarely; then confirm.",
    ),
}
