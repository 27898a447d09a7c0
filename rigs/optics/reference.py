"""The reference decoder: before a device is blamed, zxing-cpp must read the very stimulus it was shown."""

from __future__ import annotations

from typing import Any

import zxingcpp

from rigs.optics.geometry import Image
from rigs.optics.stimulus import Stimulus, SymbolKind


def _same(found: Any, content: bytes, kind: SymbolKind) -> bool:
    if kind is SymbolKind.EAN_13:
        return bool(found.bytes[:12] == content[:12])
    return bool(found.bytes == content)


def readable(frame: Image, stimulus: Stimulus) -> bool:
    """Whether the reference decoder reads every symbol of a stimulus from its frame, exactly."""
    all_qr = all(symbol.kind is SymbolKind.QR for symbol in stimulus.symbols)
    sought = zxingcpp.BarcodeFormat.QRCodeModel2 if all_qr else zxingcpp.BarcodeFormat.AllReadable
    found = zxingcpp.read_barcodes(frame, formats=zxingcpp.BarcodeFormats([sought]))
    return all(any(_same(f, symbol.content, symbol.kind) for f in found) for symbol in stimulus.symbols)
