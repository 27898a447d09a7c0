"""A camera as a witness: what it sees, what it cannot see, and when it is no witness at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

from fixtures.bench_photograph import CONTROL
from rigs.drivers.opencv_camera import OpenCvCamera
from rigs.emulators.looker import Looker
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.optics.frames import Frame, make_frame
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.stimulus import Damage, Stimulus, Symbol
from rigs.witness import Witness

DENSE = Stimulus((Symbol(b"9" * 100, version=20),))

Lens = Callable[[np.ndarray], np.ndarray]


def clear(picture: np.ndarray) -> np.ndarray:
    return picture


def out_of_focus(picture: np.ndarray) -> np.ndarray:
    """So that large modules are seen and small ones are not."""
    return cv2.GaussianBlur(picture, (0, 0), 2.2)


def capped(picture: np.ndarray) -> np.ndarray:
    return np.zeros_like(picture)


class Relay:
    """A network camera that looks at a frame port through a lens of the test's own."""

    def __init__(self, watch: str) -> None:
        self.lens: Lens = clear
        relay = self

        class Stream(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                looker = Looker(watch)
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
                self.end_headers()
                with suppress(OSError), self.connection:
                    while (view := looker.look()) is not None:
                        picture = view.image if view.image.ndim == 2 else cv2.cvtColor(view.image, cv2.COLOR_RGB2BGR)
                        jpeg = cv2.imencode(".jpg", relay.lens(picture))[1].tobytes()
                        head = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
                        self.wfile.write(head + jpeg + b"\r\n")
                        time.sleep(0.04)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Stream)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def desk() -> Iterator[tuple[Witness, Relay, FramePortPresenter]]:
    with ExitStack() as open_parts:
        journal = open_parts.enter_context(Journal(None))
        presenter = open_parts.enter_context(closing(FramePortPresenter(journal)))
        relay = open_parts.enter_context(closing(Relay(presenter.url)))
        camera = open_parts.enter_context(closing(OpenCvCamera(relay.url, journal)))
        yield Witness(presenter, camera), relay, presenter


@pytest.fixture
def control() -> Frame:
    return make_frame(CONTROL, check=True)


def test_a_camera_in_order_sees_both_codes(desk, control: Frame) -> None:
    witness, relay, _ = desk
    relay.lens = clear
    assert witness.sees(control).image.shape == (480, 640, 3)
    assert witness.cannot_see(make_frame(DENSE), control) is None


def test_what_only_the_camera_cannot_see_is_no_evidence_against_a_device(desk, control: Frame) -> None:
    witness, relay, _ = desk
    relay.lens = out_of_focus
    photograph = witness.cannot_see(make_frame(DENSE), control)
    assert photograph is not None
    assert photograph.png().startswith(b"\x89PNG")


def test_a_camera_that_sees_nothing_is_no_witness(desk, control: Frame) -> None:
    witness, relay, _ = desk
    relay.lens = capped
    with pytest.raises(RigError, match="does not see a plain code"):
        witness.sees(control)
    with pytest.raises(RigError, match="does not see a plain code"):
        witness.cannot_see(make_frame(DENSE), control)


def test_a_code_whose_pixels_cannot_be_read_says_nothing_of_the_surface(desk, control: Frame) -> None:
    witness, relay, _ = desk
    relay.lens = capped
    destroyed = Stimulus((Symbol(b"439900"),), damage=Damage("stain", 60, 1))
    assert witness.cannot_see(make_frame(destroyed), control) is None


def test_the_bench_is_empty_afterwards(desk, control: Frame) -> None:
    witness, relay, presenter = desk
    relay.lens = clear
    witness.sees(control)
    view = Looker(presenter.url).look()
    assert view is not None
    assert int(view.image.max()) - int(view.image.min()) < 10
