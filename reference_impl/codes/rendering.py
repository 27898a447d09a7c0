"""Drawing a code: text to QR symbol (GB/T 18284, ISO/IEC 18004), symbol to PNG or SVG, plain or as a named preset.

Upper-case hex and colons go into alphanumeric mode, 5.5 bits a character: a static code of 66 characters is version
4-M, a dynamic one of 99 version 5-M. ``hunan-page`` repeats what the public page of the Hunan card shows: an image of
191 px with a logo of 39 by 38 px, clipped to the 163 px in its middle by a box on #FAFCFF. A module there is no whole
number of pixels, and of its quiet zone of four modules 0.7 (99 characters) to 1.0 (66) remain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from types import MappingProxyType
from typing import Literal

import qrcode
from PIL import Image, ImageDraw
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.util import MODE_8BIT_BYTE, MODE_ALPHA_NUM, QRData

EcLevel = Literal["L", "M", "Q", "H"]
Modules = tuple[tuple[bool, ...], ...]
"""Rows of a symbol without quiet zone, True where dark."""

HUNAN_COLOURS = ("#000000", "#256A0A", "#F39119", "#E02020")
MAX_TEXT = 1000
MAX_LOGO = 0.1

_EC_LEVELS = {"L": ERROR_CORRECT_L, "M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q, "H": ERROR_CORRECT_H}
_ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]+")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_STANDARD_QUIET_ZONE = 4
_EMBLEM = ((1.0, False), (0.6, True))
"""A light plate with a dark one on it, as shares of the logo's sides: whose logo it is matters to no scanner."""


def _demand(sound: bool, rule: str) -> None:
    if not sound:
        raise ValueError(rule)


@dataclass(frozen=True)
class Page:
    """A page that shows a code: scales it, lays a logo on it, clips it. All lengths are pixels.

    Attributes:
        image: width of the scaled image, quiet zone included.
        logo: width and height of the logo in its middle.
        box: width of the middle part that is shown.
        margin: width of the page around the box in the drawing.
        ground: colour of the page, #RRGGBB.
    """

    image: int
    logo: tuple[int, int]
    box: int
    margin: int
    ground: str


@dataclass(frozen=True)
class Rendering:
    """How a code is drawn.

    Attributes:
        ec_level: error correction level.
        dark: colour of dark modules, #RRGGBB.
        light: colour of light modules and quiet zone, #RRGGBB.
        quiet_zone: width of the quiet zone, modules.
        module_px: width of a module, pixels; where a page scales the image, how finely it is drawn before.
        logo: share of the symbol's area a square logo in its middle covers, 0 to ``MAX_LOGO``.
        page: what a page makes of the image, None for nothing.

    Raises:
        ValueError: a value is out of its range.
    """

    ec_level: EcLevel = "M"
    dark: str = "#000000"
    light: str = "#FFFFFF"
    quiet_zone: int = _STANDARD_QUIET_ZONE
    module_px: int = 6
    logo: float = 0.0
    page: Page | None = None

    def __post_init__(self) -> None:
        _demand(self.ec_level in _EC_LEVELS, "ec_level is L, M, Q or H")
        _demand(bool(_COLOUR.fullmatch(self.dark) and _COLOUR.fullmatch(self.light)), "a colour is #RRGGBB")
        _demand(0 <= self.quiet_zone <= 20, "quiet_zone is 0 to 20 modules")
        _demand(1 <= self.module_px <= 40, "module_px is 1 to 40")
        _demand(0 <= self.logo <= MAX_LOGO, f"logo covers 0 to {MAX_LOGO} of the symbol")


PRESETS: Mapping[str, Rendering] = MappingProxyType(
    {
        "standard": Rendering(),
        "hunan-page": Rendering(module_px=8, page=Page(image=191, logo=(39, 38), box=163, margin=20, ground="#FAFCFF")),
        # A clerk's printer has 203 dots an inch: 5 dots are 0.63 mm. Paper gets creased and smudged, hence level Q.
        "print": Rendering(ec_level="Q", module_px=5),
    }
)
"""The renderings that have a name; ``preset`` gives them another colour."""


