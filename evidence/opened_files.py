"""What a file of a known format holds beside the bytes it lies in: archives, PDF, pictures, compressed files."""

from __future__ import annotations

import io
import logging
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import zxingcpp
from PIL import Image
from pypdf import PdfReader

from evidence.clear_numbers import Content

_MOST = 1 << 30
"""Bytes something may unpack to; more is no file of a run."""

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
    head = bytes(content[:8])
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


def _compressed(content: bytes) -> Iterator[Opened]:
    unpacking = zlib.decompressobj(wbits=31)
    unpacked = unpacking.decompress(content, _MOST)
    if not unpacking.eof:
        raise UnreadableError("too long, or cut short")
    yield Opened(unpacked, "unpacked")


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
    b"PK\x03\x04": ("the archive", _archive),
    b"\x1f\x8b": ("the compressed file", _compressed),
    b"%PDF-": ("the PDF", _document),
    b"\x89PNG": ("the picture", _picture),
    b"\xff\xd8\xff": ("the picture", _picture),
}
