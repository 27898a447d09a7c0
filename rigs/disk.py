"""A disk that takes no more is a bench to look at, whatever was being written when it filled up."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from rigs.errors import RigError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class NoRoomError(RigError):
    """A file of the run could not be written.

    Args:
        error: what the system said.
        path: the file.
    """

    def __init__(self, error: OSError, path: Path) -> None:
        full = error.errno in _FULL
        super().__init__(
            f"no room is left to write {path.name}" if full else f"{path.name} cannot be written ({error.strerror})",
            where=str(path.parent),
            remedy=f"{'make room on' if full else 'look at'} its disk, then go on with `xiangka certify --resume`",
        )
        self._made_of = (error, path)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self._made_of


@contextlib.contextmanager
def told_of_the_disk(path: Path) -> Iterator[None]:
    """Tell of a disk that is full, or gone, as of a part of the bench that failed.

    Args:
        path: what is being written in a run's folder.

    Raises:
        NoRoomError: what was done within raised an ``OSError``.
    """
    try:
        yield
    except OSError as error:
        raise NoRoomError(error, path) from error


def is_full(error: BaseException) -> bool:
    """Whether something failed because a disk has no room, or the user's share of it is used up."""
    return isinstance(error, OSError) and error.errno in _FULL
