"""Codes drawn over the API: each option is heard, and what cannot be drawn is a problem."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from reference_impl.codes.rendering import PRESETS
from reference_impl.door.api.code_image_routes import Drawing

PAGE = Path(__file__).parents[3].joinpath("docs", "platform-cards.md").read_text()
CODE = "0123456789ABCDEF" * 4 + ":1"


@pytest.fixture
def database():
    return "sqlite"


@pytest.fixture
def draw(bench, make_api):
    api = make_api(bench)

    def drawn(**body):
        return api.ask("POST", "/codes/image", {"text": CODE, **body})

    return drawn


def pixels(answer):
    assert answer.headers["content-type"] == "image/png"
    return cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize("preset", ["standard", "hunan-page", "print"])
def test_every_preset_can_be_read(draw, preset):
    assert zxingcpp.read_barcodes(pixels(draw(preset=preset)))[0].text == CODE


def test_options_change_what_the_preset_says(draw):
    image = pixels(draw(module_px=3, quiet_zone=2, ec_level="L", dark="#102030", light="#fff0e0"))
    modules = image.shape[0] // 3 - 2 * 2
    assert modules == 29, "66 alphanumeric characters at level L are version 3"
    assert tuple(image[0, 0]) == (0xE0, 0xF0, 0xFF)
    assert tuple(image[2 * 3, 2 * 3]) == (0x30, 0x20, 0x10)
    assert zxingcpp.read_barcodes(image)[0].text == CODE


def test_a_logo_covers_the_middle(draw):
    plain, covered = pixels(draw(ec_level="H")), pixels(draw(ec_level="H", logo=0.05))
    assert plain.shape == covered.shape
    assert (plain != covered).any()
    assert zxingcpp.read_barcodes(covered)[0].text == CODE


def test_svg_on_demand(draw):
    answer = draw(format="svg", dark="#256A0A")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.text.startswith("<svg")
    assert "#256A0A" in answer.text


@pytest.mark.parametrize(
    "body",
    [
        {"preset": "hunan-page", "dark": "#123456"},
        {"preset": "hunan-page", "format": "svg"},
        {"dark": "red"},
        {"logo": 0.5},
        {"quiet_zone": 99},
        {"ec_level": "X"},
    ],
)
def test_what_cannot_be_drawn_is_a_problem(draw, body):
    answer = draw(**body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_page_tells_every_field_and_preset():
    told = re.findall(r"^  \| (`.+?) \|", PAGE, re.MULTILINE)
    assert {name for cell in told for name in re.findall("`([a-z_]+)`", cell)} == set(Drawing.model_fields)
    assert {name for name in PRESETS if f"| `{name}` | " in PAGE} == set(PRESETS)
