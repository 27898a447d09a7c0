"""A root file is replaced in place: the new key waits beside the old until the database is under it, come what may."""

from __future__ import annotations

from pathlib import Path

from reference_impl.entropy import RandomBytes
from reference_impl.keys.key_file import next_file
from reference_impl.keys.root import FileRoot

__all__ = ["next_file", "stage_next"]


def stage_next(path: Path, random: RandomBytes) -> FileRoot:
    """Make the successor of the root file ``path``, or return the one that waits already.

    Raises:
        PlatformError: it cannot be made or read.
    """
    return FileRoot(path).stage_successor(random)
