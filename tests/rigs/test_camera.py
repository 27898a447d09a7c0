"""The camera through OpenCV: films, sequences, MJPEG from an emulated camera and from servers that die or stall."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

from rigs.drivers.opencv_camera import OpenCvCamera
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.optics.frames import make_frame
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.reference import readable
from rigs.optics.stimulus import Stimulus, Symbol

GREYS = (40, 120, 220)
CODE = Stimulus((Symbol(b"439900198001011234"),))


@pytest.fixture
def journal() -> Iterator[Journal]:
    with Journal(None) as journal:
        yield journal


def picture(grey: int) -> np.ndarray:
    return np.full((48, 64, 3), grey, np.uint8)


@pytest.fixture
def sequence(tmp_path: Path) -> str:
    for number, grey in enumerate(GREYS):
        cv2.imwrite(str(tmp_path / f"desk-{number:03d}.png"), picture(grey))
    return str(tmp_path / "desk-%03d.png")


@pytest.fixture
def film(tmp_path: Path) -> str:
    path = str(tmp_path / "desk.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for grey in GREYS:
        writer.write(picture(grey))
    writer.release()
    return path


@pytest.mark.parametrize("kind", ["sequence", "film"])
def test_pictures_come_one_after_the_other_and_then_no_more(
    kind: str, request: pytest.FixtureRequest, journal: Journal
) -> None:
    with closing(OpenCvCamera(request.getfixturevalue(kind), journal)) as camera:
        taken = [camera.photograph() for _ in GREYS]
        assert [round(float(one.image.mean())) for one in taken] == pytest.approx(GREYS, abs=4)
        assert [one.t_ns for one in taken] == sorted(one.t_ns for one in taken)
        with pytest.raises(RigError, match="no further picture"):
            camera.photograph()


def test_colours_arrive_as_red_green_blue(tmp_path: Path, journal: Journal) -> None:
    red = np.zeros((48, 64, 3), np.uint8)
    red[:, :, 2] = 255  # OpenCV writes blue first
    cv2.imwrite(str(tmp_path / "red-000.png"), red)
    with closing(OpenCvCamera(str(tmp_path / "red-%03d.png"), journal)) as camera:
        assert camera.photograph().image[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("source", ["/dev/video99", "nothing.avi", "http://127.0.0.1:9/stream"])
@pytest.mark.filterwarnings("ignore")
def test_a_camera_that_is_not_there(tmp_path: Path, journal: Journal, source: str) -> None:
    with pytest.raises(RigError, match="cannot be opened"):
        OpenCvCamera(source, journal, timeout_s=3)


@contextmanager
def emulated(presenter: FramePortPresenter) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "xiangka", "emulate", "camera", "--tethered", "--watch", presenter.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            assert process.wait(20) == 0


def seen(camera: OpenCvCamera, wanted: bool) -> bool:
    """Whether the code is seen, or no longer seen, within a moment."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if readable(camera.photograph().image, CODE) is wanted:
            return True
    return False


def test_an_emulated_camera_sees_what_the_presenter_shows_and_nothing_older(journal: Journal) -> None:
    with (
        closing(FramePortPresenter(journal)) as presenter,
        emulated(presenter) as url,
        closing(OpenCvCamera(url, journal)) as camera,
    ):
        assert seen(camera, False)
        presenter.show(make_frame(CODE))
        assert seen(camera, True)
        presenter.clear()
        assert seen(camera, False)
        asked_ns = time.monotonic_ns()
        assert camera.photograph().t_ns > asked_ns


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"


def part(grey: int) -> bytes:
    jpeg = cv2.imencode(".jpg", picture(grey))[1].tobytes()
    return b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg) + jpeg + b"\r\n"


@contextmanager
def server(script: Callable[[socket.socket], None]) -> Iterator[str]:
    """A camera that follows a script with each client, and then hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                with suppress(OSError):
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(4096)
                        script(connection)
                    continue
                return

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/stream"


def films(connection: socket.socket, count: int) -> None:
    connection.sendall(HEAD)
    for _ in range(count):
        connection.sendall(part(120))
        time.sleep(0.02)


def exhausted(camera: OpenCvCamera) -> str:
    """What a camera says when it gives no more."""
    for _ in range(1000):
        try:
            camera.photograph(1.0)
        except RigError as error:
            return error.what
    return ""


def test_a_camera_that_dies_in_mid_picture(journal: Journal) -> None:
    def dies(connection: socket.socket) -> None:
        films(connection, 200)
        connection.sendall(part(120)[:300])

    with server(dies) as url, closing(OpenCvCamera(url, journal, timeout_s=10)) as camera:
        assert exhausted(camera)


def test_a_camera_that_stops_in_mid_picture_holds_nobody_up(journal: Journal) -> None:
    stopped, over = threading.Event(), threading.Event()

    def stops(connection: socket.socket) -> None:
        films(connection, 200)
        connection.sendall(part(120)[:300])
        stopped.set()
        over.wait(60)

    with server(stops) as url, closing(OpenCvCamera(url, journal, timeout_s=10)) as camera:
        assert stopped.wait(60)
        begun = time.monotonic()
        assert exhausted(camera)
        assert time.monotonic() - begun < 30
        over.set()


def test_a_server_that_says_nothing_holds_nobody_up(journal: Journal) -> None:
    over = threading.Event()

    def stays_silent(connection: socket.socket) -> None:
        over.wait(60)

    with server(stays_silent) as url:
        begun = time.monotonic()
        with pytest.raises(RigError):
            OpenCvCamera(url, journal, timeout_s=1)
        assert time.monotonic() - begun < 30
        over.set()
