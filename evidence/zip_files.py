"""The files of a run read from a ZIP, of our own making (`evidence.bundle`) or another program's."""

from __future__ import annotations

import contextlib
import stat
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from evidence.findings import DamagedError, Finding
from evidence.run_files import no_plain_file
from evidence.zip_layout import loose_bytes
from evidence.zip_seal import Seal, seal_of

_UNPACKING = (
    BadZipFile,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    struct.error,
    ValueError,
    zlib.error,
    OSError,
)
"""What zipfile raises at bytes that are no sound ZIP; it reads from a file that could be read a moment before."""
_DAMAGED = "this copy was changed or damaged after it was made: ask for another"


class ZipFiles:
    """The files in a ZIP. Those below a single folder stand for the run as well as those at its root.

    Args:
        archive: the ZIP, opened for reading.
        where: what it is called.

    Raises:
        DamagedError: it is no ZIP, or its directory cannot be read.
    """

    def __init__(self, archive: BinaryIO, where: str) -> None:
        self._where = where
        self._seal = seal_of(archive)
        try:
            self._zip = ZipFile(archive)
        except _UNPACKING as error:
            raise DamagedError(Finding(where, f"is no sound ZIP ({_told(error)})", _DAMAGED)) from error
        entries = self._zip.infolist()
        self._findings = (
            *self._of_the_seal(),
            *_of_the_names(entries),
            *loose_bytes(archive, where, entries, self._zip.start_dir),
        )
        plain = [entry for entry in entries if not _is_folder(entry)]
        folder = _single_folder(plain)
        self._entries = {entry.filename.removeprefix(folder): entry for entry in plain if not _is_link(entry)}
        self.names = tuple(sorted(self._entries))
        kept = {entry.filename.removeprefix(folder).removesuffix("/") for entry in entries if _is_folder(entry)}
        self.folders = tuple(sorted(kept - {""}))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with the ZIP and its names."""
        return self._findings

    @property
    def remarks(self) -> tuple[str, ...]:
        """That it bears no seal, where that is so."""
        if self._seal is not Seal.NONE:
            return ()
        return ("the ZIP itself bears no seal, so that nobody answers for the times and attributes it tells",)

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """A file for reading; see `evidence.run_files.RunFiles`."""
        try:
            with self._zip.open(self._entries[name]) as stream:
                yield stream  # type: ignore[misc]
        except _UNPACKING as error:
            raise DamagedError(Finding(name, f"cannot be unpacked ({_told(error)})", _DAMAGED)) from error

    def _of_the_seal(self) -> Iterator[Finding]:
        if self._seal is Seal.BROKEN:
            yield Finding(self._where, "is not the ZIP that was sealed", _DAMAGED)
        if self._seal is Seal.NO_END:
            yield Finding(self._where, "ends in bytes or in a comment that no bundle ends in", _DAMAGED)


def _of_the_names(entries: list[ZipInfo]) -> Iterator[Finding]:
    for name, times in Counter(entry.filename for entry in entries).items():
        if times > 1:
            yield Finding(name, f"stands in the ZIP {times} times", "which of them is meant nobody can tell")
    yield from (no_plain_file(entry.filename) for entry in entries if _is_link(entry))
    for entry in entries:
        # zipfile ends a name at its first zero byte; other programs may not
        if not _is_safe(entry.filename) or "\0" in entry.orig_filename:
            yield Finding(entry.orig_filename, "is no name of a file below the run's folder", "do not unpack this ZIP")
        if _is_folder(entry) and entry.file_size:
            yield Finding(entry.filename, "is a folder with bytes of its own", "no program packs a folder so")


def _is_safe(name: str) -> bool:
    parts = name.removesuffix("/").split("/")
    return all(part not in ("", ".", "..") for part in parts) and not set(name) & set("\\:")


def _is_folder(entry: ZipInfo) -> bool:
    return entry.filename.endswith("/")


def _is_link(entry: ZipInfo) -> bool:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    return kind not in (0, stat.S_IFREG, stat.S_IFDIR)


def _single_folder(entries: list[ZipInfo]) -> str:
    """The folder every file stands in, with its slash; empty where there is none."""
    tops = {entry.filename.partition("/")[:2] for entry in entries}
    folder, slash = tops.pop() if len(tops) == 1 else ("", "")
    return f"{folder}/" if slash else ""


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__
