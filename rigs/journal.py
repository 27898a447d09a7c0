"""The journal: an append-only record of everything that crossed a wire, both directions, in monotonic time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from evidence.chain import Chain
from evidence.chained_file import ChainedFile
from evidence.manifest import ChainHead
from evidence.redaction import JOURNAL
from rigs.disk import told_of_the_disk
from rigs.errors import RigError


class Journal:
    """Writes one JSON object a line to ``journal.jsonl``; safe to share between threads.

    A record holds ``n`` (its number from 1), ``t_ns`` (CLOCK_MONOTONIC), ``channel`` (bench role), ``dir``
    (``tx`` towards the device, ``rx`` from it, ``event`` otherwise) and either ``hex`` (the bytes of one frame) or
    the fields of an event. Nothing is ever rewritten.

    Monotonic times compare within one sitting of a run only. An event ``sitting`` on channel ``run`` begins each, with
    its number, the wall clock and the boot of the machine; every record after it belongs to it. Record numbers go on
    over all sittings, so that a number says which sitting a record is of.

    Every line is chained to the one before it (``evidence.chain``), with what a publication hides named in it.

    Where the disk takes no more, the run's own thread is told; a thread that only listens to a wire is not, because it
    would fall silent, and the device be blamed for it.

    Args:
        path: file to append to, or None to count and drop the records (bench checks, developer sessions).
        after: number of the last record of an earlier sitting.
        chain: chain of what the file, or the one it will be appended to, holds already; without one, the journal is of
            no run.

    Raises:
        RigError: the file cannot be made.
    """

    def __init__(self, path: Path | None, after: int = 0, chain: Chain | None = None) -> None:
        begun = Chain(JOURNAL, run="") if chain is None else chain
        self._file = None if path is None else self._opened(path, begun)
        self._on_disk = ChainHead(begun.records, begun.head.hex())
        self._lock = threading.Lock()
        self._count = after
        self._before = after - (0 if self._file is None else self._file.records)
        self._filters: dict[str, Callable[[bytes], bytes]] = {}
        self._lost: RigError | None = None
        """What the file was closed without its last records for."""

    @staticmethod
    def _opened(path: Path, chain: Chain) -> ChainedFile:
        with told_of_the_disk(path):
            return ChainedFile(path, JOURNAL, chain)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def count(self) -> int:
        """Number of the last record written."""
        return self._count if self._file is None else self._before + self._file.records

    @property
    def on_disk(self) -> ChainHead:
        """How the file ended when it was last brought onto the disk: a power cut leaves no less."""
        return self._on_disk if self._file is None else self._file.on_disk

    def wire(self, channel: str, direction: str, data: bytes, t_ns: int | None = None) -> int:
        """Record one frame of bytes; returns the record's number."""
        if direction == "rx" and (masked := self._filters.get(channel)) is not None:
            data = masked(data)
        return self._append(t_ns, {"channel": channel, "dir": direction, "hex": data.hex()})

    def mask(self, channel: str, masked: Callable[[bytes], bytes]) -> None:
        """Write down what a channel receives only as ``masked`` returns it."""
        self._filters[channel] = masked

    def event(self, channel: str, what: str, t_ns: int | None = None, **fields: Any) -> int:
        """Record something that happened beside the bytes (a frame shown, a port opened)."""
        return self._append(t_ns, {"channel": channel, "dir": "event", "what": what, **fields})

    def flush(self) -> None:
        """Hand everything recorded so far to the operating system.

        Raises:
            RigError: the disk takes no more.
        """
        self._ask(ChainedFile.flush)

    def sync(self) -> None:
        """Bring everything recorded so far onto the disk, where a power cut leaves it.

        Raises:
            RigError: the disk takes no more.
        """
        self._ask(ChainedFile.sync)

    def move_to(self, path: Path) -> None:
        """Append everything recorded so far to another file and go on there; the first file is removed.

        Raises:
            RigError: the disk takes no more; the other file is as it was.
        """
        if self._file is None:
            raise ValueError("a journal that keeps no file cannot be moved")
        self._ask(lambda file: file.move_to(path))

    def close(self) -> None:
        """Bring what is left onto the disk and close the file.

        Raises:
            RigError: the disk does not take the last records; the file is closed and whole without them.
        """
        try:
            self._ask(ChainedFile.close)
        except RigError as error:
            self._lost = error
            raise
        finally:
            self._count, self._on_disk = self.count, self.on_disk
            self._file = None

    def _ask(self, act: Callable[[ChainedFile], None]) -> None:
        with self._lock:
            if self._lost is not None:
                raise self._lost
            if self._file is not None:
                with told_of_the_disk(self._file.path):
                    act(self._file)

    def _append(self, t_ns: int | None, fields: dict[str, Any]) -> int:
        with self._lock:
            if self._file is None:
                self._count += 1
                return self._count
            number = self.count + 1
            record = {"n": number, "t_ns": time.monotonic_ns() if t_ns is None else t_ns, **fields}
            try:
                with told_of_the_disk(self._file.path):
                    self._file.write(record)
            except RigError:
                if threading.current_thread() is threading.main_thread():
                    raise
            return number
