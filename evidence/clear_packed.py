"""Numbers of bank cards as a chip tells them: packed two digits a byte, in the data objects of EMV 4.3 book 3, annex A.

5A is the number itself, padded with F; 57 the second track, whose number ends at D with year and month behind it. Both
are looked for in bytes, and in hexadecimal where they begin at a byte: bytes that are enciphered would otherwise be
taken for one now and then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evidence.clear_numbers import Content

_OBJECT = re.compile(
    rb"5[Aa](?:08([0-9]{16})|09([0-9]{17}(?=[Ff])|[0-9]{18})|0[Aa]([0-9]{19})[Ff])"
    rb"|57(?:0[B-Fb-f]|1[0-3])([0-9]{16,19})[Dd][0-9]{2}(?:0[1-9]|1[0-2])"
)
_MOST = 16
"""Bytes of an object that are looked at: tag, length, and a track as far as its month."""
_PAIR = rb"[%b]" % b"".join(rb"\x%d0-\x%d9" % (tens, tens) for tens in range(10))
_IN_BYTES = re.compile(rb"(?=(?:\x5a[\x08-\x0a]|\x57[\x0b-\x13])%b{8})" % _PAIR)
_FAR = 1 << 12
_HEX_BEFORE, _HEX = re.compile(rb"[0-9a-fA-F]*\Z"), re.compile(rb"[0-9a-fA-F]*")


def packed_digits(content: Content) -> Iterator[tuple[bytes, int]]:
    """What may be a card's number, and where its object begins (bytes from the start)."""
    for match in _OBJECT.finditer(content):
        if _begins_at_a_byte(content, match.start()):
            yield match[match.lastindex or 0], match.start()
    for match in _IN_BYTES.finditer(content):
        told = _OBJECT.match(content[match.start() : match.start() + _MOST].hex().encode())
        if told is not None:
            yield told[told.lastindex or 0], match.start()


def _begins_at_a_byte(content: Content, start: int) -> bool:
    """Whether an even number of hexadecimal digits stands before it; in an odd run nobody knows where bytes begin."""
    ahead = _length(_HEX_BEFORE.search(content[max(0, start - _FAR) : start]))
    return ahead % 2 == 0 or (ahead + _length(_HEX.match(content[start : start + _FAR]))) % 2 == 1


def _length(match: re.Match[bytes] | None) -> int:
    return 0 if match is None else match.end() - match.start()
