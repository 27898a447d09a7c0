"""How a scanning terminal behaves where its protocol leaves it free: what it sees, reads, accepts and delivers.

``Behaviour`` is a sound device. A defect is a subclass that changes one answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import zxingcpp

from rigs.optics.scene import Image

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Spectral response of a white-lit monochrome sensor (ITU-R BT.601 weights)."""

Quad = tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Reading:
    """One symbol as the device decoded it.

    Attributes:
        content: its bytes.
        symbology: AIM identifier, for instance ``]Q1``.
        version: QR version, 0 where there is none.
        corners: its corners in frame pixels: top left, top right, bottom right, bottom left.
        complete: False when it was located but not decoded.
    """

    content: bytes
    symbology: str
    version: int
    corners: Quad
    complete: bool = True


def qr_only() -> zxingcpp.BarcodeFormats:
    """The one symbology a card can have."""
    return zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCodeModel2])


def as_reading(barcode: Any) -> Reading:
    """A result of zxing-cpp as a reading."""
    position = barcode.position
    corners = tuple(
        (corner.x, corner.y)
        for corner in (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    )
    version = str(barcode.extra.get("Version", "0")) if barcode.valid else "0"
    return Reading(
        content=bytes(barcode.bytes),
        symbology=barcode.symbology_identifier,
        version=int(version) if version.isdigit() else 0,
        corners=(corners[0], corners[1], corners[2], corners[3]),
        complete=barcode.valid,
    )


class Behaviour:
    """A sound terminal: reads QR codes exactly, delivers printable ASCII only, one code a presentation."""

    repeat_after_s: float | None = None
    """Device time after which a code held in view is delivered again; None never."""
    lets_codes_configure = False
    """Whether printed setting codes are obeyed outside service mode."""
    delivers_every_code_in_view = False
    frame_s = 0.0
    """Time it takes over each frame beside decoding it, s: exposure and transfer. An emulated bench may set it."""
    takes_split_commands = True
    reports_firmware = True
    keeps_settings_without_supply = True
    survives_torn_writes = True
    """Whether a write that is cut leaves the settings as they were, and not those of the factory."""
    starts_after_a_cut_reading = True
    """Whether it starts by itself when its supply comes back after a cut in the middle of a reading."""

    def sense(self, image: Image) -> Image:
        """The sensor's grey picture of a frame."""
        if image.ndim == 2:
            return image
        return (image @ _LUMA + 0.5).astype(np.uint8)

    def decode(self, grey: Image) -> list[Reading]:
        """Symbols found in the grey picture."""
        return [as_reading(barcode) for barcode in zxingcpp.read_barcodes(grey, formats=qr_only())]

    def accepts(self, reading: Reading, image: Image) -> bool:
        """Whether a decoded symbol is taken at all."""
        del reading, image
        return True

    def text(self, reading: Reading) -> bytes | None:
        """What is handed to the host for a symbol, without terminator; None for nothing."""
        content = reading.content
        return content if content and all(0x20 <= byte < 0x7F for byte in content) else None

    def delay_s(self, reading: Reading, idle_s: float) -> float:
        """Extra time between decoding and delivering, after ``idle_s`` without work."""
        del reading, idle_s
        return 0.0

    def hang_s(self, readings: list[Reading]) -> float:
        """How long the device is dead to the world after seeing these symbols."""
        del readings
        return 0.0

    def firmware_drift(self, outage_s: float) -> int:
        """How much the reported firmware version grows when the supply comes back after an outage, hundredths."""
        del outage_s
        return 0
