"""A camera through OpenCV: a device, MJPEG over HTTP, a film or a sequence of pictures.

Tried on: the emulated camera of ``rigs.emulators.camera``, films, sequences; on no hardware yet.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from rigs.bench_tables.camera import DEVICE, runs_by_itself
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.optics.geometry import Image
from rigs.roles.camera import Photograph

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # what goes wrong is told once, by the error below
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

CHANNEL = "camera"
T = TypeVar("T")


class OpenCvCamera:
    """A camera.

    OpenCV may hold any of its calls for ever, so each runs in a thread that is left behind when its time is over.
    From a camera that runs by itself, pictures are taken all the time and only the newest is kept: a picture that was
    waiting in a buffer would show what was in view before.

    Args:
        source: a device such as ``/dev/video0``, a URL, the path of a film, or a pattern of numbered pictures such as
            ``desk-%03d.png``. A film or a sequence gives one picture after the other and then no more.
        journal: where pictures are recorded, channel ``camera``.
        timeout_s: how long a picture may take, s.

    Raises:
        RigError: the source cannot be opened, or shows nothing in time.
    """

    def __init__(self, source: str, journal: Journal, timeout_s: float = 5.0) -> None:
        self._source = source
        self._journal = journal
        self._timeout_s = timeout_s
        self._arrived = threading.Condition()
        self._newest: tuple[Image, int] | None = None
        self._ended: str | None = None
        self._closing = False
        self._capture = self._opened()
        self._live = runs_by_itself(source)
        if self._live:
            threading.Thread(target=self._follow, name="camera", daemon=True).start()
            self._wait_for(time.monotonic_ns(), timeout_s)

    def photograph(self, timeout_s: float | None = None) -> Photograph:
        """The next picture that arrives, or the next of a film."""
        patience_s = self._timeout_s if timeout_s is None else timeout_s
        image, t_ns = self._wait_for(time.monotonic_ns(), patience_s) if self._live else self._next(patience_s)
        height, width = image.shape[:2]
        record = self._journal.event(CHANNEL, "photograph", t_ns, width=width, height=height)
        return Photograph(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8), t_ns, record)

    def close(self) -> None:
        """Release the camera; one that holds a call is left to the end of the process."""
        self._closing = True
        if not self._live:
            self._capture.release()

    def _opened(self) -> cv2.VideoCapture:
        limit_ms = int(self._timeout_s * 1000)
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, limit_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, limit_ms]

        def open_it() -> cv2.VideoCapture:
            if self._source.startswith(DEVICE):
                return cv2.VideoCapture(self._source, cv2.CAP_V4L2)
            if "://" in self._source:
                return cv2.VideoCapture(self._source, cv2.CAP_FFMPEG, limits)
            return cv2.VideoCapture(self._source)

        try:
            capture = _bounded(open_it, self._timeout_s)
        except TimeoutError:
            raise self._error(f"{self._source} does not open within {self._timeout_s:g} s") from None
        except cv2.error as error:
            raise self._error(f"{self._source} cannot be opened ({error.err})") from error
        if not capture.isOpened():
            raise self._error(f"{self._source} cannot be opened")
        self._journal.event(CHANNEL, "camera opened", source=Path(self._source).name)
        return capture

    def _follow(self) -> None:
        """Take pictures until the camera is closed or gone; it is released by the thread that uses it."""
        while not self._closing:
            there, image = self._capture.read()
            t_ns = time.monotonic_ns()
            with self._arrived:
                if not there:
                    self._ended = f"{self._source} went away"
                else:
                    self._newest = np.asarray(image, np.uint8), t_ns
                self._arrived.notify_all()
            if not there:
                break
        self._capture.release()

    def _wait_for(self, after_ns: int, timeout_s: float) -> tuple[Image, int]:
        def newer() -> bool:
            return self._ended is not None or (self._newest is not None and self._newest[1] > after_ns)

        with self._arrived:
            if not self._arrived.wait_for(newer, timeout_s):
                raise self._error(f"{self._source} shows nothing for {timeout_s:g} s")
            if self._ended is not None:
                raise self._error(self._ended)
            assert self._newest is not None  # noqa: S101 - it was waited for
            return self._newest

    def _next(self, timeout_s: float) -> tuple[Image, int]:
        try:
            there, image = _bounded(self._capture.read, timeout_s)
        except TimeoutError:
            raise self._error(f"{self._source} gives no picture within {timeout_s:g} s") from None
        if not there:
            raise self._error(f"{self._source} has no further picture")
        return np.asarray(image, np.uint8), time.monotonic_ns()

    def _error(self, what: str) -> RigError:
        self._journal.event(CHANNEL, "camera failed", reason=what)
        return RigError(
            what, where=CHANNEL, remedy="check that the camera is on and that `source` in [camera] names it"
        )


def _bounded(action: Callable[[], T], timeout_s: float) -> T:
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(action())
        except BaseException as error:  # whatever it is, it belongs to the caller
            outcome.set_exception(error)

    threading.Thread(target=run, name="camera-call", daemon=True).start()
    return outcome.result(timeout_s)
