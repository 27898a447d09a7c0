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


def next_file(path: Path) -> Path:
    """Return where the successor of a key file waits until the database is under it."""
    return path.with_name(path.name + ".next")


def put_in_place(path: Path) -> None:
    """Let the successor of a key file take its place, for good.

    Raises:
        PlatformError: the folder cannot be written.
    """
    try:
        next_file(path).replace(path)
        # The old file must not come back after a power cut: the folder is written through like the file was.
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileNotFoundError:
        # Another process of this platform was first.
        return
    except OSError as error:
        raise PlatformError(
            f"the new key file cannot take the place of the old ({error.strerror})",
            where=str(next_file(path)),
            remedy="let this user write the folder, and start again; the database is under the new key already",
        ) from error
