"""The stage as a person sets it: a phone on a rail, its brightness, a polariser, and the light of the room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rigs.errors import RigError
from rigs.operators.answers import Done
from rigs.optics.geometry import HEIGHT
from rigs.optics.stimulus import Stimulus
from rigs.optics.symbols import draw_modules
from rigs.roles import Bilingual, Operator
from rigs.roles.stage import Setting, Stage

SIZE_WITHIN = 0.03
"""How far the shown code's width may be from the one asked for, share."""

EDGE_PX = 4
"""What the frame keeps free around a code, pixels."""

Illuminate = Callable[[float], object]
"""Brings the bench to an illuminance in lx and makes sure of it."""


class OperatorStage(Stage):
    """Asks for one change after the other, and only for what is not yet as it should be.

    Args:
        operator: the person.
        pixel_mm: width of one frame pixel as it stands on the display, mm.
        illuminate: what sets the light where instruments do; None where the person does that too.
    """

    def __init__(self, operator: Operator, pixel_mm: float, illuminate: Illuminate | None = None) -> None:
        self._operator = operator
        self._pixel_mm = pixel_mm
        self._illuminate = illuminate
        self._now = Setting()

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
        """Ask for what differs from how the bench stands."""
        records: list[tuple[int, int]] = []
        for instruction in self._changes(setting):
            records.append(self._operator.ask(instruction, Done()).journal)
        wanted_lx = setting.illuminance_lx
        if self._illuminate is not None and wanted_lx is not None and wanted_lx != self._now.illuminance_lx:
            self._illuminate(wanted_lx)
        self._now = setting
        return (records[0][0], records[-1][1]) if records else None

    def close(self) -> None:
        """The phone stays where the person left it."""

    def _unfit(self, what: str, wanted: str) -> RigError:
        return RigError(
            what, where="stage", remedy=f"use a display with {wanted} pixels, and check `pixel_mm` in the bench file"
        )

    def _changes(self, wanted: Setting) -> list[Bilingual]:
        told = []
        now = self._now
        if wanted.brightness_percent is not None and wanted.brightness_percent != now.brightness_percent:
            amount = f"{wanted.brightness_percent:g} %"
            told.append(
                Bilingual(
                    f"将手机屏幕亮度调到 {amount}，关闭自动亮度，完成后确认。",
                    f"Set the brightness of the phone's screen to {amount}, automatic brightness off; then confirm.",
                )
            )
        if wanted.polariser_deg is not None and wanted.polariser_deg != now.polariser_deg:
            amount = f"{wanted.polariser_deg:g}°"
            told.append(
                Bilingual(
                    f"在终端前放置偏振片，转到 {amount}（0° 为屏幕最亮的方向），完成后确认。",
                    f"Put the polariser in front of the terminal at {amount} "
                    "(0° is where the screen looks brightest); then confirm.",
                )
            )
        if wanted.distance_mm is not None and wanted.distance_mm != now.distance_mm:
            amount = f"{wanted.distance_mm:g} mm"
            told.append(
                Bilingual(
                    f"将手机移到距终端 {amount} 处，屏幕正对终端，完成后确认。",
                    f"Move the phone to {amount} from the terminal, its screen facing it squarely; then confirm.",
                )
            )
        if self._illuminate is None and wanted.illuminance_lx not in (None, now.illuminance_lx):
            amount = f"{wanted.illuminance_lx:g} lx"
            told.append(
                Bilingual(
                    f"将手机屏幕处的环境照度调到 {amount}（照度计读数相差不超过 5 %），完成后确认。",
                    f"Bring the ambient light at the phone's screen to {amount} "
                    "(within 5 % on the lux meter); then confirm.",
                )
            )
        return told
