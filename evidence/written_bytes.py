"""Bytes that were written down as hexadecimal or base64 in something else, read again."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from evidence.clear_numbers import Content, from_base64

_HEX = re.compile(rb"[0-9a-fA-F]{30,}")
_SPACED = re.compile(rb"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{2}[ :-]){14,}[0-9a-fA-F]{2}(?![0-9a-fA-F])")
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{4}(?:\r?\n)?){5,}[A-Za-z0-9+/_-]{0,3}")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def written_bytes(content: Content) -> Iterator[tuple[str, int, bytes]]:
    """How it is written, where it begins, and the bytes themselves, for every run long enough to hold something."""
    for match in _HEX.finditer(content):
        text = match[0]
        yield "hex", match.start(), binascii.unhexlify(text[: len(text) // 2 * 2])
        if len(text) % 2:
            yield "hex", match.start(), binascii.unhexlify(text[1:])
    for match in _SPACED.finditer(content):
        yield "hex", match.start(), binascii.unhexlify(re.sub(rb"[ :-]", b"", match[0]))
    for match in _BASE64.finditer(content):
        yield "base64", match.start(), from_base64(match[0].translate(_URL_SAFE))
