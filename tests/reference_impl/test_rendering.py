"""Every rendering is read back by an independent decoder, as it was drawn, and measured where a number is promised."""

import re
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import zxingcpp
from defusedxml.ElementTree import fromstring
from PIL import Image

from reference_impl.codes.rendering import (
    HUNAN_COLOURS,
    PRESETS,
    Rendering,
    preset,
    render_png,
    render_svg,
    symbol,
)

CARD_ID = "0F1E2D3C4B5A69788796A5B4C3D2E1F0" * 2
STATIC = f"{CARD_ID}:1"
DYNAMIC = f"{CARD_ID}:0:{'A1B2C3D4E5F60718' * 2}"
XIAMEN = f"{DYNAMIC}::430100123456"[:112]
QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])


def pixels(png):
    return np.array(Image.open(BytesIO(png)).convert("RGB"))


def read(image):
    found = zxingcpp.read_barcodes(image, formats=QR)
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("text", [STATIC, DYNAMIC, XIAMEN])
@pytest.mark.parametrize(
    ("name", "colour"),
    [("standard", "#000000"), ("print", "#000000"), *(("hunan-page", colour) for colour in HUNAN_COLOURS)],
)
def test_every_preset_is_read_as_drawn(name, colour, text):
    found = read(pixels(render_png(text, preset(name, colour))))
    assert (found.text, found.ec_level) == (text, PRESETS[name].ec_level)


@pytest.mark.parametrize(("text", "version"), [(STATIC, 4), (DYNAMIC, 5), (XIAMEN, 5)])
def test_upper_case_hex_goes_into_alphanumeric_mode(text, version):
    assert len(symbol(text, "M")) == 17 + 4 * version
    assert len(symbol(text.lower(), "M")) > 17 + 4 * version


def test_text_outside_the_alphanumeric_set_is_drawn_too():
    for text in (STATIC.lower(), "湘卡"):
        assert read(pixels(render_png(text, Rendering()))).text == text


@pytest.mark.parametrize("ec_level", ["L", "M", "Q", "H"])
def test_each_level_of_error_correction(ec_level):
    assert read(pixels(render_png(STATIC, Rendering(ec_level=ec_level)))).ec_level == ec_level


def test_the_standard_rendering_keeps_the_standards_measures():
    image = pixels(render_png(STATIC, preset("standard")))
    assert image.shape == (6 * (33 + 8), 6 * (33 + 8), 3)
    assert {tuple(colour) for colour in image.reshape(-1, 3)} == {(0, 0, 0), (255, 255, 255)}
    dark = np.argwhere(image[:, :, 0] == 0)
    assert dark.min() == 4 * 6
    assert dark.max() == 6 * (33 + 4) - 1


def test_colours_quiet_zone_and_size_are_as_asked():
    image = pixels(render_png(STATIC, Rendering(dark="#123456", light="#FEDCBA", quiet_zone=7, module_px=3)))
    assert image.shape[0] == 3 * (33 + 14)
    assert {tuple(colour) for colour in image.reshape(-1, 3)} == {(0x12, 0x34, 0x56), (0xFE, 0xDC, 0xBA)}
    assert np.argwhere(image[:, :, 0] == 0x12).min() == 21


def test_a_logo_covers_its_share_and_no_more():
    rendering = Rendering(logo=0.06, module_px=10)
    plain, marked = (pixels(render_png(STATIC, r)) for r in (replace(rendering, logo=0.0), rendering))
    changed = np.argwhere((plain != marked).any(axis=2))
    top, bottom = changed.min(), changed.max()
    assert top + bottom == pytest.approx(plain.shape[0] - 1, abs=2)
    side = (33 * 10) * 0.06**0.5
    assert bottom - top + 1 == pytest.approx(side, abs=2)
    assert read(marked).text == STATIC


