"""Renders a stimulus into the frame a camera would see: print, damage, pose, blur."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from rigs.optics.stimulus import BENCH_GREY, BLACK, WHITE, Appearance, Damage, Pose, Stimulus, Symbol
from rigs.optics.symbols import draw_modules, scale_to_pixels

WIDTH, HEIGHT = 640, 480
"""Frame size, pixels."""

FOCAL_PX = 900.0
"""Focal length of the bench's pinhole camera, pixels: a 25 mm code of 270 px stands about 83 mm away."""

Image = npt.NDArray[np.uint8]
"""A frame: (480, 640) grey or (480, 640, 3) RGB, 8 bit, sRGB values."""


def blank_frame() -> Image:
    """The bench with nothing on it."""
    return np.full((HEIGHT, WIDTH), BENCH_GREY[0], np.uint8)


def render(stimulus: Stimulus) -> Image:
    """The frame that shows a stimulus; grey where nothing in it has a colour."""
    appearance = stimulus.appearance
    panels = [_panel(symbol, stimulus, len(stimulus.symbols)) for symbol in stimulus.symbols]
    frame = _surround(appearance)
    for position, panel in enumerate(panels):
        centre = WIDTH * (2 * position + 1) // (2 * len(panels))
        _place(frame, panel, centre, stimulus.pose, appearance)
    if stimulus.blur:
        sigma = stimulus.blur * appearance.module_px
        frame = cv2.GaussianBlur(frame, (0, 0), sigma).astype(np.uint8)
    return frame


def _is_grey(appearance: Appearance) -> bool:
    return all(len(set(colour)) == 1 for colour in (appearance.dark, appearance.ground, appearance.surround))


def _surround(appearance: Appearance) -> Image:
    if _is_grey(appearance):
        return np.full((HEIGHT, WIDTH), appearance.surround[0], np.uint8)
    frame = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    frame[:] = appearance.surround
    return frame


def _panel(symbol: Symbol, stimulus: Stimulus, count: int) -> Image:
    """The printed symbol with its quiet zone, as it lies flat."""
    appearance = stimulus.appearance
    modules = draw_modules(symbol)
    room = min(HEIGHT, WIDTH // count) - 8
    longest = max(modules.shape)
    fitting = int(room / (longest + 2 * appearance.quiet_zone))
    module_px = max(1, min(appearance.module_px, fitting))
    dark = scale_to_pixels(modules, module_px).astype(np.float32)
    if stimulus.damage is not None and stimulus.damage.share > 0:
        dark = _damaged(dark, stimulus.damage, module_px)
    margin = round(appearance.quiet_zone * module_px)
    dark = np.pad(dark, margin) * (appearance.contrast / 100)
    panel = _coloured(dark, appearance)
    if appearance.logo:
        _add_logo(panel, appearance, margin)
    return panel


def _coloured(dark: npt.NDArray[np.float32], appearance: Appearance) -> Image:
    if _is_grey(appearance):
        low, high = appearance.dark[0], appearance.ground[0]
        return (high + (low - high) * dark + 0.5).astype(np.uint8)
    ground = np.array(appearance.ground, np.float32)
    ink = np.array(appearance.dark, np.float32)
    return (ground + (ink - ground) * dark[..., None] + 0.5).astype(np.uint8)


def _add_logo(panel: Image, appearance: Appearance, margin: int) -> None:
    symbol_px = panel.shape[0] - 2 * margin
    side = int(symbol_px * math.sqrt(appearance.logo))
    top = (panel.shape[0] - side) // 2
    badge = panel[top : top + side, top : top + side]
    badge[:] = appearance.ground[0] if panel.ndim == 2 else appearance.ground
    edge = max(1, side // 8)
    mark = tuple(appearance.dark) if panel.ndim == 3 else (appearance.dark[0],)
    cv2.circle(badge, (side // 2, side // 2), side // 2 - edge, mark, thickness=edge)


def _damaged(dark: npt.NDArray[np.float32], damage: Damage, module_px: int) -> npt.NDArray[np.float32]:
    """Cover ``share`` % of the symbol: stains darken, scratches and creases lose the ink."""
    random = np.random.default_rng(damage.seed)
    size = dark.shape[0]
    mask = np.zeros(dark.shape, np.uint8)
    target = damage.share / 100 * size * size
    while cv2.countNonZero(mask) < target:
        missing = target - cv2.countNonZero(mask)
        if damage.kind == "stain":
            radius = max(1, int(min(math.sqrt(missing / math.pi), size / 9)))
            x, y = random.integers(0, size, 2)
            cv2.circle(mask, (int(x), int(y)), radius, (1,), thickness=-1)
        else:
            thickness = module_px if damage.kind == "scratch" else max(1, module_px // 2)
            length = max(2.0, min(missing / thickness, size * 0.6))
            angle = random.uniform(0, 2 * math.pi) if damage.kind == "scratch" else random.choice([0, math.pi / 2])
            x, y = random.uniform(0, size, 2)
            end = (int(x + length * math.cos(angle)), int(y + length * math.sin(angle)))
            cv2.line(mask, (int(x), int(y)), end, (1,), thickness=thickness)
    value = 1.0 if damage.kind == "stain" else 0.0
    return np.where(mask > 0, np.float32(value), dark)


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


def homography(pose: Pose, width: int, height: int, centre_x: int) -> npt.NDArray[np.float64]:
    """Pinhole projection of a flat panel turned about its centre, as a 3 x 3 matrix from panel to frame pixels."""
    pitch, yaw, roll = (math.radians(angle) for angle in (pose.pitch, pose.yaw, pose.roll))
    about_x = np.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
    about_y = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    about_z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    rotation = about_x @ about_y @ about_z
    camera = np.array([[FOCAL_PX, 0, centre_x], [0, FOCAL_PX, HEIGHT / 2], [0, 0, 1]])
    plane = np.column_stack((rotation[:, 0], rotation[:, 1], [0, 0, FOCAL_PX]))
    to_centre = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]], dtype=float)
    return np.asarray(camera @ plane @ to_centre, dtype=np.float64)


def shows_colour(stimulus: Stimulus) -> bool:
    """Whether the frame of a stimulus needs three channels."""
    return not _is_grey(stimulus.appearance)


__all__ = ["BLACK", "WHITE", "Image", "blank_frame", "homography", "render", "shows_colour"]
