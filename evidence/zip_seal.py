"""The seal of a bundle: the comment at the end of a ZIP is the SM3 of every byte before it, in hexadecimal.

A ZIP checks its contents by CRC-32 alone, and its times and attributes by nothing. With the seal every byte counts. It
proves no origin, which the signatures inside do: it tells a copy that was damaged on its way from one that was not.
"""

from __future__ import annotations

import hashlib
import re
import struct
from enum import Enum
from typing import BinaryIO

SEAL_BYTES = 64
_END = struct.Struct("<4s4H2LH")
"""End of central directory record, APPNOTE.TXT 6.3.10, 4.3.16: signature, six numbers, length of the comment."""
_SIGNATURE = b"PK\5\6"
_SEAL = re.compile(rb"[0-9a-f]{64}")
_PIECE = 1 << 20


class Seal(Enum):
    """How a ZIP ends."""

    SOUND = "sealed, and every byte is as it was sealed"
    BROKEN = "sealed, and changed since"
    NONE = "without a comment, as other programs write one"
    NO_END = "not as a ZIP ends, or with a comment that is no seal"


def seal_of(archive: BinaryIO) -> Seal:
    """How a ZIP ends; reads all of it where it is sealed."""
    size = archive.seek(0, 2)
    if _comment_length(archive, size - _END.size) == 0:
        return Seal.NONE
    if _comment_length(archive, size - SEAL_BYTES - _END.size) != SEAL_BYTES:
        return Seal.NO_END
    said = _at(archive, size - SEAL_BYTES, SEAL_BYTES)
    if not _SEAL.fullmatch(said):
        return Seal.NO_END
    return Seal.SOUND if said == _seal(archive, size - SEAL_BYTES) else Seal.BROKEN


def write_seal(archive: BinaryIO) -> None:
    """Put the seal in place of a comment of the same length, which the ZIP ends in."""
    body = archive.seek(0, 2) - SEAL_BYTES
    seal = _seal(archive, body)
    archive.seek(body)
    archive.write(seal)


def _comment_length(archive: BinaryIO, place: int) -> int | None:
    if place < 0:
        return None
    signature, *_numbers, length = _END.unpack(_at(archive, place, _END.size))
    return int(length) if signature == _SIGNATURE else None


def _at(archive: BinaryIO, place: int, length: int) -> bytes:
    archive.seek(place)
    return archive.read(length)


def _seal(archive: BinaryIO, length: int) -> bytes:
    digest = hashlib.new("sm3")
    archive.seek(0)
    while length and (piece := archive.read(min(_PIECE, length))):
        digest.update(piece)
        length -= len(piece)
    return digest.hexdigest().encode()
