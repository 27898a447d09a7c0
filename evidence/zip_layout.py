"""How a ZIP lies in its file: a header and the bytes of each file its directory lists, and nothing between them.

A reader that goes by the directory sees no others; one that goes by the headers, or a person with an editor, does.
Numbers of clauses are of APPNOTE.TXT 6.3.10.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO
from zipfile import ZipInfo

from evidence.findings import Finding

_HEADER = struct.Struct("<4s5H3L2H")
"""Local file header, 4.3.7: signature, version, flags, method, time, date, CRC, two sizes, two lengths."""
_HEADER_SIGNATURE, _DESCRIPTOR_SIGNATURE = b"PK\3\4", b"PK\7\x08"
_ENCRYPTED, _DESCRIBED_AFTERWARDS, _MASKED, _UTF8 = 1 << 0, 1 << 3, 1 << 13, 1 << 11
_MEANINGFUL = _ENCRYPTED | _DESCRIBED_AFTERWARDS | _MASKED | _UTF8
_ZIP64, _ELSEWHERE = 1, 0xFFFFFFFF
_NOT_OURS = "no program packs a ZIP so: ask for another copy"


def loose_bytes(archive: BinaryIO, where: str, entries: Sequence[ZipInfo], directory: int) -> Iterator[Finding]:
    """Bytes that belong to no file, and headers that say otherwise than the directory.

    Args:
        archive: the ZIP.
        where: what it is called.
        entries: what its directory lists.
        directory: byte at which that begins.
    """
    place = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < place:
            yield Finding(entry.filename, "begins within the file before it in the ZIP", _NOT_OURS)
            return
        if entry.header_offset > place:
            yield _gap(where, place, entry.header_offset)
        end = _end_of(archive, entry)
        if end is None:
            what = "is told otherwise by its own header than by the directory of the ZIP"
            yield Finding(entry.filename, what, _NOT_OURS)
            return
        place = end
    if place != directory:
        yield _gap(where, place, directory)


def _gap(where: str, begin: int, end: int) -> Finding:
    return Finding(where, f"holds bytes that belong to no file in it, from byte {begin} to {end}", _NOT_OURS)


def _end_of(archive: BinaryIO, entry: ZipInfo) -> int | None:
    """The byte behind an entry's own; None where its header or descriptor is not that of the directory."""
    archive.seek(entry.header_offset)
    head = archive.read(_HEADER.size)
    if len(head) < _HEADER.size:
        return None
    signature, _, flags, method, time, date, crc, packed, size, name_bytes, extra_bytes = _HEADER.unpack(head)
    name, extra = archive.read(name_bytes), archive.read(extra_bytes)
    said = (signature, flags & _MEANINGFUL, method, time, date, name)
    if said != (_HEADER_SIGNATURE, entry.flag_bits & _MEANINGFUL, entry.compress_type, *_moment(entry), _name(entry)):
        return None
    known = (entry.CRC, entry.compress_size, entry.file_size)
    told = (crc, *_sizes(packed, size, extra))
    end = entry.header_offset + _HEADER.size + name_bytes + extra_bytes + entry.compress_size
    if not flags & _DESCRIBED_AFTERWARDS:
        return end if told == known else None
    if any(one not in (0, other) for one, other in zip(told, known, strict=True)):
        return None
    return _behind_descriptor(archive, end, known)


def _behind_descriptor(archive: BinaryIO, place: int, known: tuple[int, int, int]) -> int | None:
    """The byte behind a data descriptor, 4.3.9: its signature may lack, its sizes have four bytes or eight."""
    archive.seek(place)
    tail = archive.read(24)
    for form in ("<LQQ", "<LLL") if max(known) <= _ELSEWHERE else ("<LQQ",):
        for signature in (_DESCRIPTOR_SIGNATURE, b""):
            descriptor = signature + struct.pack(form, *known)
            if tail.startswith(descriptor):
                return place + len(descriptor)
    return None


def _sizes(packed: int, size: int, extra: bytes) -> tuple[int, int]:
    """Both sizes, from the extra field 4.5.3 where the header has no room for them."""
    while len(extra) >= 4 and _ELSEWHERE in (packed, size):
        kind, length = struct.unpack_from("<2H", extra)
        if kind == _ZIP64 and length >= 16 and len(extra) >= 20:
            wide_size, wide_packed = struct.unpack_from("<2Q", extra, 4)
            return wide_packed if packed == _ELSEWHERE else packed, wide_size if size == _ELSEWHERE else size
        extra = extra[4 + length :]
    return packed, size


def _moment(entry: ZipInfo) -> tuple[int, int]:
    """Time and date as a ZIP writes them, 4.4.6."""
    year, month, day, hour, minute, second = entry.date_time
    return hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day


def _name(entry: ZipInfo) -> bytes:
    """The name as its bytes stand in the directory."""
    return entry.orig_filename.encode("utf-8" if entry.flag_bits & _UTF8 else "cp437")
