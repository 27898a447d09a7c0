"""The presenter for real devices, on an X server without hardware: what stands on the screen is what was shown."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import zxingcpp

from rigs.bench_tables.presenters import ScreenTable
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.optics.scene import BENCH_GREY
from rigs.optics.screen import ScreenPresenter
from rigs.optics.stimulus import Appearance, Stimulus, Symbol

INSTALL = "apt-get install --no-install-recommends xvfb x11-apps"
WIDTH, HEIGHT = 1280, 960
CODE = b"8A3F" * 16 + b":1"
CARD_GREEN = (0x25, 0x6A, 0x0A)
HANG_S = 60


@dataclass(frozen=True)
class Display:
    """An X display nobody looks at, and its screenshots."""

    name: str

    def picture(self):
        """The whole screen, shape (height, width, 3), RGB."""
        dump = subprocess.run(
            ["xwd", "-root", "-silent", "-display", self.name], capture_output=True, check=True, timeout=HANG_S
        ).stdout
        fields = np.frombuffer(dump, ">u4", 25)  # XWDFile.h: XWDFileHeader
        start, width, height, bits, line, colours = (int(fields[i]) for i in (0, 4, 5, 11, 12, 19))
        lines = np.frombuffer(dump, np.uint8, offset=start + 12 * colours)[: line * height].reshape(height, line)
        blue_green_red = lines[:, : width * bits // 8].reshape(height, width, bits // 8)
        return np.ascontiguousarray(blue_green_red[:, :, 2::-1])

    def codes(self) -> list[bytes]:
        """Contents of the codes on the screen."""
        return [bytes(found.bytes) for found in zxingcpp.read_barcodes(self.picture())]


def install() -> None:
    """Install the X server and the screenshot tool where that is allowed; one process at a time."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with Path(__file__).open() as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            if shutil.which("Xvfb") is None or shutil.which("xwd") is None:
                environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
                for command in (["apt-get", "update"], [*INSTALL.split(), "-y"]):
                    subprocess.run([*command, "-qq"], env=environment, capture_output=True, check=False)


@pytest.fixture(scope="module")
def display():
    if shutil.which("Xvfb") is None or shutil.which("xwd") is None:
        install()
    if shutil.which("Xvfb") is None or shutil.which("xwd") is None:
        pytest.skip(f"no X server without hardware here: sudo {INSTALL}")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    yield Display(f":{number}")
    server.terminate()
    server.wait(HANG_S)


@pytest.fixture(autouse=True)
def others():
    """Processes there were before; none may be left beside them."""
    before = set(multiprocessing.active_children())
    yield before
    assert set(multiprocessing.active_children()) <= before


@pytest.fixture
def presenter(display):
    opened = ScreenPresenter(Journal(None), table(display.name))
    yield opened
    opened.close()


def table(display: str, **keys) -> ScreenTable:
    return ScreenTable(driver="screen", display=display, width=WIDTH, height=HEIGHT, **keys)


def stimulus(content: bytes = CODE, **appearance) -> Stimulus:
    return Stimulus((Symbol(content),), Appearance(**appearance))


def test_codes_are_read_back_from_the_screen_one_after_the_other(presenter, display):
    for number in range(3):
        content = f"{CODE.decode()}-{number}".encode()
        shown = presenter.show(presenter.prepare(stimulus(content)).result())
        assert shown.sequence == number + 1
        assert display.codes() == [content]
    assert shown.t_ns <= time.monotonic_ns()
    presenter.clear()
    assert display.codes() == []


def test_a_colour_is_shown_as_it_is_and_the_frame_is_enlarged_without_smoothing(presenter, display):
    frame = presenter.prepare(stimulus(dark=CARD_GREEN)).result()
    presenter.show(frame)
    picture = display.picture()
    image = frame.image()
    assert np.array_equal(picture[::2, ::2], image)
    assert np.array_equal(picture[1::2, 1::2], image)
    assert (picture == CARD_GREEN).all(axis=2).any()
    assert tuple(picture[0, 0]) == tuple(picture[-1, -1]) == BENCH_GREY


def test_a_display_that_is_not_there_is_the_bench_at_fault():
    start = time.monotonic()
    with pytest.raises(RigError, match=r":9999 cannot be drawn on.*check `display`"):
        ScreenPresenter(Journal(None), table(":9999"))
    assert time.monotonic() - start < HANG_S


def test_a_window_that_is_gone_is_the_bench_at_fault(display, others):
    presenter = ScreenPresenter(Journal(None), table(display.name))
    try:
        (window,) = set(multiprocessing.active_children()) - others
        window.kill()
        window.join(HANG_S)
        with pytest.raises(RigError, match="cannot be drawn on"):
            presenter.clear()
    finally:
        presenter.close()


def test_the_declared_lag_is_part_of_the_show_time(display):
    journal = Journal(None)
    presenter = ScreenPresenter(journal, table(display.name, refresh_hz=50.0, lag_ms=80.0))
    try:
        before_ns = time.monotonic_ns()
        shown = presenter.clear()
        assert shown.t_ns - before_ns >= 100e6
        assert time.monotonic_ns() >= shown.t_ns
        assert presenter.uncertainty_ms == 20.0
    finally:
        presenter.close()


def test_the_frame_stands_where_the_bench_file_says(display):
    place = ScreenTable(driver="screen", display=display.name, left=640, top=480, width=640, height=480)
    presenter = ScreenPresenter(Journal(None), place)
    try:
        frame = presenter.prepare(stimulus(dark=CARD_GREEN)).result()
        presenter.show(frame)
        picture = display.picture()
    finally:
        presenter.close()
    assert np.array_equal(picture[480:, 640:], frame.image())
    assert not picture[:480].any()
    assert not picture[:, :640].any()
