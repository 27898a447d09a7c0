"""Renders a stimulus into the frame a camera would see: print, damage, pose, blur.

A stimulus with physical conditions is handed to the laboratory; all others are drawn in frame pixels, which is quick.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from rigs.optics.geometry import FOCAL_PX, HEIGHT, WIDTH, Image, homography
from rigs.optics.laboratory import clean_pictures, photograph
from rigs.optics.panel import Panel, add_logo, laid_out
from rigs.optics.stimulus import BENCH_GREY, BLACK, WHITE, Appearance, Pose, Stimulus, Symbol
from rigs.optics.symbols import draw_modules


def blank_frame() -> Image:
    """The bench with nothing on it."""
    return np.full((HEIGHT, WIDTH), BENCH_GREY[0], np.uint8)


def render(stimulus: Stimulus) -> Image:
    """The frame that shows a stimulus; grey where nothing in it has a colour."""
    if stimulus.conditions is not None:
        return photograph(stimulus, stimulus.conditions)
    appearance = stimulus.appearance
    panels = [_coloured_panel(symbol, stimulus) for symbol in stimulus.symbols]
    frame = _surround(appearance)
    for position, panel in enumerate(panels):
        _place(frame, panel, centre_of(position, len(panels)), stimulus.pose, appearance)
    if stimulus.blur:
        sigma = stimulus.blur * appearance.module_px
        frame = cv2.GaussianBlur(frame, (0, 0), sigma).astype(np.uint8)
    return frame


def reference_pictures(stimulus: Stimulus, frame: Image | None = None) -> list[tuple[Image, Stimulus]]:
    """What the reference decoder is shown, each picture with what it must read in it.

    Without conditions that is the frame itself; with them the clean picture of each moment, in white light: whoever
    looks in red light alone chose that, and has to read what it makes of colours.

    Args:
        stimulus: the stimulus.
        frame: its frame, where it has been drawn already.
    """
    if stimulus.conditions is None:
        return [(render(stimulus) if frame is None else frame, stimulus)]
    white = replace(stimulus.conditions, sensor=replace(stimulus.conditions.sensor, wavelength_nm=0.0))
    return [
        (clean.image, replace(stimulus, symbols=tuple(laid.symbol for laid in clean.laid)))
        for clean in clean_pictures(stimulus, white)
    ]


def centre_of(position: int, count: int) -> int:
    """Frame column in which the centre of one of several symbols stands."""
    return WIDTH * (2 * position + 1) // (2 * count)


def panel_of(symbol: Symbol, stimulus: Stimulus) -> Panel:
    """A symbol as it lies flat in frame pixels, its modules made smaller where it would not fit."""
    appearance = stimulus.appearance
    modules = draw_modules(symbol)
    room = min(HEIGHT, WIDTH // len(stimulus.symbols)) - 8
    fitting = int(room / (max(modules.shape) + 2 * appearance.quiet_zone))
    return laid_out(modules, appearance, stimulus.damage, max(1, min(appearance.module_px, fitting)))


def _is_grey(appearance: Appearance) -> bool:
    return all(len(set(colour)) == 1 for colour in (appearance.dark, appearance.ground, appearance.surround))


def _surround(appearance: Appearance) -> Image:
    if _is_grey(appearance):
        return np.full((HEIGHT, WIDTH), appearance.surround[0], np.uint8)
    frame = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    frame[:] = appearance.surround
    return frame


def _coloured_panel(symbol: Symbol, stimulus: Stimulus) -> Image:
    appearance = stimulus.appearance
    drawn = panel_of(symbol, stimulus)
    panel = _coloured(drawn.ink * (appearance.contrast / 100), appearance)
    if appearance.logo:
        mark = tuple(appearance.dark) if panel.ndim == 3 else (appearance.dark[0],)
        add_logo(panel, appearance, drawn.margin, appearance.ground, mark)
    return panel


def _coloured(dark: npt.NDArray[np.float32], appearance: Appearance) -> Image:
    if _is_grey(appearance):
        low, high = appearance.dark[0], appearance.ground[0]
        return (high + (low - high) * dark + 0.5).astype(np.uint8)
    ground = np.array(appearance.ground, np.float32)
    ink = np.array(appearance.dark, np.float32)
    return (ground + (ink - ground) * dark[..., None] + 0.5).astype(np.uint8)


def _place(frame: Image, panel: Image, centre_x: int, pose: Pose, appearance: Appearance) -> None:
    height, width = panel.shape[:2]
    if pose == Pose():
        top, left = (HEIGHT - height) // 2, centre_x - width // 2
        frame[top : top + height, left : left + width] = panel
        return
    border = appearance.surround[0] if panel.ndim == 2 else appearance.surround
    cv2.warpPerspective(
        panel,
        homography(pose, width, height, centre_x),
        (WIDTH, HEIGHT),
        dst=frame,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=border if isinstance(border, tuple) else (border,),
    )


__all__ = [
    "BLACK",
    "FOCAL_PX",
    "HEIGHT",
    "WHITE",
    "WIDTH",
    "Image",
    "blank_frame",
    "centre_of",
    "homography",
    "panel_of",
    "reference_pictures",
    "render",
]
