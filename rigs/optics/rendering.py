"""Renders stimuli in a process of its own, so that drawing never disturbs the clock of a measurement."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from types import FrameType

import cv2

from rigs.optics.frames import Frame, make_frame
from rigs.optics.stimulus import Stimulus


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _settle(_signal: int = 0, _frame: FrameType | None = None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)


class Renderer:
    """A worker process that turns stimuli into frames."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(
            max_workers=1, mp_context=multiprocessing.get_context("spawn"), initializer=_settle
        )

    def prepare(self, stimulus: Stimulus, check: bool = False) -> Future[Frame]:
        """Render in the background; with ``check`` also ask the reference decoder."""
        return self._pool.submit(make_frame, stimulus, check)

    def close(self) -> None:
        """End the worker."""
        self._pool.shutdown(wait=True, cancel_futures=True)
