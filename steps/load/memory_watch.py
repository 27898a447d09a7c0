"""How much memory and processor time a platform takes while it is loaded, as it or its machine tells."""

from __future__ import annotations

import contextlib
import csv
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

from rigs.drivers.platform_api import PlatformApi
from rigs.errors import RigError, SubjectFaultError
from rigs.platform_figures import read_figures, resident_of_group
from rigs.reference_platform import ReferencePlatform

EVERY_S = 2.0
SERVER = "server.csv"
"""Beside the record of a load: seconds since its begin, cores in use since the line before, bytes of memory."""


@dataclass(frozen=True)
class _Look:
    at_s: float
    cpu_s: float
    held: int
    private: int


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
        self._found: list[_Look] = []
        self._thread = threading.Thread(target=self._go_on_looking, name="memory", daemon=True)

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
        """Seconds since the load began, and bytes: of the platform's own where that is told, for the pages of a mapped
        database grow with it."""
        return tuple((look.at_s, look.private or look.held) for look in self._found if look.held)

    def leave(self, folder: Path) -> None:
        """Write what was seen beside the load's record; nothing where nobody told anything."""
        if self._found:
            with (folder / SERVER).open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([("t", "cpu", "resident_bytes"), *self._lines()])

    def _lines(self) -> Iterator[tuple[str, str, str]]:
        nothing = _Look(0.0, 0.0, 0, 0)
        for before, look in pairwise([nothing, *self._found]):
            # A worker that was started anew counts from nothing, and so did whoever told nothing before.
            told = before.cpu_s and look.cpu_s > before.cpu_s
            cores = f"{(look.cpu_s - before.cpu_s) / (look.at_s - before.at_s):.4f}" if told else ""
            yield f"{look.at_s:.2f}", cores, str(look.held or "")

    def look(self) -> None:
        """See what it takes at this moment of the load."""
        if self._begun is not None:
            cpu_s, held, private = self._taken()
            if cpu_s or held:
                self._found.append(_Look(time.monotonic() - self._begun, cpu_s, held, private))

    def _go_on_looking(self) -> None:
        while not self._over.wait(EVERY_S if self._begun else 0.1):
            # A platform too busy to tell is looked at again; whether it still answers is asked elsewhere.
            with contextlib.suppress(SubjectFaultError, RigError):
                self.look()

    def _taken(self) -> tuple[float, int, int]:
        figures = read_figures(self._api)
        cpu_s, held, private = (0.0, 0, 0) if figures is None else (figures.cpu_s, figures.resident, figures.private)
        if not held and self._host is not None:
            held = resident_of_group(self._host.pid)
        return cpu_s, held, private
