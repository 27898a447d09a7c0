"""The files of a run, from its folder or from a ZIP of it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

from evidence.findings import DamagedError, Finding, UnreadableError

_PIECE = 1 << 20


class RunFiles(Protocol):
    """Where the files of a run are read from.

    Attributes:
        names: names of the files below the run's folder, sorted, with ``/`` between their parts.
        folders: the folders below it, in the same way.
        findings: what is wrong with the place itself.
        remarks: what else is to be said of the place itself, each a sentence without a full stop.
    """

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def folders(self) -> tuple[str, ...]: ...

    @property
    def findings(self) -> tuple[Finding, ...]: ...

    @property
    def remarks(self) -> tuple[str, ...]: ...

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file for reading.

        Raises:
            UnreadableError: this user may not read it, or the disk cannot.
            DamagedError: what is packed cannot be unpacked; also while it is being read.
        """
        ...


class FolderFiles:
    """The files below a folder. Links and anything else that is no plain file are not followed, but found.

    Raises:
        UnreadableError: the folder, or one below it, may not be searched.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        names: list[str] = []
        folders: list[str] = []
        self._findings: list[Finding] = []
        for place, below, files in os.walk(folder, onerror=_unsearched):
            links = [name for name in below if (Path(place) / name).is_symlink()]
            folders += [(Path(place) / name).relative_to(folder).as_posix() for name in below if name not in links]
            for path in (Path(place) / name for name in (*files, *links)):
                name = path.relative_to(folder).as_posix()
                if stat.S_ISREG(path.lstat().st_mode):
                    names.append(name)
                else:
                    self._findings.append(no_plain_file(name))
        self.names, self.folders = tuple(sorted(names)), tuple(sorted(folders))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is no plain file."""
        return tuple(sorted(self._findings, key=lambda one: one.where))

    @property
    def remarks(self) -> tuple[str, ...]:
        """Nothing: a folder is what it is."""
        return ()

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """A file for reading; see `RunFiles`."""
        path = self._folder / name
        try:
            with path.open("rb") as stream:
                yield stream
        except OSError as error:
            raise UnreadableError(str(path), error.strerror or "cannot be read") from error


def _unsearched(error: OSError) -> None:
    raise UnreadableError(str(error.filename), error.strerror or "cannot be searched") from error


def no_plain_file(name: str) -> Finding:
    """What to say of a link, a pipe or a device among the files of a run."""
    return Finding(name, "is a link or no file at all", "a run holds plain files alone: somebody put it there")


def content(files: RunFiles, name: str, most: int) -> bytes:
    """A whole file of at most ``most`` bytes.

    Raises:
        UnreadableError: it cannot be read.
        DamagedError: it cannot be unpacked, or is longer.
    """
    with files.open(name) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise DamagedError(Finding(name, f"is longer than {most} bytes", "no run writes such a file"))
    return data


def pieces(files: RunFiles, name: str) -> Iterator[bytes]:
    """A file piece by piece; what goes wrong while a piece is put to use stays with who uses it.

    Raises:
        UnreadableError: it cannot be read.
        DamagedError: it cannot be unpacked.
    """
    with files.open(name) as stream:
        while piece := stream.read(_PIECE):
            yield piece


def measured(files: RunFiles, name: str, most: int, salt: bytes = b"") -> tuple[int, str]:
    """Size of a file in bytes and the SM3 of a salt and its bytes in hexadecimal; of a file longer than ``most``, those
    of its beginning.

    Raises:
        UnreadableError: it cannot be read.
        DamagedError: it cannot be unpacked.
    """
    digest, size = hashlib.new("sm3", salt), 0
    with files.open(name) as stream:
        while size <= most and (piece := stream.read(min(_PIECE, most + 1 - size))):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()
