"""A chained file being written: whole lines only, so that whatever ends the run leaves a valid beginning."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evidence.chain import Chain
from evidence.redaction import HIDDEN_IN

_AT_ONCE = 8192
"""Bytes gathered before they are handed to the operating system."""


class ChainedFile:
    """Appends records to a chained file; not safe to share between threads.

    A line is handed over whole or not at all. Where the system takes a part of one, because the disk is full, that part
    is taken back, the lines are kept, and the next call tries again: a chain has no gap, whatever happens.

    Args:
        path: the file.
        name: what it is called in the end, which its chain begins with and its rule of redaction goes by.
        chain: chain of what stands in the file already, or in the file this one will be appended to.
        first: what must be on its way before lines of this file are, such as the lines they cite.
    """

    def __init__(
        self, path: Path, name: str, chain: Chain | None = None, first: Callable[[], None] = lambda: None
    ) -> None:
        self.path = path
        self.chain = Chain(name) if chain is None else chain
        self._name, self._hidden = name, HIDDEN_IN[name]
        self._first = first
        self._waiting: list[bytes] = []
        self._size = 0
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def write(self, record: Mapping[str, Any]) -> None:
        """Append a record.

        Raises:
            OSError: the disk takes no more; the record is kept for the next try.
        """
        line = self.chain.line(record, self._hidden(record)).encode()
        self._waiting.append(line)
        self._size += len(line)
        if self._size >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Hand everything recorded so far to the operating system.

        Raises:
            OSError: it does not take it; nothing is lost that was written before.
        """
        if not self._waiting:
            return
        self._first()
        before = os.fstat(self._descriptor).st_size
        rest = memoryview(b"".join(self._waiting))
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            os.ftruncate(self._descriptor, before)
            raise
        self._waiting, self._size = [], 0

    def sync(self) -> None:
        """Bring everything recorded so far onto the disk, where a power cut leaves it.

        Raises:
            OSError: the disk does not take it.
        """
        self.flush()
        os.fsync(self._descriptor)

    def move_to(self, path: Path) -> None:
        """Append everything recorded so far to another file and go on there; the first file is removed.

        Raises:
            OSError: the disk does not take it; the other file is as it was.
        """
        self.flush()
        moved = ChainedFile(path, self._name, self.chain)
        moved._waiting = [self.path.read_bytes()]
        try:
            moved.flush()
        except OSError:
            os.close(moved._descriptor)
            raise
        os.close(self._descriptor)
        self.path.unlink()
        self.path, self._descriptor = path, moved._descriptor

    def close(self) -> None:
        """Hand over what is left and close; a second time does nothing.

        Raises:
            OSError: the disk does not take the last lines; the file is closed and whole without them.
        """
        if self._descriptor < 0:
            return
        try:
            self.flush()
        finally:
            os.close(self._descriptor)
            self._descriptor = -1
