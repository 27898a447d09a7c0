"""A disk that takes no more is a bench to look at, whatever was being written when it filled up."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from rigs.errors import RigError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextlib.contextmanager
def told_of_the_disk(path: Path) -> Iterator[None]:
    """Tell of a disk that is full, or gone, as of a part of the bench that failed.

    Args:
        path: what is being written in a run's folder.

    Raises:
        RigError: what was done within raised an ``OSError``.
    """
    try:
        yield
    except OSError as error:
        raise disk_error(error, path) from error


def disk_error(error: OSError, path: Path) -> RigError:
    """What to say where a file of the run could not be written."""
    if is_full(error):
        return RigError(
            f"no room is left to write {path.name}",
            where=str(path.parent),
            remedy="make room on its disk, then go on with the run: `xiangka certify --resume`",
        )
    return RigError(
        f"{path.name} cannot be written ({error.strerror})", where=str(path.parent), remedy="look at its disk"
    )


def is_full(error: BaseException) -> bool:
    """Whether something failed because a disk has no room, or the user's share of it is used up."""
    return isinstance(error, OSError) and error.errno in _FULL
