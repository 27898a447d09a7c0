"""What a person sees while a run goes on: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from certification.verdicts import Verdict

COLOURS = {
    Verdict.PASS: "green",
    Verdict.FAIL: "red",
    Verdict.RIG_ERROR: "magenta",
    Verdict.INCONCLUSIVE: "yellow",
}


class Watcher(Protocol):
    """Told what a run is doing."""

    def planned(self, count: int) -> None:
        """So many scenarios will be run."""

    def started(self, requirement: str, title: str) -> None:
        """A scenario begins."""

    def progress(self, requirement: str, done: int, total: int) -> None:
        """So many of its trials are done."""

    def live(self, requirement: str, line: str) -> None:
        """What a scenario sees at the moment, in a line."""

    def finished(self, requirement: str, verdict: Verdict, seconds: float) -> None:
        """A scenario is over."""

    def paused(self) -> AbstractContextManager[None]:
        """Nothing is drawn while this is entered, because a person is being asked something."""

    def close(self) -> None:
        """Nothing more is coming."""


class Silent:
    """Shows nothing."""

    def planned(self, count: int) -> None:
        """Ignored."""

    def started(self, requirement: str, title: str) -> None:
        """Ignored."""

    def progress(self, requirement: str, done: int, total: int) -> None:
        """Ignored."""

    def live(self, requirement: str, line: str) -> None:
        """Ignored."""

    def finished(self, requirement: str, verdict: Verdict, seconds: float) -> None:
        """Ignored."""

    def paused(self) -> AbstractContextManager[None]:
        """Nothing is drawn anyway."""
        return contextlib.nullcontext()

    def close(self) -> None:
        """Ignored."""


class PlainLines:
    """One line a scenario, and one every ten seconds within a long one."""

    EVERY_S = 10.0

    def __init__(self, console: Console) -> None:
        self._console = console
        self._count = self._total = 0
        self._spoke = 0.0

    def planned(self, count: int) -> None:
        """Remember how many scenarios there are."""
        self._total = count

    def started(self, requirement: str, title: str) -> None:
        """Say which scenario begins."""
        self._count += 1
        self._spoke = time.monotonic()
        self._console.print(f"[{self._count}/{self._total}] {requirement} {title}", markup=False, highlight=False)

    def progress(self, requirement: str, done: int, total: int) -> None:
        """Say how far a long scenario is."""
        if time.monotonic() - self._spoke > self.EVERY_S:
            self._spoke = time.monotonic()
            self._console.print(f"      {requirement} {done}/{total}", markup=False, highlight=False)

    def live(self, requirement: str, line: str) -> None:
        """Say what a scenario sees, as often as how far it is."""
        if time.monotonic() - self._spoke > self.EVERY_S:
            self._spoke = time.monotonic()
            self._console.print(f"      {requirement} {line}", markup=False, highlight=False, soft_wrap=True)

    def finished(self, requirement: str, verdict: Verdict, seconds: float) -> None:
        """Say what came of it."""
        self._console.print(f"      {requirement} {verdict} {seconds:.1f} s", markup=False, highlight=False)

    def paused(self) -> AbstractContextManager[None]:
        """Lines are written by the scenario itself, which waits for the person."""
        return contextlib.nullcontext()

    def close(self) -> None:
        """Nothing is left open."""


class Bar:
    """A bar for the run and one for the scenario, redrawn in place."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            refresh_per_second=4,
        )
        self._run = self._progress.add_task("run", total=None)
        self._scenario = self._progress.add_task("", total=None, visible=False)
        self._heading = ""

    def planned(self, count: int) -> None:
        """Set the run's length."""
        self._progress.update(self._run, total=count, description="需求 requirements")
        self._progress.start()

    def started(self, requirement: str, title: str) -> None:
        """Show the scenario."""
        self._heading = f"{requirement} {title}"
        self._progress.reset(self._scenario, total=None, completed=0, visible=True, description=self._heading)

    def progress(self, requirement: str, done: int, total: int) -> None:
        """Move the scenario's bar."""
        del requirement
        self._progress.update(self._scenario, completed=done, total=max(done, total))

    def live(self, requirement: str, line: str) -> None:
        """Show the line below the scenario's name."""
        del requirement
        self._progress.update(self._scenario, description=f"{self._heading}\n{line}")

    def finished(self, requirement: str, verdict: Verdict, seconds: float) -> None:
        """Move the run's bar and leave a line behind."""
        self._progress.advance(self._run)
        colour = COLOURS.get(verdict, "white")
        self._progress.console.print(f"[{colour}]{verdict:<14}[/] {requirement}  {seconds:5.1f} s", highlight=False)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the bars as they stand, and draw them anew below the dialogue."""
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()

    def close(self) -> None:
        """Take the bars away."""
        self._progress.update(self._scenario, visible=False)
        self._progress.stop()


def watcher_for(console: Console) -> Watcher:
    """A bar on a terminal, plain lines elsewhere."""
    return Bar(console) if console.is_terminal else PlainLines(console)
