"""One platform a data folder: a lock that ends with the process that holds it, however that ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reference_impl.errors import PlatformError

LOCK_FILE = "serving.lock"


@contextmanager
def sole_use(data_dir: Path) -> Iterator[None]:
    """Hold the data folder, making it if it is not there, against every other process that writes to it.

    Raises:
        PlatformError: another process holds it, or it cannot be used.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(data_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise PlatformError(
            f"the data folder cannot be used ({error.strerror})",
            where=str(data_dir),
            remedy="name a folder that this user may write",
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PlatformError(
                "another platform is using this data folder",
                where=str(data_dir),
                remedy="stop that platform, or name another folder",
            ) from error
        yield
    finally:
        os.close(descriptor)
