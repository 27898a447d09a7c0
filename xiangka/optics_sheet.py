"""``xiangka optics sheet``: one picture of each effect, with its grade, on a contact sheet."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from certification.errors import PlanError
from rigs.optics.frames import make_frame
from rigs.optics.grading import grade
from rigs.optics.reference import readable
from xiangka.optics_stimulus import Wanted

_ACROSS, _WIDTH, _HEIGHT, _CAPTION = 5, 320, 240, 34
_NEAR: Mapping[str, float] = {"distance": 85}
EXAMPLES: tuple[tuple[str, Wanted], ...] = (
    ("as usual, 85 mm", Wanted(_NEAR)),
    ("200 mm", Wanted({"distance": 200})),
    ("40 mm: too large for the frame", Wanted({"distance": 40})),
    ("focused at 40 mm, f/4", Wanted({**_NEAR, "focus": 40, "f-number": 4})),
    ("paper, 500 lx", Wanted({**_NEAR, "paper": 0.85})),
    ("thermal fade 70 %", Wanted({**_NEAR, "fade": 70})),
    ("paper, 20 lx: noise", Wanted({**_NEAR, "paper": 0.85, "ambient": 20})),
    ("stains 3 %", Wanted({**_NEAR, "stain": 3})),
    ("scratches 3 %", Wanted({**_NEAR, "scratch": 3})),
    ("creases 3 %", Wanted({**_NEAR, "crease": 3})),
    ("brightness 20 %, 10 000 lx", Wanted({**_NEAR, "brightness": 20, "ambient": 10_000})),
    ("brightness 50 %, polariser 90°", Wanted({**_NEAR, "brightness": 50, "polariser": 90})),
    ("glare 1500 cd/m²", Wanted({**_NEAR, "glare": 1500, "glare-x": 4, "glare-y": -3})),
    ("film: haze 0.3, 8 cracks", Wanted({**_NEAR, "haze": 0.3, "cracks": 8})),
    ("PWM 240 Hz, rolling shutter", Wanted({**_NEAR, "pwm": 240, "row-delay": 30, "exposure": 2})),
    ("moiré: 0.185 mm pixels at 2°", Wanted({**_NEAR, "pixel-pitch": 0.185, "grid-contrast": 0.9, "grid-angle": 2})),
    ("motion 200 mm/s, 8 ms", Wanted({**_NEAR, "speed": 200, "direction": 20, "brightness": 30})),
    ("pitch 35°, yaw 20°, roll 30°", Wanted({**_NEAR, "pitch": 35, "yaw": 20, "roll": 30})),
    ("cylinder, radius 25 mm", Wanted({**_NEAR, "curvature": 25})),
    ("cylinder 12 mm, yaw 15°", Wanted({**_NEAR, "curvature": 12, "yaw": 15})),
    ("refreshed in mid-scan", Wanted({**_NEAR, "torn": 0.5})),
    ("two codes", Wanted({"distance": 125}, two=True)),
    ("orange ink on paper", Wanted({**_NEAR, "paper": 0.85}, {"dark": "#F39119"})),
    ("orange ink, red light 640 nm", Wanted({**_NEAR, "paper": 0.85, "wavelength": 640}, {"dark": "#F39119"})),
    ("card blue, quiet zone 0.7, logo", Wanted({**_NEAR, "quiet-zone": 0.7, "logo": 0.06}, {"surround": "#2B6CB0"})),
)


def sheet(out: Path, seed: int) -> int:
    """Draw the contact sheet.

    Raises:
        PlanError: the file cannot be written.
    """
    if out.suffix.lower() != ".png":
        raise PlanError("is not the name of a PNG file", where=str(out), remedy="let it end in .png")
    rows = -(-len(EXAMPLES) // _ACROSS)
    page = Pictures.new("RGB", (_ACROSS * (_WIDTH + 8) + 8, rows * (_HEIGHT + _CAPTION + 6) + 8), "white")
    for number, (caption, wanted) in enumerate(EXAMPLES):
        across, down = number % _ACROSS, number // _ACROSS
        tile = _tile(caption, wanted, Random(f"{seed}/sheet"))  # noqa: S311 - stimuli, not secrets
        page.paste(tile, (8 + across * (_WIDTH + 8), 8 + down * (_HEIGHT + _CAPTION + 6)))
    try:
        page.quantize(256, Pictures.Quantize.MAXCOVERAGE).save(out, optimize=True)
    except OSError as error:
        raise PlanError(f"cannot be written ({error.strerror})", where=str(out), remedy="name another file") from error
    print(out)
    return 0


def _tile(caption: str, wanted: Wanted, chance: Random) -> Pictures.Image:
    stimulus = wanted.stimulus(chance)
    frame = make_frame(stimulus, check=True)
    picture = Pictures.fromarray(np.asarray(frame.image())).convert("RGB").resize((_WIDTH, _HEIGHT))
    tile = Pictures.new("RGB", (_WIDTH, _HEIGHT + _CAPTION), "white")
    tile.paste(picture, (0, _CAPTION))
    said = "read as seen" if readable(frame.image(), stimulus) else "not read as seen"
    clean = "read clean" if frame.reference_reads else "not read clean"
    pen = ImageDraw.Draw(tile)
    pen.text((0, 1), caption, fill="#1f2933", font=_font(14))
    pen.text((0, 18), f"grade {grade(stimulus).letter} · {clean} · {said}", fill="#56616d", font=_font(11))
    return tile


def _font(size: int) -> ImageFont.FreeTypeFont:
    file = resources.files("matplotlib") / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
    with resources.as_file(file) as path:
        return ImageFont.truetype(str(path), size)
