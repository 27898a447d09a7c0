"""The presenter for real devices: frames on a display in front of the scanner.

Tried on: an X server without hardware (Xvfb); no real display yet.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from concurrent.futures import Future
from multiprocessing.connection import Connection

import cv2

from rigs.bench_tables.presenters import ScreenTable
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.optics.frames import EMPTY, Frame, image_from_netpbm
from rigs.optics.presenter import CHANNEL, describe
from rigs.optics.rendering import Renderer
from rigs.optics.stimulus import Stimulus
from rigs.roles import Shown

_WINDOW = "xiangka"
_START_S = 15.0
_SHOW_S = 5.0


class ScreenPresenter:
    """Shows frames full screen in a process of its own, enlarged without smoothing.

    A frame counts as shown one refresh after it was handed to the window, plus the display's declared lag.

    Args:
        journal: where showings are recorded.
        table: the bench file's table: display, place, size, refresh rate and lag.

    Raises:
        RigError: the display cannot be opened.
    """

    def __init__(self, journal: Journal, table: ScreenTable) -> None:
        self._journal = journal
        self._table = table
        self._frame_ns = int(1e9 / table.refresh_hz)
        self.uncertainty_ms = 1000 / table.refresh_hz
        self._sequence = 0
        self._renderer = Renderer()
        context = multiprocessing.get_context("spawn")
        self._wire, far = context.Pipe()
        self._window = context.Process(target=_window, args=(far, table), daemon=True)
        self._window.start()
        far.close()
        try:
            self._await(_START_S)
        except RigError:
            self.close()
            raise

    @property
    def watched(self) -> bool:
        """A screen cannot know, and takes it that somebody looks."""
        return True

    def prepare(self, stimulus: Stimulus, check: bool = False) -> Future[Frame]:
        """Render a stimulus in the background."""
        return self._renderer.prepare(stimulus, check)

    def show(self, frame: Frame) -> Shown:
        """Put a frame on the display.

        Raises:
            RigError: the window has gone.
        """
        try:
            self._wire.send_bytes(frame.body)
        except OSError as error:
            raise self._gone() from error
        handed_ns = self._await(_SHOW_S)
        shown_ns = handed_ns + self._frame_ns + int(self._table.lag_ms * 1e6)
        time.sleep(max(0, shown_ns - time.monotonic_ns()) / 1e9)
        self._sequence += 1
        record = self._journal.event(CHANNEL, "frame shown", shown_ns, seq=self._sequence, **describe(frame))
        return Shown(self._sequence, shown_ns, record)

    def clear(self) -> Shown:
        """Show the empty bench."""
        return self.show(EMPTY)

    def close(self) -> None:
        """Close the window."""
        self._wire.close()
        self._window.join(3)
        if self._window.is_alive():
            self._window.kill()
        self._renderer.close()

    def _await(self, timeout_s: float) -> int:
        try:
            if self._wire.poll(timeout_s):
                return int(self._wire.recv())
        except (EOFError, OSError) as error:
            raise self._gone() from error
        raise self._gone()

    def _gone(self) -> RigError:
        return RigError(
            f"display {self._table.display} cannot be drawn on",
            where=CHANNEL,
            remedy="check `display` in the bench file, and that an X server runs there and lets you in",
        )


def _window(wire: Connection, table: ScreenTable) -> None:
    """The window's process: draws each frame it is sent and answers with the time it was handed over."""
    os.environ["DISPLAY"] = table.display
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # Qt tells its troubles there; ours are told as a RigError
    os.environ.setdefault("QT_LOGGING_RULES", "*=false")
    cv2.namedWindow(_WINDOW, cv2.WINDOW_NORMAL)
    cv2.setWindowProperty(_WINDOW, cv2.WND_PROP_FULLSCREEN, cv2.WINDOW_FULLSCREEN)
    cv2.moveWindow(_WINDOW, table.left, table.top)
    cv2.resizeWindow(_WINDOW, table.width, table.height)
    _draw(EMPTY.body, table)
    wire.send(time.monotonic_ns())
    while True:
        try:
            if wire.poll(0.02):
                _draw(wire.recv_bytes(), table)
                wire.send(time.monotonic_ns())
            else:
                cv2.waitKey(1)
        except (EOFError, OSError):
            return


def _draw(body: bytes, table: ScreenTable) -> None:
    image = image_from_netpbm(body)
    factor = max(1, min(table.width // image.shape[1], table.height // image.shape[0]))
    enlarged = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
    down, across = table.height - enlarged.shape[0], table.width - enlarged.shape[1]
    ground = [int(value) for value in image[0, 0].reshape(-1)]
    filled = cv2.copyMakeBorder(
        enlarged, down // 2, down - down // 2, across // 2, across - across // 2, cv2.BORDER_CONSTANT, value=ground
    )
    cv2.imshow(_WINDOW, filled if filled.ndim == 2 else cv2.cvtColor(filled, cv2.COLOR_RGB2BGR))
    cv2.waitKey(1)
