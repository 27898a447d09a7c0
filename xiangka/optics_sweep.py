"""``xiangka optics sweep``: the read rate of a device over one parameter, step by step."""

from __future__ import annotations

import math
import statistics
import tempfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random

from rich.console import Console

from certification.catalogue import Text
from certification.errors import PlanError
from reports.sweep_page import Step, SweepRecord, write_sweep
from rigs.bench import Bench
from rigs.bench_file import BenchFile, load_bench
from rigs.journal import Journal
from rigs.opening.opening import EmulationOptions
from rigs.optics.frames import Frame
from rigs.optics.grading import grade
from rigs.optics.parameters import Parameter
from rigs.optics.stimulus import Stimulus
from rigs.readings import Outcome, Reading, ReadingStation
from xiangka.certification_run import RUNS
from xiangka.defect_names import check_defect
from xiangka.optics_by_hand import by_hand, refuse_bench, setting_of
from xiangka.optics_stimulus import Wanted, checked

MOST_STEPS = 400
AHEAD = 6
PATIENT_NO_READS = 2
"""Codes of one step that are shown for the full time without being read, before the others are shown briefly."""
BRIEFLY_S = 0.3


@dataclass(frozen=True)
class SweepOptions:
    """What is swept.

    Attributes:
        bench: bench file.
        parameter: the parameter.
        start: first value.
        stop: last value.
        step: from one value to the next.
        reads: codes a value.
        wanted: what else the stimuli are to be.
        seed: source of every random choice.
        defect: deliberate defect of an emulated device, or None.
        out: folder to write into, or None for a new one.
    """

    bench: Path
    parameter: Parameter
    start: float
    stop: float
    step: float
    reads: int
    wanted: Wanted
    seed: int = 1
    defect: str | None = None
    out: Path | None = None

    def values(self) -> list[float]:
        """The values in order.

        Raises:
            PlanError: there are none, too many, or one is out of range.
        """
        finite = all(map(math.isfinite, (self.start, self.stop, self.step)))
        if not finite or self.step <= 0 or self.stop < self.start:
            raise PlanError(
                f"no step leads from {self.start:g} to {self.stop:g} by {self.step:g}",
                where="--from, --to, --step",
                remedy="let all three be finite, --to the greater one and --step more than 0",
            )
        intervals = (self.stop - self.start) / self.step + 1e-9
        if intervals >= MOST_STEPS:
            raise PlanError(f"{intervals + 1:.0f} steps are too many", where="--step", remedy=f"at most {MOST_STEPS}")
        count = int(intervals) + 1
        values = [round(self.start + number * self.step, 9) for number in range(count)]
        for end, value in (("--from", values[0]), ("--to", values[-1])):
            checked(self.parameter, value, end)
        return values


def sweep(options: SweepOptions) -> int:
    """Open the bench, read, and write what was found; returns the exit code.

    Raises:
        PlanError, BenchFileError: options or bench file are wrong; nothing was opened.
        RigError: the bench is at fault.
    """
    values = options.values()
    file = load_bench(options.bench)
    refuse_bench(file, options.bench)
    check_defect(options.defect, file.subject)
    if file.stage is not None:
        options = replace(options, wanted=by_hand(file, options.parameter, options.wanted))
    folder = _folder(options)
    steps: list[Step] = []
    with (
        tempfile.TemporaryDirectory(prefix="xiangka-sweep-") as state,
        Journal(Path(state) / "journal.jsonl") as journal,
        Bench(file, journal, EmulationOptions(Path(state), options.defect)) as bench,
    ):
        reader = _Reader(bench, options)
        told = " ".join(str(part) for part in astuple(bench.identify()) if part)
        _make(folder)
        journal.move_to(folder / "journal.jsonl")
        try:
            for value in values:
                steps.append(reader.step(value))
                _tell(steps[-1], options.parameter)
        finally:
            page = write_sweep(folder, _record(options, file, told, steps))
    Console(stderr=True).print(str(page), highlight=False, soft_wrap=True)
    return 0


def _folder(options: SweepOptions) -> Path:
    now = datetime.now(UTC).astimezone()
    folder = options.out or RUNS / f"sweep-{options.parameter.name}-{now:%Y%m%d-%H%M%S}"
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PlanError("already holds something", where=str(folder), remedy="name a new or empty folder")
    return folder


