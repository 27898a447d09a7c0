"""A run in one ZIP that always comes out alike and in which every byte counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from evidence.zip_seal import SEAL_BYTES, write_seal

_EPOCH = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o100644 << 16
_UNIX = 3


def write_bundle(out: Path, names: Iterable[str], pieces: Callable[[str], Iterator[bytes]]) -> None:
    """Write a ZIP: deflate, names in their order, no times of files, sealed.

    Args:
        out: the ZIP.
        names: names of its files.
        pieces: content of a file, piece by piece.
    """
    with ZipFile(out, "x", ZIP_DEFLATED) as archive:
        for name in sorted(names):
            entry = ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr, entry.create_system = ZIP_DEFLATED, _PLAIN_FILE, _UNIX
            with archive.open(entry, "w", force_zip64=True) as stream:
                for piece in pieces(name):
                    stream.write(piece)
        archive.comment = b"0" * SEAL_BYTES
    with out.open("r+b") as sealed:
        write_seal(sealed)
