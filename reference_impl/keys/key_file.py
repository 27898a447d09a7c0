"""The key-encryption key: 32 random bytes in a file of their own, readable by their owner only.

It stands outside the database so that a copy of the database alone opens nothing.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from reference_impl.entropy import RandomBytes
from reference_impl.errors import PlatformError
from reference_impl.keys.sealing import KEY_BYTES


def create_key_file(path: Path, random: RandomBytes) -> None:
    """Write a new key with mode 0600; a file that is already there is left as it is."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(random(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())


def read_key_file(path: Path) -> bytes:
    """Return the 32-byte key.

    Raises:
        PlatformError: no such file, readable by others than its owner, or not 32 bytes long.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        key = path.read_bytes()
    except OSError as error:
        raise PlatformError(
            "the key-encryption key of this database cannot be read",
            where=str(path),
            remedy="restore the key file from its backup; without it the stored identities stay sealed",
        ) from error
    if mode & 0o077:
        raise PlatformError(
            f"the key file has mode {mode:04o}, others than its owner may read it",
            where=str(path),
            remedy="run chmod 600 on it, and treat the key as known to whoever could read it",
        )
    if len(key) != KEY_BYTES:
        raise PlatformError(
            f"the key file holds {len(key)} bytes instead of {KEY_BYTES}",
            where=str(path),
            remedy="restore the key file from its backup",
        )
    return key
