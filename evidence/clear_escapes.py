"""Runs of digits some or all of which are escaped or in another width, read as ASCII.

Escapes are those of URLs, JSON and HTML; full-width digits those of UTF-8, GBK and UTF-16. A run may mix them and have
blanks or hyphens between its groups.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import TYPE_CHECKING
from unicodedata import normalize
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from evidence.clear_numbers import Content

_DIGIT = (
    rb"[0-9]|%3[0-9]|\\u(?:003[0-9]|[fF]{2}1[0-9])|\xef\xbc[\x90-\x99]|\xa3[\xb0-\xb9]"
    rb"|&#0*(?:4[89]|5[0-7]|6529[6-9]|6530[0-5]);|&#[xX]0*(?:3[0-9]|[fF]{2}1[0-9]);"
)
_X = (
    rb"[Xx]|%[57]8|\\u(?:00[57]8|[fF]{2}[35]8)|\xef\xbc\xb8|\xef\xbd\x98|\xa3[\xd8\xf8]"
    rb"|&#0*(?:88|120|65336|65368);|&#[xX]0*(?:[57]8|[fF]{2}[35]8);"
)
_GAP = (
    rb"[ -]|%20|%2[dD]|%[cC]2%[aA]0|\\u00(?:20|2[dD]|[aA]0)|\xc2\xa0"
    rb"|&(?:nbsp|#0*(?:32|45|160)|#[xX]0*(?:20|2[dD]|[aA]0));"
)
_RUN = re.compile(rb"(?<![0-9])(?=[0-9%%\\&\xef\xa3])(?:(?:%b)(?:%b)?){15,}(?:%b|%b)" % (_DIGIT, _GAP, _DIGIT, _X))
_SPELT = re.compile(rb"[%\\&\xc2\xef\xa3]")
_CHARACTER = re.compile(b"|".join((_DIGIT, _X, _GAP)))
_UTF_16 = re.compile(rb"(?:[0-9 \xa0-]\x00|[\x10-\x19]\xff){15,}(?:[0-9Xx\x10-\x19])")
_NARROW = bytes.maketrans(bytes(range(0x10, 0x1A)) + b"\xa0", b"0123456789 ")


def read_runs(content: Content) -> Iterator[tuple[bytes, int]]:
    """Every run that is not plain ASCII already, read, and where it begins (bytes from the start)."""
    for match in _RUN.finditer(content):
        if _SPELT.search(match[0]):
            yield _CHARACTER.sub(_plain, match[0]), match.start()
    for match in _UTF_16.finditer(content):
        yield _narrow(match[0]), match.start()


def _plain(character: re.Match[bytes]) -> bytes:
    spelt = character[0]
    match spelt[:1]:
        case b"%":
            text = unquote_to_bytes(spelt).decode()
        case b"\\":
            text = chr(int(spelt[2:], 16))
        case b"&":
            text = unescape(spelt.decode())
        case b"\xa3":
            text = spelt.decode("gb18030")
        case _:
            text = spelt.decode()
    return normalize("NFKC", text).encode()


def _narrow(run: bytes) -> bytes:
    """Digits of UTF-16 of either order; the last byte is 38 or 58 for X in full width."""
    if run[-2] == 0xFF and run[-1] in b"8X":
        run = run[:-1] + b"X"
    return run[::2].translate(_NARROW)
