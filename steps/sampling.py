"""Takes a requirement's sample: shows stimulus after stimulus, records what came, stops when it is decided."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import Future
from dataclasses import dataclass, field

from certification.catalogue import Requirement
from certification.clauses import CountClause, PercentileClause, ProportionClause
from certification.decision import Outcome, judge_criterion, overall
from certification.observations import Cell, Observation
from fixtures.bench_photograph import CONTROL, forget_what_was_read
from fixtures.run import Run
from rigs.optics.frames import Frame, readable_at_all
from rigs.optics.grading import grade
from rigs.optics.stimulus import Stimulus
from rigs.readings import Reading
from rigs.roles import Photograph

AHEAD = 6
"""Frames rendered ahead of the one in view."""
REDRAWS = 200
"""How often a stimulus the reference decoder cannot read is drawn anew before it is given up."""
_WHOLE = 40
"""Bytes of a payload shown in a detail before it is shortened."""


@dataclass(frozen=True)
class Trial:
    """One presentation to come.

    Attributes:
        stimulus: what to show.
        cell: its place in the test matrix.
        check: ask the reference decoder before showing it; what it cannot read is not shown. False only for what is
            not meant to be read.
        photographed: ask the camera about a code that was not read. False only under conditions of the stage in which
            the device is to read better than a camera may.
        redraw: makes another stimulus of the same cell when the first cannot be read.
    """

    stimulus: Stimulus
    cell: Cell = field(default_factory=dict)
    check: bool = True
    photographed: bool = True
    redraw: Callable[[int], Stimulus] | None = None

    @property
    def expected(self) -> tuple[bytes, ...]:
        """Contents whose delivery is right."""
        return tuple(symbol.content for symbol in self.stimulus.symbols)


@dataclass
class Sampler:
    """Samples one requirement of a run.

    Attributes:
        run: the run.
        requirement: the requirement.
    """

    run: Run
    requirement: Requirement
    done: int = 0

    def outcome(self) -> Outcome:
        """What the criterion says of the observations so far."""
        observations = self.run.evidence.of(self.requirement.id)
        return overall(judge_criterion(self.requirement.criterion, observations, self.run.subject.yes_options))

    def observe(
        self,
        measure: str,
        value: str | float,
        *,
        cell: Cell | None = None,
        unit: str = "1",
        uncertainty: float = 0.0,
        reading: Reading | None = None,
        journal: tuple[int, int] | None = None,
        detail: dict[str, str | float] | None = None,
        picture: str | None = None,
        times: int = 1,
    ) -> None:
        """Record one observation of this requirement, or ``times`` identical ones."""
        self.run.evidence.add(
            Observation(
                requirement=self.requirement.id,
                measure=measure,
                value=value,
                unit=unit,
                uncertainty=uncertainty,
                cell=cell or {},
                t_ns=reading.shown.t_ns if reading is not None else 0,
                journal=reading.journal if reading is not None else journal,
                detail=detail or {},
                picture=picture,
                times=times,
            )
        )

    def failed(self) -> bool:
        """Whether no further sample could mend the criterion."""
        return self.outcome() is Outcome.BROKEN

    def keep(self, trial: Trial, frame: Frame, *, failure: bool) -> str | None:
        """Keep a picture of what was shown while the requirement's allowance lasts."""
        label = "-".join(str(value) for value in trial.cell.values()) or "code"
        return self.run.evidence.keep_picture(self.requirement.id, frame, label, failure=failure)

    def step(self, planned: int, trials: int = 1) -> None:
        """Count trials and tell whoever watches."""
        self.done += trials
        self.run.progress(self.requirement.id, self.done, planned)

    def prepared(self, trials: Iterable[Trial]) -> Iterator[tuple[Trial, Frame]]:
        """Trials with their frames, rendered ahead in the background."""
        waiting: deque[tuple[Trial, Future[Frame]]] = deque()
        source = iter(trials)
        for trial in itertools.islice(source, AHEAD):
            waiting.append((trial, self._prepare(trial)))
        while waiting:
            trial, frame = waiting.popleft()
            yield self._readable(trial, frame.result())
            for following in itertools.islice(source, 1):
                waiting.append((following, self._prepare(following)))

    def read_all(self, trials: Iterable[Trial], *, latency: bool = False) -> None:
        """Show each trial until it is delivered; stop early once no further sample could mend the criterion."""
        planned = len(trials) if isinstance(trials, Sized) else planned_trials(self.requirement)
        for trial, frame in self.prepared(trials):
            if trial.check and not frame.reference_reads:
                self.observe("stimulus", "not_readable", cell=trial.cell)
                self.step(planned)
                continue
            reading = self.run.station.read(frame, trial.expected)
            self.record_reading(trial, frame, reading, latency=latency)
            self.step(planned)
            if self._worth_judging(reading) and self.failed():
                return

    def read_each_with_latency(self, trials: Iterable[Trial]) -> None:
        """As ``read_all``, with the latency of each reading; whatever is not exact counts at the time limit."""
        self.read_all(trials, latency=True)

    def read_until_decided(self, trials: Iterator[Trial]) -> None:
        """Take the registered stages one after the other until the criterion is decided."""
        taken = 0
        for size in registered_stages(self.requirement):
            self.read_all(itertools.islice(trials, size - taken))
            taken = size
            if self.outcome() is not Outcome.OPEN:
                return

    def record_reading(
        self, trial: Trial, frame: Frame, reading: Reading, *, latency: bool = False, silence_is_right: bool = False
    ) -> None:
        """Record a reading, unless the stimulus turns out to be one that nobody could have read.

        Args:
            trial: what was shown.
            frame: its picture.
            reading: what came of it.
            latency: record the latency too.
            silence_is_right: the stimulus is meant to be unreadable, and no delivery is what is wanted.
        """
        if reading.outcome == "no_read" and not silence_is_right and self.excused(trial, frame, reading):
            return
        exact = reading.outcome == ("no_read" if silence_is_right else "exact")
        picture = self.keep(trial, frame, failure=not exact)
        self.observe(
            "read",
            reading.outcome.value,
            cell=trial.cell,
            reading=reading,
            detail=self._detail(trial, reading, frame if picture else None) if picture or not exact else {},
            picture=picture,
        )
        if latency:
            self.observe(
                "latency",
                round(reading.latency_ms if exact else self.run.station.read_timeout_s * 1000, 3),
                unit="ms",
                uncertainty=reading.uncertainty_ms,
                cell=trial.cell,
                reading=reading,
            )

    def excused(self, trial: Trial, frame: Frame, reading: Reading) -> bool:
        """Record why a code that was not read says nothing of the device; False where it does.

        Either nobody could have read it, or the camera of the bench does not see it.
        """
        if not self._judgeable(frame):
            self.observe("stimulus", "not_readable", cell=trial.cell, reading=reading)
            return True
        if trial.photographed and (unseen := self._unseen(frame)) is not None:
            picture = self.run.evidence.keep_picture(self.requirement.id, unseen, "as photographed", failure=True)
            self.observe("stimulus", "not_seen", cell=trial.cell, reading=reading, picture=picture)
            return True
        return False

    def _worth_judging(self, reading: Reading) -> bool:
        limits = [c.at_most for c in self.requirement.criterion if isinstance(c, PercentileClause) and c.unit == "ms"]
        return reading.outcome != "exact" or any(reading.latency_ms > limit for limit in limits)

    def _prepare(self, trial: Trial) -> Future[Frame]:
        return self.run.bench.presenter.prepare(trial.stimulus, check=trial.check)

    def _readable(self, trial: Trial, frame: Frame) -> tuple[Trial, Frame]:
        for attempt in range(1, REDRAWS + 1):
            if trial.redraw is None or frame.reference_reads:
                break
            frame = self.run.bench.presenter.prepare(trial.redraw(attempt), check=True).result()
        return trial, frame

    def _judgeable(self, frame: Frame) -> bool:
        if frame.reference_reads is not None or frame.stimulus is None:
            return bool(frame.reference_reads)
        return readable_at_all(frame.stimulus, frame.image())

    def _unseen(self, frame: Frame) -> Photograph | None:
        """A photograph on which the stimulus cannot be read, where the bench has a camera and that is so."""
        if self.run.witness is None:
            return None
        control = self.run.bench.presenter.prepare(CONTROL, check=True).result()
        unseen = self.run.witness.cannot_see(frame, control)
        forget_what_was_read(self.run.bench)
        return unseen

    def _detail(self, trial: Trial, reading: Reading, kept: Frame | None) -> dict[str, str | float]:
        return {
            "shown": " | ".join(shortened(content) for content in trial.expected),
            "delivered": " | ".join(shortened(delivery.data) for delivery in reading.deliveries),
            "latency_ms": round(reading.latency_ms, 1),
            **(grade(kept.stimulus).as_detail() if kept is not None and kept.stimulus is not None else {}),
        }


def shortened(content: bytes) -> str:
    """A payload for people: printable, its middle left out."""
    text = "".join(chr(b) if 0x20 <= b < 0x7F else f"\\x{b:02x}" for b in content)
    return text if len(text) <= _WHOLE else f"{text[:16]}…{text[-16:]} ({len(content)})"


def registered_stages(requirement: Requirement) -> list[int]:
    """Sample sizes of a requirement's registered stages, in order."""
    sizes = {n for clause in requirement.criterion if isinstance(clause, ProportionClause) for n, _ in clause.stages}
    return sorted(sizes)


def planned_trials(requirement: Requirement) -> int:
    """Trials the first stage of a requirement needs, for progress."""
    return max((clause_trials(clause) for clause in requirement.criterion), default=0)


def clause_trials(clause: object) -> int:
    """Trials one clause asks for, in its first stage."""
    match clause:
        case ProportionClause():
            return clause.stages[0][0]
        case CountClause() | PercentileClause():
            return clause.trials
        case _:
            return 0
