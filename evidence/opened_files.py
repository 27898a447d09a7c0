"""What a file of a known format holds beside the bytes it lies in: archives, PDF, pictures, compressed files."""

from __future__ import annotations

import bz2
import io
import logging
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import zxingcpp
from PIL import Image
from pypdf import PdfReader

from evidence.clear_numbers import Content

_MOST = 1 << 30
"""Bytes something may unpack to; more is no file of a run."""
_ZIP, _END_OF_ZIP, _GZIP, _XZ = b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"\xfd7zXZ\0"
_TAIL = (1 << 16) + 22
"""Bytes at the end of a file in which its archive's own end begins, with the longest remark."""

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it has to say of a damaged file is a finding here


class UnreadableError(Exception):
    """A file says that it is of a format, and cannot be read as that; the message names the format."""


@dataclass(frozen=True)
class Opened:
    """Something a file holds.

    Attributes:
        content: the bytes.
        part: which part of the file it is, in a few words.
        member: its name, where it is a file by itself.
    """

    content: bytes
    part: str = ""
    member: str = ""


def is_of_known_format(content: bytes) -> bool:
    """Whether some bytes begin as a file does that is read here."""
    return content.startswith(tuple(_READERS))


def contents_of(content: Content) -> Iterator[Opened]:
    """Everything that can be read out of a file by its format; nothing for a format that holds only itself.

    Raises:
        UnreadableError: it is not what it says.
    """
    head = bytes(content[:16])
    if not head.startswith(_ZIP) and _END_OF_ZIP in content[-_TAIL:]:
        yield from _archive_behind(bytes(content))
    for magic, (format_name, read) in _READERS.items():
        if head.startswith(magic):
            try:
                yield from read(bytes(content))
            except Exception as error:  # what libraries raise at damaged bytes has no common family
                raise UnreadableError(format_name) from error


def _archive(content: bytes) -> Iterator[Opened]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            yield Opened(member.filename.encode(), "a name in it")
            if member.file_size > _MOST:
                raise UnreadableError(member.filename)
            if not member.is_dir():
                yield Opened(archive.read(member), member=member.filename)


def _archive_behind(content: bytes) -> Iterator[Opened]:
    """Members of an archive that something else stands before; what only ends like one is none."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        try:
            yield from _archive(content)
        except Exception as error:  # as in contents_of
            raise UnreadableError("the archive behind something else") from error


class _Unpacking(Protocol):
    """What unpacks one part of a compressed file."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def _unpacked(magic: bytes, begin: Callable[[], _Unpacking]) -> Callable[[bytes], Iterator[Opened]]:
    """What reads a compressed file: all its parts, one behind the other, and what stands behind them."""

    def read(content: bytes) -> Iterator[Opened]:
        unpacked = bytearray()
        while content.startswith(magic):
            unpacking = begin()
            unpacked += unpacking.decompress(content, _MOST)
            if not unpacking.eof or len(unpacked) > _MOST:
                raise UnreadableError("too long, or cut short")
            content = unpacking.unused_data.lstrip(b"\0")
        yield Opened(bytes(unpacked), "unpacked")
        if content:
            yield Opened(content, "behind what is compressed")

    return read


def _not_opened(content: bytes) -> Iterator[Opened]:
    raise UnreadableError(f"{len(content)} bytes of a format that is not opened here")


def _document(content: bytes) -> Iterator[Opened]:
    """Texts of the pages, and every object and stream with the files embedded."""
    reader = PdfReader(io.BytesIO(content))
    for number, page in enumerate(reader.pages, 1):
        yield Opened(page.extract_text().encode(), f"page {number}")
    yield Opened("\n".join(map(str, (reader.metadata or {}).values())).encode(), "metadata")
    for number in range(1, int(str(reader.trailer["/Size"]))):
        one = reader.get_object(number)
        if (read := getattr(one, "get_data", None)) is not None:
            yield Opened(read(), f"object {number}")


def _picture(content: bytes) -> Iterator[Opened]:
    """Texts that came along with a picture, and of every code to be seen on it."""
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        told = [str(value) for value in picture.info.values() if isinstance(value, str | bytes)]
        told += [str(value) for value in picture.getexif().values()]
        yield Opened("\n".join(told).encode(), "metadata")
        for code in zxingcpp.read_barcodes(picture.convert("L")):
            yield Opened(code.bytes, "a code on the picture")


_READERS: Mapping[bytes, tuple[str, Callable[[bytes], Iterator[Opened]]]] = {
    _ZIP: ("the archive", _archive),
    b"7z\xbc\xaf\x27\x1c": ("the archive, of 7-Zip", _not_opened),
    b"Rar!\x1a\x07": ("the archive, of RAR", _not_opened),
    b"\x28\xb5\x2f\xfd": ("the compressed file, of Zstandard", _not_opened),
    _GZIP: ("the compressed file", _unpacked(_GZIP, lambda: zlib.decompressobj(wbits=31))),
    **{b"BZh%d1AY&SY" % size: ("the compressed file", _unpacked(b"BZh", bz2.BZ2Decompressor)) for size in range(1, 10)},
    _XZ: ("the compressed file", _unpacked(_XZ, lzma.LZMADecompressor)),
    b"%PDF-": ("the PDF", _document),
    b"\x89PNG": ("the picture", _picture),
    b"\xff\xd8\xff": ("the picture", _picture),
}
