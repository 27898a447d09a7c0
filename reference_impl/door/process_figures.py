"""What this process takes of the machine: processor time and memory."""

from __future__ import annotations

import os
from pathlib import Path
from time import process_time

_STATM = Path("/proc/self/statm")


def cpu_seconds() -> float:
    """Return the processor time of all threads of this process since it began, user and system, in seconds."""
    return process_time()


def resident_bytes() -> int | None:
    """Return how much of this process stands in memory, None where the system has no ``/proc`` to tell it.

    The second field of ``statm`` is the resident set in pages (Linux manual, proc(5)); pages of mapped files count.
    """
    pages = _pages()
    return None if pages is None else pages[1] * os.sysconf("SC_PAGE_SIZE")


def private_bytes() -> int | None:
    """Return how much of that is this process's own, None as above.

    The resident set less the third field, pages of mapped files: those of a database come and go with its size, as the
    system likes, and are no sign of memory that is never given back.
    """
    pages = _pages()
    return None if pages is None else (pages[1] - pages[2]) * os.sysconf("SC_PAGE_SIZE")


def _pages() -> list[int] | None:
    try:
        return [int(field) for field in _STATM.read_text().split()]
    except OSError:
        return None
