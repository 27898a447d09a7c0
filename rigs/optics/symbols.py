"""Draws bar codes as module matrices: QR by ``qrcode``, its rarer modes by ``segno``, the rest by ``zxing-cpp``."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import qrcode
import segno
import zxingcpp
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.util import MODE_8BIT_BYTE, MODE_ALPHA_NUM, MODE_NUMBER, QRData

from rigs.optics.stimulus import Symbol, SymbolKind

Modules = npt.NDArray[np.uint8]
"""Module matrix without quiet zone: 1 dark, 0 light."""

EC_LEVELS = {"L": ERROR_CORRECT_L, "M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q, "H": ERROR_CORRECT_H}
_ALPHANUMERIC = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


def draw_modules(symbol: Symbol) -> Modules:
    """The module matrix of a symbol, shape (rows, columns)."""
    match symbol.kind:
        case SymbolKind.QR:
            modules = _qr(symbol)
        case SymbolKind.ECI_QR:
            text = symbol.content.decode("utf-8", "replace")
            modules = _segno(segno.make_qr(text, error=symbol.ec_level, encoding="utf-8", eci=True, boost_error=False))
        case SymbolKind.APPENDED_QR:
            text = symbol.content.decode("ascii", "replace")
            sequence = segno.make_sequence(text, error=symbol.ec_level, symbol_count=2, boost_error=False)
            modules = _segno(sequence[0])
        case SymbolKind.GS1_QR:
            modules = _zxing(symbol, "QRCode", gs1=True)
        case _:
            modules = _zxing(symbol, symbol.kind.value)
    return _break_codewords(modules, symbol) if symbol.broken else modules


def _qr(symbol: Symbol) -> Modules:
    if not symbol.content:
        mode = MODE_8BIT_BYTE
    elif symbol.content.isdigit():
        mode = MODE_NUMBER
    elif _ALPHANUMERIC.issuperset(symbol.content):
        mode = MODE_ALPHA_NUM
    else:
        mode = MODE_8BIT_BYTE
    code = qrcode.QRCode(
        version=symbol.version,
        error_correction=EC_LEVELS[symbol.ec_level],
        border=0,
        mask_pattern=symbol.mask,
    )
    code.add_data(QRData(symbol.content, mode=mode))
    code.make(fit=symbol.version is None)
    return np.array(code.get_matrix(), dtype=np.uint8)


def _segno(code: segno.QRCode) -> Modules:
    return np.array([list(row) for row in code.matrix], dtype=np.uint8)


def _zxing(symbol: Symbol, name: str, **options: Any) -> Modules:
    barcode = zxingcpp.create_barcode(symbol.content.decode("utf-8"), zxingcpp.barcode_format_from_str(name), **options)
    image = np.array(barcode.to_image(scale=1, add_quiet_zones=False))
    return (image < 128).astype(np.uint8)


def _break_codewords(modules: Modules, symbol: Symbol) -> Modules:
    """Invert a block of the data region, leaving finder patterns, timing and format information alone."""
    size = modules.shape[0]
    broken = modules.copy()
    height = max(1, int(symbol.broken * (size - 18)))
    broken[9 : 9 + height, 9:] ^= 1
    return broken


def scale_to_pixels(modules: Modules, module_px: int) -> npt.NDArray[np.uint8]:
    """Enlarge a matrix so that each module is ``module_px`` pixels square."""
    return cv2.resize(modules, None, fx=module_px, fy=module_px, interpolation=cv2.INTER_NEAREST).astype(np.uint8)
