"""The journal: an append-only record of everything that crossed a wire, both directions, in monotonic time."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Journal:
    """Writes one JSON object a line to ``journal.jsonl``; safe to share between threads.

    A record holds ``n`` (its number from 1), ``t_ns`` (CLOCK_MONOTONIC), ``channel`` (bench role), ``dir``
    (``tx`` towards the device, ``rx`` from it, ``event`` otherwise) and either ``hex`` (the bytes of one frame) or
    the fields of an event. Nothing is ever rewritten.

    Args:
        path: file to append to, or None to count and drop the records (bench checks, developer sessions).
    """

    def __init__(self, path: Path | None) -> None:
        self._file = None if path is None else path.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self._count = 0

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
        return self._append(t_ns, {"channel": channel, "dir": direction, "hex": data.hex()})

    def event(self, channel: str, what: str, t_ns: int | None = None, **fields: Any) -> int:
        """Record something that happened beside the bytes (a frame shown, a port opened)."""
        return self._append(t_ns, {"channel": channel, "dir": "event", "what": what, **fields})

    def flush(self) -> None:
        """Hand everything recorded so far to the operating system."""
        with self._lock:
            if self._file is not None:
                self._file.flush()

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
