"""What may happen to a platform's file while it writes: the disk refuses, or the machine goes away."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def failing_disk() -> Iterator[None]:
    """Let the system refuse every write of this process to a file, as a disk does that has nothing left."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def around_commits(writer: Any, before: Callable[[], None], after: Callable[[], None]) -> Iterator[None]:
    """Do something before and after each commit of a SQLite writer."""
    sound = writer._transaction

    @contextmanager
    def transaction(jobs: bool) -> Iterator[None]:
        with sound(jobs):
            yield
            before()
        after()

    writer._transaction = transaction
    try:
        yield
    finally:
        writer._transaction = sound


def as_after_a_kill(data: Path, copy: Path) -> None:
    """Copy what a killed process leaves of its data: the files as they are now, and nothing of its memory."""
    shutil.rmtree(copy, ignore_errors=True)
    # What stands in the shared memory file, whoever opens the database next makes anew.
    shutil.copytree(data, copy, ignore=shutil.ignore_patterns("*-shm"))
