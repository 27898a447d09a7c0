"""A camera beside the device as a witness: whether what was shown could be seen at all."""

from __future__ import annotations

import time

from rigs.errors import RigError
from rigs.optics.frames import Frame
from rigs.optics.reference import readable
from rigs.roles import Camera, Photograph, Presenter

SEEING_S = 3.0
"""How long a frame is shown to the camera: longer than any camera is late, s."""
FEWEST = 3
"""Pictures of a frame that are taken at least."""


class Witness:
    """Photographs what the presenter shows and puts it to the reference decoder.

    Args:
        presenter: what shows.
        camera: what sees it, from where the device does.
    """

    def __init__(self, presenter: Presenter, camera: Camera) -> None:
        self._presenter = presenter
        self._camera = camera

    def cannot_see(self, frame: Frame, control: Frame) -> Photograph | None:
        """A picture of the frame, where the reference decoder reads none of those taken; None where it does.

        A frame whose own pixels it cannot read says nothing about the surface that shows it, so none is taken.

        Args:
            frame: what the device did not read.
            control: a plain code, which has to be seen, or the camera is no witness.

        Raises:
            RigError: the camera sees not even the plain code, or gives no picture.
        """
        if frame.stimulus is None or not readable(frame.image(), frame.stimulus):
            return None
        seen, photograph = self._look(frame)
        if seen:
            return None
        self.sees(control)
        return photograph

    def sees(self, control: Frame) -> Photograph:
        """Show a plain code to the camera; the picture on which it was read.

        Raises:
            RigError: it is not seen, or the camera gives no picture.
        """
        seen, photograph = self._look(control)
        if not seen:
            raise RigError(
                "the camera does not see a plain code that the presenter shows",
                where="camera",
                remedy="point it at the presenter, bring it into focus, and check that the presenter shows anything",
            )
        return photograph

    def _look(self, frame: Frame) -> tuple[bool, Photograph]:
        assert frame.stimulus is not None  # noqa: S101 - only frames with a stimulus are looked at
        self._presenter.show(frame)
        try:
            deadline = time.monotonic() + SEEING_S
            taken = 0
            while True:
                photograph = self._camera.photograph()
                taken += 1
                seen = readable(photograph.image, frame.stimulus)
                if seen or (taken >= FEWEST and time.monotonic() > deadline):
                    return seen, photograph
        finally:
            self._presenter.clear()