def preset(name: str, dark: str = "#000000") -> Rendering:
    """Return a preset in a colour: of ``hunan-page`` one of ``HUNAN_COLOURS``, of the others black.

    Raises:
        ValueError: no such preset, or not in this colour.
    """
    _demand(name in PRESETS, f"a preset is one of {', '.join(PRESETS)}")
    allowed = HUNAN_COLOURS if name == "hunan-page" else HUNAN_COLOURS[:1]
    _demand(dark in allowed, f"{name} is drawn in {', '.join(allowed)}")
    return replace(PRESETS[name], dark=dark)


def symbol(text: str, ec_level: EcLevel) -> Modules:
    """Return the smallest symbol that holds ``text``, in alphanumeric mode where every character allows it.

    Raises:
        ValueError: the text is empty or longer than ``MAX_TEXT``.
    """
    _demand(1 <= len(text) <= MAX_TEXT, f"a code holds 1 to {MAX_TEXT} characters")
    mode = MODE_ALPHA_NUM if _ALPHANUMERIC.fullmatch(text) else MODE_8BIT_BYTE
    code = qrcode.QRCode(error_correction=_EC_LEVELS[ec_level], border=0)
    code.add_data(QRData(text.encode(), mode=mode))
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())


def render_png(text: str, rendering: Rendering) -> bytes:
    """Draw ``text`` as a PNG image.

    Raises:
        ValueError: as ``symbol`` says.
    """
    image = _image(symbol(text, rendering.ec_level), rendering)
    if rendering.page is not None:
        image = _shown_by(rendering.page, image, rendering)
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def render_svg(text: str, rendering: Rendering) -> str:
    """Draw ``text`` as an SVG image, one unit a module.

    Raises:
        ValueError: as ``symbol`` says, or the rendering is that of a page, which works on pixels.
    """
    _demand(rendering.page is None, "what a page shows is drawn as PNG")
    modules = symbol(text, rendering.ec_level)
    zone = rendering.quiet_zone
    side = len(modules) + 2 * zone
    path = "".join(
        f"M{zone + x},{zone + y}h1v1h-1z" for y, row in enumerate(modules) for x, dark in enumerate(row) if dark
    )
    width = side * rendering.module_px
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="{width}" height="{width}" ',
        f'shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="{rendering.light}"/>',
        f'<path d="{path}" fill="{rendering.dark}"/>',
    ]
    if rendering.logo:
        logo = len(modules) * rendering.logo**0.5
        for share, dark in _EMBLEM:
            place, length = (side - logo * share) / 2, logo * share
            colour = rendering.dark if dark else rendering.light
            parts.append(
                f'<rect x="{place:.3f}" y="{place:.3f}" width="{length:.3f}" height="{length:.3f}" fill="{colour}"/>'
            )
    return "".join((*parts, "</svg>"))


def _image(modules: Modules, rendering: Rendering) -> Image.Image:
    zone, scale = rendering.quiet_zone, rendering.module_px
    side = len(modules) + 2 * zone
    small = Image.new("RGB", (side, side), rendering.light)
    dark = tuple(bytes.fromhex(rendering.dark[1:]))
    for y, row in enumerate(modules):
        for x, is_dark in enumerate(row):
            if is_dark:
                small.putpixel((zone + x, zone + y), dark)
    image = small.resize((side * scale, side * scale), Image.Resampling.NEAREST)
    if rendering.logo:
        width = len(modules) * scale * rendering.logo**0.5
        _draw_logo(image, (width, width), rendering)
    return image


def _shown_by(page: Page, image: Image.Image, rendering: Rendering) -> Image.Image:
    scaled = image.resize((page.image, page.image), Image.Resampling.BILINEAR)
    _draw_logo(scaled, page.logo, rendering)
    cut = (page.image - page.box) // 2
    shown = Image.new("RGB", (page.box + 2 * page.margin,) * 2, page.ground)
    shown.paste(scaled.crop((cut, cut, cut + page.box, cut + page.box)), (page.margin, page.margin))
    return shown


def _draw_logo(image: Image.Image, size: tuple[float, float], rendering: Rendering) -> None:
    draw = ImageDraw.Draw(image)
    for share, dark in _EMBLEM:
        width, height = round(size[0] * share), round(size[1] * share)
        left, top = (image.width - width) // 2, (image.height - height) // 2
        corners = (left, top, left + width - 1, top + height - 1)
        draw.rectangle(corners, fill=rendering.dark if dark else rendering.light)
