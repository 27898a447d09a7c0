"""A chained file being written: whole lines only, so that whatever ends the run leaves a valid beginning."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from evidence.chain import Chain, next_line
from evidence.manifest import ChainHead
from evidence.redaction import HIDDEN_IN

_AT_ONCE = 8192
"""Bytes gathered before they are handed to the operating system."""


class _Line(NamedTuple):
    """A line to be written, its chain value, and where in the file it ends."""

    line: bytes
    head: bytes
    end: int


@dataclass(frozen=True)
class _State:
    """What stands in the file, and what is still to be written.

    Attributes:
        path: the file.
        descriptor: it, open for writing.
        size: bytes that stand in it.
        head, records: chain value and number of its last line.
        waiting: lines that follow.
    """

    path: Path
    descriptor: int
    size: int
    head: bytes
    records: int
    waiting: list[_Line] = field(default_factory=list)

    @classmethod
    def of(cls, path: Path, chain: Chain) -> _State:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        return cls(path, descriptor, os.fstat(descriptor).st_size, chain.head, chain.records)

    @property
    def last(self) -> _Line:
        """The last line, still to be written or not."""
        return self.waiting[-1] if self.waiting else _Line(b"", self.head, self.size)

    def written(self, data: bytes) -> None:
        """Write at the end of what stands; all of it or, as far as the system lets us, nothing."""
        rest, place = memoryview(data), self.size
        try:
            while rest:
                count = os.pwrite(self.descriptor, rest, place)
                rest, place = rest[count:], place + count
        except OSError:
            os.ftruncate(self.descriptor, self.size)
            raise


class ChainedFile:
    """Appends records to a chained file; not safe to share between threads.

    A line is handed over whole or not at all. Where the system takes a part of one, because the disk is full, that part
    is taken back, the lines are kept, and the next call tries again: a chain has no gap, whatever happens.

    An interrupt may come between any two steps: Ctrl-C raises wherever the program is. So a record is taken in by one
    step, with the chain value it brings; lines are written to their place in the file, which may be done twice; and one
    step notes that they stand there.

    Args:
        path: the file.
        name: what it is called in the end, which its rule of redaction goes by.
        chain: chain of what stands in the file already, or in the file this one will be appended to.
        first: what must be on its way before lines of this file are, such as the lines they cite.
    """

    def __init__(self, path: Path, name: str, chain: Chain, first: Callable[[], None] = lambda: None) -> None:
        self._state = _State.of(path, chain)
        self._on_disk = ChainHead(chain.records, chain.head.hex())
        self._hidden = HIDDEN_IN[name]
        self._first = first

    @property
    def path(self) -> Path:
        """The file."""
        return self._state.path

    @property
    def records(self) -> int:
        """Number of lines, those still to be written among them."""
        state = self._state
        return state.records + len(state.waiting)

    @property
    def on_disk(self) -> ChainHead:
        """How it ended when it was last brought onto the disk: a power cut leaves no less."""
        return self._on_disk

    def write(self, record: Mapping[str, Any]) -> None:
        """Append a record.

        Raises:
            OSError: the disk takes no more; the record is kept for the next try.
        """
        state = self._state
        before = state.last
        text, head = next_line(before.head, record, self._hidden(record))
        line = text.encode()
        state.waiting.append(_Line(line, head, before.end + len(line)))
        if state.last.end - state.size >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Hand everything recorded so far to the operating system.

        Raises:
            OSError: it does not take it; nothing is lost that was written before.
        """
        state = self._state
        if not state.waiting:
            return
        self._first()
        state.written(b"".join(one.line for one in state.waiting))
        records = state.records + len(state.waiting)
        self._state = replace(state, size=state.last.end, head=state.last.head, records=records, waiting=[])

    def sync(self) -> None:
        """Bring everything recorded so far onto the disk, where a power cut leaves it.

        Raises:
            OSError: the disk does not take it.
        """
        self.flush()
        state = self._state
        os.fsync(state.descriptor)
        self._on_disk = ChainHead(state.records, state.head.hex())

    def move_to(self, path: Path) -> None:
        """Append everything recorded so far to another file and go on there; the first file is removed.

        Raises:
            OSError: the disk does not take it; the other file is as it was.
        """
        self.flush()
        here, data = self._state, self.path.read_bytes()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        there = replace(here, path=path, descriptor=descriptor, size=os.fstat(descriptor).st_size)
        try:
            there.written(data)
        except OSError:
            os.close(descriptor)
            raise
        self._state = replace(there, size=there.size + len(data))
        os.close(here.descriptor)
        here.path.unlink()

    def close(self) -> None:
        """Bring what is left onto the disk and close; a second time does nothing.

        Raises:
            OSError: the disk does not take the last lines; the file is closed and whole without them.
        """
        if self._state.descriptor < 0:
            return
        try:
            self.sync()
        finally:
            closing, self._state = self._state.descriptor, replace(self._state, descriptor=-1)
            os.close(closing)
