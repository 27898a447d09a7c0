"""How far a seeding is: a bar on a terminal, a line now and then anywhere else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

LINE_EVERY_S = 10.0
_ROWS, _INDEXES = "写入卡片 cards", "重建索引 indexes"


class SeedingProgress(Protocol):
    """What is told of a seeding."""

    def settled(self, people: int) -> None:
        """So many more people have their cards."""

    def indexing(self) -> None:
        """The rows of a stage are written; its indexes are being made."""


class _Bar:
    def __init__(self, progress: Progress, cards: int) -> None:
        self._progress = progress
        self._task: TaskID = progress.add_task(_ROWS, total=cards)

    def settled(self, people: int) -> None:
        self._progress.update(self._task, advance=people, description=_ROWS)

    def indexing(self) -> None:
        self._progress.update(self._task, description=_INDEXES)


class _Lines:
    def __init__(self, console: Console, cards: int) -> None:
        self._console, self._cards = console, cards
        self._done = 0
        self._told_s = time.monotonic()

    def settled(self, people: int) -> None:
        self._done += people
        if time.monotonic() - self._told_s >= LINE_EVERY_S:
            self._tell(_ROWS)

    def indexing(self) -> None:
        # A few rows are indexed before anybody asks.
        if time.monotonic() - self._told_s >= LINE_EVERY_S / 10:
            self._tell(_INDEXES)

    def _tell(self, doing: str) -> None:
        self._told_s = time.monotonic()
        self._console.print(f"{doing}: {self._done}/{self._cards}", highlight=False, markup=False)


@contextmanager
def seeding_progress(cards: int) -> Iterator[SeedingProgress]:
    """Tell on standard error how many of so many cards are there."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(console, cards)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        yield _Bar(progress, cards)
