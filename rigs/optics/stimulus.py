"""What is put before a device: symbols, how they are printed or displayed, and how they stand to the camera."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from rigs.optics.conditions import Conditions

Colour = tuple[int, int, int]
"""sRGB, 0 … 255 each."""

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
BENCH_GREY: Colour = (190, 190, 190)


def colour_from_hex(text: str) -> Colour:
    """Read ``#RRGGBB``."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


class SymbolKind(StrEnum):
    """Symbologies the bench can draw."""

    QR = "QRCode"
    MICRO_QR = "MicroQRCode"
    DATA_MATRIX = "DataMatrix"
    PDF417 = "PDF417"
    CODE_128 = "Code128"
    EAN_13 = "EAN13"
    GS1_QR = "GS1 QRCode"
    ECI_QR = "ECI QRCode"
    APPENDED_QR = "structured append QRCode"


@dataclass(frozen=True, slots=True)
class Symbol:
    """One bar code.

    Attributes:
        content: the bytes it carries.
        kind: symbology.
        ec_level: error correction of a QR code, ``L M Q H``.
        version: QR version 1 … 40, or None for the smallest that fits.
        mask: QR data mask 0 … 7; every mask is a valid symbol (ISO/IEC 18004 §7.8).
        broken: share of the symbol's codewords destroyed beyond its error correction, 0 … 1.
    """

    content: bytes
    kind: SymbolKind = SymbolKind.QR
    ec_level: str = "M"
    version: int | None = None
    mask: int = 0
    broken: float = 0.0


@dataclass(frozen=True, slots=True)
class Appearance:
    """How a symbol is displayed or printed.

    Attributes:
        dark: colour of dark modules.
        ground: colour of light modules and the quiet zone.
        surround: colour around the quiet zone.
        quiet_zone: width of the quiet zone, modules.
        logo: share of the symbol's area a centre logo covers, 0 … 0.1.
        module_px: module size in frame pixels; reduced where the symbol would not fit.
        contrast: print contrast left after fading, % of full.
    """

    dark: Colour = BLACK
    ground: Colour = WHITE
    surround: Colour = BENCH_GREY
    quiet_zone: float = 4.0
    logo: float = 0.0
    module_px: int = 6
    contrast: float = 100.0


@dataclass(frozen=True, slots=True)
class Pose:
    """How the symbol's plane stands to the camera, degrees."""

    pitch: float = 0.0
    yaw: float = 0.0
    roll: float = 0.0


@dataclass(frozen=True, slots=True)
class Damage:
    """Damage to the printed symbol.

    Attributes:
        kind: ``stain``, ``scratch`` or ``crease``.
        share: share of the symbol's area covered, %.
        seed: where it falls.
    """

    kind: str
    share: float
    seed: int


@dataclass(frozen=True, slots=True)
class Stimulus:
    """Everything a frame shows.

    Attributes:
        symbols: one or two symbols; two stand side by side.
        appearance: colours, quiet zone, logo, size, contrast.
        pose: angles to the camera.
        damage: damage to the print, if any.
        blur: Gaussian blur, sigma in modules; only without conditions.
        conditions: carrier, light, distance, lens and sensor in physical units; None for a drawing in frame pixels.
    """

    symbols: tuple[Symbol, ...]
    appearance: Appearance = field(default_factory=Appearance)
    pose: Pose = field(default_factory=Pose)
    damage: Damage | None = None
    blur: float = 0.0
    conditions: Conditions | None = None