def _make(folder: Path) -> None:
    """Make the folder once the bench is open: a bench that does not open leaves nothing behind."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlanError(
            f"cannot be written ({error.strerror})", where=str(folder), remedy="name another folder"
        ) from error


def _record(options: SweepOptions, file: BenchFile, device: str, steps: list[Step]) -> SweepRecord:
    parameter = options.parameter
    return SweepRecord(
        parameter=parameter.name,
        about=Text(zh=parameter.zh, en=parameter.en),
        unit=parameter.unit,
        bench=file.name,
        emulated=file.emulated,
        device=device,
        fixed=options.wanted.told(),
        steps=tuple(steps),
    )


def _tell(step: Step, parameter: Parameter) -> None:
    unit = "" if parameter.unit == "1" else f" {parameter.unit}"
    read = f"{step.exact}/{step.trials}" if step.trials else "—"
    unread = f", {step.not_readable} unreadable for the reference decoder" if step.not_readable else ""
    Console(stderr=True).print(
        f"{parameter.name} {step.value:g}{unit}: {read} read, grade {step.grade}{unread}", highlight=False
    )


class _Reader:
    """Shows the codes of one value after the other."""

    def __init__(self, bench: Bench, options: SweepOptions) -> None:
        self._bench, self._options = bench, options
        self._chance = Random(f"{options.seed}/sweep")  # noqa: S311 - stimuli, not secrets
        table, shown = bench.file.scanner, bench.file.presenter
        assert table is not None  # noqa: S101 - a stage stands before a scanner
        assert shown is not None  # noqa: S101
        self._by_person = bench.file.stage is not None
        self._station = ReadingStation(
            bench.presenter, bench.scanner, table.read_timeout_s, shown.gap_ms / 1000, controls=not self._by_person
        )

    def step(self, value: float) -> Step:
        """Read the codes of one value."""
        stimuli = [self._stimulus(value) for _ in range(self._options.reads)]
        if self._by_person:
            self._bench.stage.arrange(setting_of(self._wanted_at(value)))
        readings: list[Reading] = []
        unreadable = 0
        for frame in self._frames(stimuli):
            if frame.reference_reads and frame.stimulus is not None:
                readings.append(self._read(frame, frame.stimulus, readings))
            else:
                unreadable += 1
        return _summary(value, readings, unreadable, stimuli[0])

    def _stimulus(self, value: float) -> Stimulus:
        wanted = self._wanted_at(value)
        stimulus = wanted.stimulus(self._chance)
        if not self._by_person:
            return stimulus
        as_shown = Stimulus(stimulus.symbols, stimulus.appearance)
        return self._bench.stage.drawn(as_shown, setting_of(wanted), self._chance.randrange(2**31))

    def _wanted_at(self, value: float) -> Wanted:
        return self._options.wanted.at(self._options.parameter, value)

    def _frames(self, stimuli: list[Stimulus]) -> Iterator[Frame]:
        """Frames in order, drawn a few ahead."""
        waiting: deque[Future[Frame]] = deque()
        rest = iter(stimuli)
        for stimulus in islice(rest, AHEAD):
            waiting.append(self._bench.presenter.prepare(stimulus, check=True))
        while waiting:
            yield waiting.popleft().result()
            for stimulus in islice(rest, 1):
                waiting.append(self._bench.presenter.prepare(stimulus, check=True))

    def _read(self, frame: Frame, stimulus: Stimulus, earlier: list[Reading]) -> Reading:
        patience = self._station.read_timeout_s
        if sum(reading.outcome is Outcome.NO_READ for reading in earlier) >= PATIENT_NO_READS:
            patience = min(patience, max(BRIEFLY_S, self._bench.silence_s))
        return self._station.read(frame, tuple(symbol.content for symbol in stimulus.symbols), patience)


def _summary(value: float, readings: list[Reading], unreadable: int, first: Stimulus) -> Step:
    outcomes = [reading.outcome for reading in readings]
    exact = [reading.latency_ms for reading in readings if reading.outcome is Outcome.EXACT]
    found = grade(first)
    return Step(
        value=value,
        exact=len(exact),
        no_read=outcomes.count(Outcome.NO_READ),
        wrong=outcomes.count(Outcome.WRONG) + outcomes.count(Outcome.STALE),
        not_readable=unreadable,
        latency_ms=statistics.median(exact) if exact else None,
        grade=found.letter,
        grade_parameters=" · ".join(str(parameter) for parameter in found.parameters),
    )
