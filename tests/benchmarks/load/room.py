"""What the parts share: filled platforms, the generator as a process of its own, and the server's CPU time under it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from rich.console import Console

from loadtests.plan import LoadPlan, Stage
from loadtests.record import LoadRecord
from rigs.drivers.locust_load import GENERATOR, LocustLoad
from rigs.journal import Journal
from rigs.reference_platform import CARD_LIST
from tests.benchmarks.platform import servers
from tests.benchmarks.platform.prepared import Data
from tests.benchmarks.platform.run import Results
from tests.benchmarks.platform.servers import ALL_CORES, BESIDE, Server, on

console = Console()

VERIFICATIONS = {"verification": 0.95, "generation": 0.05}
"""As good as nothing but verifications, of codes that have to be fetched by somebody."""
_SEED = (sys.executable, "-m", "xiangka", "platform", "seed")
_LISTED = 50_000
_TRIES = 4
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True)
class Base:
    """A filled platform and the list of some of its cards."""

    data: Data
    cards: int
    listed: Path

    @property
    def credentials(self) -> Path:
        """What it writes when it is served."""
        return self.data.folder / "credentials.json"

    def serve(self, *options: str, cores: frozenset[int] = ALL_CORES) -> AbstractContextManager[Server]:
        """Serve it, nothing limited."""
        return servers.platform(self.data.folder, *self.data.options, *options, cores=cores)


@dataclass
class Room:
    """Where a run of the benchmark keeps its things.

    Attributes:
        folder: goes with the run.
        kept: filled platforms, in the places where a bench with ``keep`` has them too.
        few, many: cards of the smaller and the larger base.
        database: URL of a fresh PostgreSQL database, None where there is no server.
        seconds: how long main stages last; None for as long as each part wants.
        rounds: bursts of wrk of each contestant.
        workers: processes of the generator where its own capacity is not what is measured.
        seed: of every schedule.
    """

    folder: Path
    kept: Path
    few: int
    many: int
    database: str | None
    seconds: float | None
    rounds: int
    workers: int
    seed: int
    wrk: Results | None = None
    """What wrk has measured in this run: parts that compare with it measure it once."""
    notes: list[str] = field(default_factory=list)
    """What a reader of the figures has to know, of the part under way."""
    _filled: dict[tuple[int, str | None], Base] = field(default_factory=dict)
    _loads: Iterator[int] = field(default_factory=lambda: count(1))

    def length(self, usual: float) -> float:
        """How long a main stage lasts that usually takes so many seconds."""
        return usual if self.seconds is None else min(usual, self.seconds)

    def base(self, cards: int, database: str | None = None) -> Base:
        """A platform with so many cards, filled now unless it was before."""
        if (cards, database) not in self._filled:
            place = self.kept / f"{cards}-cards" if database is None else self.folder / "elsewhere"
            place.mkdir(parents=True, exist_ok=True)
            base = Base(Data(place / "data", database), cards, place / CARD_LIST)
            console.print(f"filling {place.name}: {cards} cards", highlight=False)
            size, sample = str(cards), str(min(_LISTED, cards))
            wanted = ["--data", str(base.data.folder), "--cards", size, *base.data.options]
            subprocess.run([*_SEED, *wanted, "--list", str(base.listed), "--sample", sample], check=True)
            self._filled[cards, database] = base
        return self._filled[cards, database]

    def drive(self, base: Base, server: Server, stages: tuple[Stage, ...], alone: bool = False, **plan) -> LoadRecord:
        """Load a server with the project's generator; ``alone`` gives the generator one core for all it does."""
        number = next(self._loads)
        fields = {"profile": "benchmark", "population": base.listed, "workers": 1 if alone else self.workers, **plan}
        wanted = LoadPlan(
            target=server.url, credentials=base.credentials, stages=stages, seed=self.seed * 1000 + number, **fields
        )
        command = [*on(BESIDE), *GENERATOR] if alone else GENERATOR
        record = LocustLoad(Journal(None), command).run(wanted, self.folder / f"load-{number}", lambda _: True)
        for why in record.invalid:
            self.notes.append(f"load {number} was not what was planned: {why.en}")
            console.print(f"  {self.notes[-1]}", style="yellow", highlight=False)
        return record

    def drive_honestly(self, base: Base, server: Server, stages: tuple[Stage, ...], **plan) -> LoadRecord:
        """As ``drive``, again where a load was not what was planned, as a short one soon is on a busy machine."""
        for _ in range(_TRIES):
            record = self.drive(base, server, stages, **plan)
            if not record.invalid:
                return record
        raise SystemExit(f"{_TRIES} loads in a row were not what was planned: the machine has too much to do")


class CpuWatch:
    """CPU time of a server while it is loaded, so that what getting ready cost it can be left out."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._over = threading.Event()
        self._seen: list[tuple[float, float]] = []

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look now and then, in a thread of its own."""
        thread = threading.Thread(target=self._look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def between(self, begun: float, ended: float) -> float:
        """CPU seconds from one Unix time to another, to the nearest look."""
        moments = [moment for moment, _ in self._seen]
        first, last = (min(bisect_left(moments, moment), len(moments) - 1) for moment in (begun, ended))
        return self._seen[last][1] - self._seen[first][1]

    def _look(self) -> None:
        while not self._over.wait(_LOOK_EVERY_S):
            self._seen.append((time.time(), self._server.cpu_s()))


def answers(record: LoadRecord, stage: str | None = None) -> int:
    """How many answers of any kind came in a stage, or in all of them."""
    chosen = [second for second in record.seconds if stage in (None, second.stage)]
    return sum(second.ok + second.refused + second.errors for second in chosen)
