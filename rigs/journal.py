"""The journal: an append-only record of everything that crossed a wire, both directions, in monotonic time."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Journal:
    """Writes one JSON object a line to ``journal.jsonl``; safe to share between threads.

    A record holds ``n`` (its number from 1), ``t_ns`` (CLOCK_MONOTONIC), ``channel`` (bench role), ``dir``
    (``tx`` towards the device, ``rx`` from it, ``event`` otherwise) and either ``hex`` (the bytes of one frame) or
    the fields of an event. Nothing is ever rewritten.

    Monotonic times compare within one sitting of a run only. An event ``sitting`` on channel ``run`` begins each, with
    its number, the wall clock and the boot of the machine; every record after it belongs to it. Record numbers go on
    over all sittings, so that a number says which sitting a record is of.

    Args:
        path: file to append to, or None to count and drop the records (bench checks, developer sessions).
        after: number of the last record of an earlier sitting.
    """

    def __init__(self, path: Path | None, after: int = 0) -> None:
        self._path = path
        self._file = None if path is None else path.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self._count = after
        self._filters: dict[str, Callable[[bytes], bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def count(self) -> int:
        """Number of the last record written."""
        return self._count

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
        """Hand everything recorded so far to the operating system."""
        with self._lock:
            if self._file is not None:
                self._file.flush()

    def sync(self) -> None:
        """Bring everything recorded so far onto the disk, where a power cut leaves it."""
        with self._lock:
            if self._file is not None:
                self._file.flush()
                os.fsync(self._file.fileno())

    def move_to(self, path: Path) -> None:
        """Append everything recorded so far to another file and go on there; the first file is removed."""
        with self._lock:
            if self._file is None or self._path is None:
                raise ValueError("a journal that keeps no file cannot be moved")
            self._file.close()
            self._file = path.open("a", encoding="utf-8")
            self._file.write(self._path.read_text(encoding="utf-8"))
            self._file.flush()
            self._path.unlink()
            self._path = path

    def close(self) -> None:
        """Flush and close the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _append(self, t_ns: int | None, fields: dict[str, Any]) -> int:
        with self._lock:
            self._count += 1
            if self._file is not None:
                record = {"n": self._count, "t_ns": time.monotonic_ns() if t_ns is None else t_ns, **fields}
                self._file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
            return self._count
