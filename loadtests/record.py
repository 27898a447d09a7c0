"""What a load leaves in its folder, and how it is read again.

``load.json`` totals; ``seconds.csv`` a line a second; ``latency.hlog`` and ``send_delay.hlog`` HDR interval logs;
``acknowledged.csv.gz`` every effect the platform acknowledged; ``locust_*.csv`` Locust's own tables. An event belongs
to the second in which it happened and to the stage in which its request was due. Pure: imported by rooms that must
never import Locust.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
from hdrh.histogram import HdrHistogram

from loadtests.plan import LoadPlan, heard

TOTALS, SECONDS, ACKNOWLEDGED = "load.json", "seconds.csv", "acknowledged.csv.gz"
LATENCY, SEND_DELAY = "latency.hlog", "send_delay.hlog"

LATE_MS = 50.0
"""A request that left so long after the plan said so is late."""

LATE_SHARE = 0.001
"""With a greater share of late requests a run says nothing about the platform."""

_LOWEST_US, _HIGHEST_US, _DIGITS = 1, 600_000_000, 3


def new_histogram() -> HdrHistogram:
    """Return an empty histogram of microseconds, from 1 µs to 600 s, to three significant digits."""
    return HdrHistogram(_LOWEST_US, _HIGHEST_US, _DIGITS)


@dataclass(frozen=True)
class StageTotals:
    """What became of the requests that were due in the stages of one name.

    Attributes:
        name: of the stages.
        seconds: how long they lasted together.
        offered: how many requests the plan held.
        sent: how many of them left; sent again after a lost answer is not sent twice.
        ok: answered as it must be: accepted, or the one of two that showed one code at once, rightly refused.
        refused: how many were refused in the end, by reason: ``http-503``, ``http-429``, ``code-112``, …
        without_retry_after: how many of those with status 429 or 503 did not say when to come again.
        errors: how many were not answered, or wrongly, in the end, by kind: ``timeout``, ``reset``,
            ``refused-connection``, ``truncated``, ``malformed``, ``wrong-person``, ``no-code``.
        retried: how many attempts were made beyond the first ones.
        late: how many left more than ``LATE_MS`` after they were due.
    """

    name: str
    seconds: float
    offered: int = 0
    sent: int = 0
    ok: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    without_retry_after: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    retried: int = 0
    late: int = 0


@dataclass(frozen=True)
class Found:
    """How often something happened that never may, and up to twenty examples: tags of requests, never people."""

    count: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reason:
    """Why a load says nothing about the platform."""

    zh: str
    en: str


@dataclass(frozen=True)
class WorkerTotals:
    """One process of the generator.

    Attributes:
        name: Locust's name of it.
        sent: requests that left it.
        late: of those, how many left late.
        cpu_mean, cpu_peak: share of one core, over the load and in its busiest second.
        clock_ms: how far its wall clock was from the master's.
    """

    name: str
    sent: int
    late: int
    cpu_mean: float
    cpu_peak: float
    clock_ms: float = 0.0


@dataclass(frozen=True)
class LoadTotals:
    """``load.json``.

    Attributes:
        plan: what was to be done; it names the file of credentials, never what is in it.
        begun: Unix time of the first moment of the schedule, seconds.
        seconds: how long it went on; less than the plan's if it was ended early.
        ended_early: whether it was.
        stages: one for each name, in the plan's order.
        invalid: why nothing follows from it about the platform; empty if something does.
        wrong_persons: answered with another card than that of the code sent.
        reused_accepted: dynamic codes shown at two terminals at the same instant and accepted at both.
        twins: how many dynamic codes were shown at two terminals at the same instant and settled there: accepted at one
            at least, and at the other accepted too or refused as used.
        double_accepted: dynamic codes accepted twice because they were sent again after a lost answer.
        workers: the processes of the generator.
    """

    plan: LoadPlan
    begun: float
    seconds: float
    ended_early: bool
    stages: tuple[StageTotals, ...]
    invalid: tuple[Reason, ...] = ()
    wrong_persons: Found = Found()
    reused_accepted: Found = Found()
    twins: int = 0
    double_accepted: Found = Found()
    workers: tuple[WorkerTotals, ...] = ()

    @property
    def offered(self) -> int:
        """Requests the plan held, up to where it was ended."""
        return sum(stage.offered for stage in self.stages)

    @property
    def sent(self) -> int:
        """Requests that left."""
        return sum(stage.sent for stage in self.stages)

    @property
    def late(self) -> int:
        """Requests that left more than ``LATE_MS`` after they were due."""
        return sum(stage.late for stage in self.stages)


@dataclass(frozen=True)
class Second:
    """A line of ``seconds.csv``.

    Attributes:
        t: whole seconds since the schedule began.
        stage: the stage of this second.
        offered, sent, ok, refused, errors, late: how many requests were due, left, were answered as they must be, were
            refused, failed in the end, left late; each in this second.
        in_flight: requests without an answer at its end.
        p50_ms, p95_ms, p99_ms: latencies of the answers of this second; None if there were none.
        generator_cpu: the busiest worker's share of one core.
    """

    t: int
    stage: str
    offered: int = 0
    sent: int = 0
    ok: int = 0
    refused: int = 0
    errors: int = 0
    late: int = 0
    in_flight: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    generator_cpu: float = 0.0


@dataclass(frozen=True)
class Acknowledged:
    """One effect that the platform acknowledged, so that it must be found there afterwards.

    Attributes:
        kind: ``verification``, ``usage`` or ``registration``.
        tag: unique for each request; the audit keeps that of a verification as its ``terminalcode``.
        code_digest: SHA-256 of the code that was accepted, of the card id where there was no code; hex.
        term_id: the terminal that asked; "" where the dialect names none.
        acknowledged_ms: Unix time in milliseconds at which the answer had come.
    """

    kind: str
    tag: str
    code_digest: str
    term_id: str
    acknowledged_ms: int


@dataclass(frozen=True)
class _Interval:
    t: float
    stage: str
    kind: str
    encoded: str


class LoadRecord:
    """A load's folder, read.

    Attributes:
        folder: where it lies.
        totals: ``load.json``.
    """

    def __init__(self, folder: Path, totals: LoadTotals) -> None:
        self.folder = folder
        self.totals = totals

    @property
    def plan(self) -> LoadPlan:
        """What was to be done."""
        return self.totals.plan

    @property
    def invalid(self) -> tuple[Reason, ...]:
        """Why nothing follows from it about the platform; empty if something does."""
        return self.totals.invalid

    @property
    def stages(self) -> tuple[StageTotals, ...]:
        """Totals by name of stage."""
        return self.totals.stages

    @cached_property
    def seconds(self) -> tuple[Second, ...]:
        """``seconds.csv``."""
        with (self.folder / SECONDS).open(encoding="utf-8", newline="") as file:
            return tuple(msgspec.convert(_present(row), Second, strict=False) for row in csv.DictReader(file))

    def percentile(
        self,
        q: float,
        stage: str | None = None,
        kind: str | None = None,
        between: tuple[float, float] | None = None,
        log: str = LATENCY,
    ) -> float | None:
        """Return a percentile in milliseconds, exact to 0.1 %; None if nothing was recorded.

        Args:
            q: 0 to 100.
            stage: only that stage's requests.
            kind: only requests of that kind.
            between: only answers from one second to before another, since the schedule began.
            log: ``LATENCY``, from the moment a request was due to its answer's last byte, a timeout counting as the
                moment it was given up; or ``SEND_DELAY``, from the moment it was due to that at which it left.
        """
        merged = self._merged(log, stage, kind, between)
        return merged.get_value_at_percentile(q) / 1000 if merged.get_total_count() else None

    def count(
        self, stage: str | None = None, kind: str | None = None, between: tuple[float, float] | None = None
    ) -> int:
        """Return how many latencies were recorded; the arguments are those of ``percentile``."""
        return int(self._merged(LATENCY, stage, kind, between).get_total_count())

    def histogram(
        self, kind: str | None = None, stage: str | None = None, log: str = LATENCY
    ) -> list[tuple[float, int]]:
        """Return latencies, or delays of sending, in milliseconds with how many had them, in ascending order."""
        merged = self._merged(log, stage, kind, None)
        # The library's own iterator asks each of its twenty thousand buckets in turn.
        counts = np.array(merged.counts, dtype=np.int64)
        return [
            (merged.get_highest_equivalent_value(merged.get_value_from_index(index)) / 1000, int(counts[index]))
            for index in np.flatnonzero(counts).tolist()
        ]

    def acknowledged(self) -> Iterator[Acknowledged]:
        """Read every effect the platform acknowledged, one after the other."""
        with gzip.open(self.folder / ACKNOWLEDGED, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield msgspec.convert(row, Acknowledged, strict=False)

    def _merged(
        self, log: str, stage: str | None, kind: str | None, between: tuple[float, float] | None
    ) -> HdrHistogram:
        merged = new_histogram()
        for one in self._latency if log == LATENCY else self._send_delay:
            wanted = stage in (None, one.stage) and kind in (None, one.kind)
            if wanted and (between is None or between[0] <= one.t < between[1]):
                merged.decode_and_add(one.encoded)
        return merged

    @cached_property
    def _latency(self) -> tuple[_Interval, ...]:
        return tuple(_intervals(self.folder / LATENCY))

    @cached_property
    def _send_delay(self) -> tuple[_Interval, ...]:
        return tuple(_intervals(self.folder / SEND_DELAY))


def read_record(folder: Path) -> LoadRecord:
    """Read what a load left.

    Raises:
        OSError: there is no record, or no whole one.
        ValueError: it is none.
    """
    text = (folder / TOTALS).read_bytes()
    return LoadRecord(folder, msgspec.json.decode(text, type=LoadTotals, dec_hook=heard))


def columns(record: type) -> list[str]:
    """Return the columns of a table whose lines are such records."""
    return [one.name for one in fields(record)]


def _present(row: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if value != ""}


def _intervals(file: Path) -> Iterator[_Interval]:
    """Read the lines of an interval log; only its tags tell stage and kind, so the library's reader adds nothing."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("Tag="):
                tag, begun, _, _, encoded = line.rstrip("\n").split(",", 4)
                stage, _, kind = tag.removeprefix("Tag=").rpartition("/")
                yield _Interval(float(begun), stage, kind, encoded)
