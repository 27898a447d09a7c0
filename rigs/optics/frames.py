"""Frames on their way from the presenter to whoever looks: netpbm images, raw and self-describing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from rigs.optics.reference import readable
from rigs.optics.scene import Image, blank_frame, reference_pictures, render
from rigs.optics.stimulus import Stimulus


@dataclass(frozen=True, slots=True)
class Frame:
    """A rendered frame, ready to be shown.

    Attributes:
        body: the image as binary PGM (grey) or PPM (RGB), netpbm P5/P6.
        stimulus: what it shows, or None for the empty bench.
        reference_reads: whether the reference decoder reads it; None where it was not asked.
    """

    body: bytes
    stimulus: Stimulus | None
    reference_reads: bool | None = None

    @property
    def media_type(self) -> str:
        """Media type of ``body``."""
        return "image/x-portable-graymap" if self.body.startswith(b"P5") else "image/x-portable-pixmap"

    def image(self) -> Image:
        """The frame as an array, grey or RGB."""
        return image_from_netpbm(self.body)

    def png(self) -> bytes:
        """The frame as PNG, for people and reports."""
        image = self.image()
        shown = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        return cv2.imencode(".png", shown)[1].tobytes()


def netpbm(image: Image) -> bytes:
    """An image as binary PGM or PPM."""
    magic = "P5" if image.ndim == 2 else "P6"
    return f"{magic}\n{image.shape[1]} {image.shape[0]}\n255\n".encode() + image.tobytes()


def image_from_netpbm(body: bytes) -> Image:
    """Read a binary PGM or PPM as ``netpbm`` writes it.

    Raises:
        ValueError: the body is not such an image.
    """
    magic, size, depth, pixels = body.split(b"\n", 3)
    if magic not in (b"P5", b"P6") or depth != b"255":
        raise ValueError("not an 8-bit PGM or PPM frame")
    width, height = (int(part) for part in size.split())
    shape = (height, width) if magic == b"P5" else (height, width, 3)
    return np.frombuffer(pixels, np.uint8).reshape(shape)


def make_frame(stimulus: Stimulus, check: bool = False) -> Frame:
    """Render a stimulus, and with ``check`` ask the reference decoder whether it can be read at all."""
    image = render(stimulus)
    return Frame(netpbm(image), stimulus, readable_at_all(stimulus, image) if check else None)


def readable_at_all(stimulus: Stimulus, image: Image | None = None) -> bool:
    """Whether the reference decoder reads a stimulus: from its frame, or from its clean pictures where it has those.

    Args:
        stimulus: the stimulus.
        image: its frame, where it has been drawn already.
    """
    return all(readable(picture, shown) for picture, shown in reference_pictures(stimulus, image))


EMPTY = Frame(netpbm(blank_frame()), None)
"""The bench with nothing on it."""
