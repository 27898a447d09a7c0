"""A clock that a test turns forward; every worker of the platform reads the same one.

How far it was turned stands in a file that all of them map, so that a turn holds for the next request wherever it is
served, and after a restart too: a platform whose time fell back would meet codes it has already forgotten.
"""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path

from reference_impl.clock import Clock
from reference_impl.errors import PlatformError

_OFFSET = struct.Struct("<q")
MAX_ADVANCE_S = 10 * 365 * 86_400
_LAST_TURN_MS = 100 * 365 * 86_400 * 1000


class TurnedClock:
    """A ``Clock``: what another tells, plus how far this one was turned.

    Args:
        file: where the turn is kept, 8 bytes of milliseconds; made if it is not there.
        clock: the clock that runs underneath.

    Raises:
        PlatformError: the file cannot be used.
    """

    def __init__(self, file: Path, clock: Clock) -> None:
        self._clock = clock
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if os.fstat(descriptor).st_size < _OFFSET.size:
                    os.ftruncate(descriptor, _OFFSET.size)
                self._shared = mmap.mmap(descriptor, _OFFSET.size)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise PlatformError(
                f"the test clock cannot be kept ({error.strerror})",
                where=str(file),
                remedy="name a data folder that this user may write",
            ) from error

    def __call__(self) -> float:
        """Return Unix time in seconds."""
        turned: int = _OFFSET.unpack_from(self._shared)[0]
        return self._clock() + turned / 1000

    def advance(self, seconds: float) -> None:
        """Turn the clock forward by 0 to ``MAX_ADVANCE_S`` seconds; it never goes back.

        Raises:
            ValueError: it would go back, or further than any test needs.
        """
        turned = _OFFSET.unpack_from(self._shared)[0] + round(seconds * 1000)
        if not (0 <= seconds <= MAX_ADVANCE_S and turned <= _LAST_TURN_MS):
            raise ValueError("out of range")
        _OFFSET.pack_into(self._shared, 0, turned)
        self._shared.flush()
