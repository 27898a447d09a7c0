"""A code drawn through the gateway for the application that may issue it: what is drawn is the code."""

import base64
import threading

import cv2
import numpy as np
import pytest
import zxingcpp

from reference_impl.codes.rendering import HUNAN_COLOURS, PRESETS
from reference_impl.door.methods import drawn_codes

GENERATE = "ehc.ehealthcode.generate"


@pytest.fixture
def database():
    return "sqlite"


def picture(answer):
    data = base64.b64decode(answer.biz["ehealth_code_image"], validate=True)
    assert data.startswith(b"\x89PNG")
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def text_in(image):
    (found,) = zxingcpp.read_barcodes(image)
    return found.text


@pytest.fixture
def generate(bench):
    card_id = bench.register()

    def generated(**fields):
        return bench.call(GENERATE, {"ehealth_card_id": card_id, "ewmbs": "0", **fields})

    return generated


@pytest.mark.parametrize("kind", ["0", "1"])
@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_the_picture_holds_the_code_beside_it_and_is_accepted(bench, generate, preset, kind):
    answer = generate(ewmbs=kind, image=preset)
    text = text_in(picture(answer))
    assert text == answer.biz["ehealth_code"]
    assert bench.verify(text).success


def test_the_page_of_hunan_has_four_colours(generate):
    drawn = [picture(generate(image="hunan-page", image_dark=colour)) for colour in HUNAN_COLOURS]
    for colour, image in zip(HUNAN_COLOURS, drawn, strict=True):
        red, green, blue = bytes.fromhex(colour[1:])
        assert (image == (blue, green, red)).all(axis=2).any(), colour
        assert text_in(image)
    assert text_in(picture(generate(image="hunan-page", image_dark=HUNAN_COLOURS[1].lower())))


def test_without_being_asked_nothing_is_drawn(generate):
    assert "ehealth_code_image" not in generate().biz


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"image": "poster"}, "image"),
        ({"image_dark": "#000000"}, "image"),
        ({"image": "standard", "image_dark": "#256A0A"}, "image_dark"),
        ({"image": "hunan-page", "image_dark": "#123456"}, "image_dark"),
        ({"image": "standard", "count": "1"}, "count"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_the_name_of_the_field(generate, fields, field):
    answer = generate(**fields)
    assert (answer.code, answer.message.rpartition(": ")[2]) == ("110", field)


def test_nobody_waits_for_a_picture_but_who_asked_for_it(bench, generate, monkeypatch):
    begun, end = threading.Event(), threading.Event()
    sound = drawn_codes.render_png

    def slow(text, rendering):
        begun.set()
        assert end.wait(10)
        return sound(text, rendering)

    monkeypatch.setattr(drawn_codes, "render_png", slow)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(generate(image="standard")))
    asking.start()
    assert begun.wait(10)
    assert bench.do(lambda _: "served") == "served"
    end.set()
    asking.join(10)
    assert answers[0].success
