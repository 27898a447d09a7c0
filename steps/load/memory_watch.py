"""How much memory a platform holds while it is loaded, by its own figures or those of its machine."""

from __future__ import annotations

import contextlib
import threading
import time
from types import TracebackType
from typing import Self

from rigs.drivers.platform_api import PlatformApi
from rigs.errors import RigError, SubjectFaultError
from rigs.platform_figures import read_figures, resident_of_group
from rigs.reference_platform import ReferencePlatform

EVERY_S = 5.0


class MemoryWatch:
    """Looks every few seconds, in a thread of its own, from entering to leaving.

    Args:
        api: the platform's interface.
        host: its machine, where the bench runs it.
    """

    def __init__(self, api: PlatformApi, host: ReferencePlatform | None) -> None:
        self._api, self._host = api, host
        self._begun: float | None = None
        self._over = threading.Event()
        self._found: list[tuple[float, int]] = []
        self._thread = threading.Thread(target=self._look, name="memory", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def begin(self) -> None:
        """The load has begun, if it had not: what was seen before is the platform at rest."""
        self._begun = self._begun or time.monotonic()

    @property
    def samples(self) -> tuple[tuple[float, int], ...]:
        """Seconds since the load began, and bytes."""
        return tuple(self._found)

    def _look(self) -> None:
        while not self._over.wait(EVERY_S if self._begun else 0.1):
            if self._begun is not None:
                # A platform too busy to tell is looked at again; whether it still answers is asked elsewhere.
                with contextlib.suppress(SubjectFaultError, RigError):
                    if held := self._held():
                        self._found.append((time.monotonic() - self._begun, held))

    def _held(self) -> int:
        figures = read_figures(self._api)
        if figures is not None and figures.resident:
            return figures.resident
        return 0 if self._host is None else resident_of_group(self._host.pid)