@pytest.mark.parametrize(("text", "remaining"), [(STATIC, 1.0), (DYNAMIC, 0.7)])
def test_the_page_clips_the_quiet_zone(text, remaining):
    image = pixels(render_png(text, preset("hunan-page"))).astype(int)
    box = np.argwhere((image != (0xFA, 0xFC, 0xFF)).any(axis=2))
    assert (box.min(axis=0) == 20).all()
    assert (box.max(axis=0) == 20 + 163 - 1).all()
    modules = len(symbol(text, "M"))
    module = 191 / (modules + 8)
    row = image[20 + 163 // 2 :, 20 : 20 + 163, 0]
    dark = np.argwhere((row < 128).any(axis=0))
    assert dark.min() / module == pytest.approx(remaining, abs=0.15)
    assert (162 - dark.max()) / module == pytest.approx(remaining, abs=0.3)
    assert 0.5 < dark.min() / module < 1.2


def test_the_logo_of_the_page_is_39_by_38_pixels():
    image = pixels(render_png(STATIC, preset("hunan-page", "#E02020")))
    top = left = 20 - 14 + 76  # on the page, before the clipping, in the middle of 191
    plate = image[top : top + 38, left : left + 39]
    around = image[top - 1 : top + 39, left - 1 : left + 40]
    for side in (0, -1):
        for here, there in ((plate[side], around[side, 1:-1]), (plate[:, side], around[1:-1, side])):
            assert (here == 255).all()
            assert (there < 255).any()
    assert tuple(plate[19, 19]) == (0xE0, 0x20, 0x20)


def svg_modules(svg, side):
    path = fromstring(svg)[1].attrib["d"]
    matrix = np.zeros((side, side), bool)
    cells = re.findall(r"M(\d+),(\d+)h1v1h-1z", path)
    assert "".join(f"M{x},{y}h1v1h-1z" for x, y in cells) == path
    for x, y in cells:
        matrix[int(y), int(x)] = True
    return matrix


def test_the_svg_is_the_same_symbol():
    rendering = Rendering(ec_level="Q", dark="#256A0A", quiet_zone=5, module_px=4)
    svg = render_svg(DYNAMIC, rendering)
    root = fromstring(svg)
    modules = symbol(DYNAMIC, "Q")
    side = len(modules) + 10
    assert root.attrib["viewBox"] == f"0 0 {side} {side}"
    assert root.attrib["width"] == root.attrib["height"] == str(4 * side)
    assert [child.attrib["fill"] for child in root] == ["#FFFFFF", "#256A0A"]
    matrix = svg_modules(svg, side)
    assert (matrix[5:-5, 5:-5] == np.array(modules)).all()
    assert matrix.sum() == np.sum(modules)
    drawn = np.kron(np.where(matrix, 0, 255), np.ones((4, 4))).astype(np.uint8)
    assert read(drawn).text == DYNAMIC


def test_the_svg_has_the_logo():
    root = fromstring(render_svg(STATIC, Rendering(logo=0.04)))
    plate = root[2].attrib
    assert plate["fill"] == "#FFFFFF"
    assert float(plate["width"]) * float(plate["height"]) == pytest.approx(0.04 * 33**2, rel=1e-3)
    assert float(plate["x"]) * 2 + float(plate["width"]) == pytest.approx(33 + 8, abs=0.01)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ec_level": "X"}, "ec_level"),
        ({"dark": "red"}, "colour"),
        ({"light": '#FFFFFF"'}, "colour"),
        ({"quiet_zone": 21}, "quiet_zone"),
        ({"quiet_zone": -1}, "quiet_zone"),
        ({"module_px": 0}, "module_px"),
        ({"logo": 0.2}, "logo"),
    ],
)
def test_a_rendering_out_of_range(given, said):
    with pytest.raises(ValueError, match=said):
        Rendering(**given)


def test_what_is_not_drawn():
    for call in (
        lambda: preset("poster"),
        lambda: preset("standard", "#E02020"),
        lambda: preset("hunan-page", "#0000FF"),
        lambda: symbol("", "M"),
        lambda: symbol("A" * 1001, "M"),
        lambda: render_svg(STATIC, preset("hunan-page")),
    ):
        with pytest.raises(ValueError, match=r"preset|drawn|holds"):
            call()
