"""Takes apart what logs are kept in, so that a search sees their contents: gzip, bzip2, xz, zip, tar, SQLite."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from rigs.clear_text import content_of

MOST_BYTES = 1 << 30
"""Most bytes that are unpacked from one file."""
_DEEPEST = 4
_UNREADABLE = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError)


def with_contents(files: list[Path], folder: Path) -> dict[Path, str]:
    """Every file and, unpacked into a folder, what stands in it; each with the name it is told by.

    A file that only looks like an archive is searched as it is.

    Args:
        files: the files.
        folder: an empty folder; whoever calls removes it.

    Raises:
        RigError: a file cannot be read.
    """
    found: dict[Path, str] = {}
    waiting = [(file, file.name, 0) for file in files]
    while waiting:
        file, name, depth = waiting.pop()
        found[file] = name
        if depth == _DEEPEST:
            continue
        for inner, content in _contents(file):
            place = folder / f"{len(found) + len(waiting):06d}"
            place.write_bytes(content)
            waiting.append((place, f"{name} › {inner}", depth + 1))
    return found


def _contents(file: Path) -> Iterator[tuple[str, bytes]]:
    head = content_of(file, most=512)
    for magic, unpack in _KINDS:
        if head.startswith(magic) or (magic == b"ustar" and head[257:262] == magic):
            try:
                yield from unpack(file)
            except (*_UNREADABLE, sqlite3.Error):
                return


def _streamed(
    opened: Callable[[Path], gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile],
) -> Callable[..., Iterator[tuple[str, bytes]]]:
    def unpack(file: Path) -> Iterator[tuple[str, bytes]]:
        with opened(file) as stream:
            yield file.stem, stream.read(MOST_BYTES)

    return unpack


def _zip(file: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(file) as archive:
        left = MOST_BYTES
        for entry in archive.infolist():
            if not entry.is_dir() and entry.file_size <= left and not entry.flag_bits & 1:
                left -= entry.file_size
                yield entry.filename, archive.read(entry)


def _tar(file: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(file) as archive:
        left = MOST_BYTES
        for entry in archive:
            stream = archive.extractfile(entry) if entry.isfile() and entry.size <= left else None
            if stream is not None:
                left -= entry.size
                yield entry.name, stream.read()


def _sqlite(file: Path) -> Iterator[tuple[str, bytes]]:
    """Every value of every table: a long one is spread over pages of the file."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as database:
        database.text_factory = bytes
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            quoted = name.decode("utf-8", "replace").replace('"', '""')
            rows = database.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 - a name of the database's own
            values = (value for row in rows for value in row if value is not None)
            yield (
                quoted,
                b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values),
            )


_KINDS: tuple[tuple[bytes, Callable[[Path], Iterator[tuple[str, bytes]]]], ...] = (
    (b"\x1f\x8b", _streamed(gzip.GzipFile)),
    (b"BZh", _streamed(bz2.BZ2File)),
    (b"\xfd7zXZ\x00", _streamed(lzma.LZMAFile)),
    (b"PK\x03\x04", _zip),
    (b"ustar", _tar),
    (b"SQLite format 3\x00", _sqlite),
)
