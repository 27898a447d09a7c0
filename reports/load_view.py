"""What a page shows of the loads of one requirement: the records in the run folder, told in lines and plots."""

from __future__ import annotations

import csv
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hdrh.codec import HdrCookieException, HdrHistogramSettingsException, HdrLengthException

from certification.catalogue import Text
from certification.clauses import Clause, PercentileClause
from certification.observations import Observation
from loadtests.plan import KINDS
from loadtests.record import SEND_DELAY, LoadRecord, Second, StageTotals, read_record
from reports.load_distributions import Histogram, delay_plot, growth_plot, kinds_plot, spectrum_plot
from reports.load_plots import Limit, latency_plot, machine_plot, rate_plot
from reports.load_series import Course, ServerCourse, spans
from reports.svg import Plot

LOADS, SERVER = "load", "server.csv"
LATENCY_MEASURE, DELAY_MEASURE = "verification_time", "send_delay"

MOST_BESIDE = 2
"""Loads told in full beside the main one; where there are more, they are rounds of one measurement."""
_NEARLY = 0.5
_UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    csv.Error,
    zlib.error,
    HdrCookieException,
    HdrHistogramSettingsException,
    HdrLengthException,
)
"""What reading a record that was cut short, or is none, may raise."""


@dataclass(frozen=True)
class Percentiles:
    """How many answers there were and their latency, ms from the intended send time."""

    count: int
    p50: float
    p95: float
    p99: float
    p999: float


@dataclass(frozen=True)
class StageLine:
    """One stage of a load."""

    name: str
    seconds: float
    totals: StageTotals
    latency: Percentiles | None

    @property
    def refused(self) -> int:
        """Requests refused, whatever the reason."""
        return sum(self.totals.refused.values())

    @property
    def errors(self) -> int:
        """Requests without a right answer or a refusal."""
        return sum(self.totals.errors.values())


@dataclass(frozen=True)
class LoadView:
    """One load for people.

    Attributes:
        folder: its folder within that of the run.
        problem: why it cannot be told; then nothing else is.
        record: what it left.
        invalid: why nothing follows from it about the platform.
        lines: one for each stage.
        main: name of the stage with most requests.
        kinds: latency by kind of request in that stage.
        plots: its plots.
        clean: whether every request that was sent was answered rightly.
        unaccounted: how many requests were sent of which the record does not tell what came.
        server: whether the platform told its processor time or memory.
    """

    folder: str
    problem: Text | None = None
    record: LoadRecord | None = None
    invalid: Sequence[Text] = ()
    lines: Sequence[StageLine] = ()
    main: str = ""
    kinds: Sequence[tuple[str, Percentiles]] = ()
    plots: Sequence[Plot] = ()
    clean: bool = False
    unaccounted: int = 0
    server: bool = False

    @property
    def per_core(self) -> float | None:
        """Requests the generator sent for each second of one core it used."""
        if self.record is None:
            return None
        totals = self.record.totals
        used = sum(worker.cpu_mean for worker in totals.workers) * totals.seconds
        return totals.sent / used if used > 0 else None

    @property
    def busiest(self) -> float | None:
        """Share of a core of the busiest worker in its busiest second."""
        workers = () if self.record is None else self.record.totals.workers
        return max((worker.cpu_peak for worker in workers), default=None)


@dataclass(frozen=True)
class RowLoads:
    """The loads of one requirement.

    Attributes:
        main: the one that lasted longest, told in full.
        beside: those that lasted nearly as long, told in full too, where they are few.
        others: the rest in their order, a line each.
        growth: the p95 over the card base, where it was measured.
    """

    main: LoadView
    beside: Sequence[LoadView]
    others: Sequence[LoadView]
    growth: Plot | None

    @property
    def invalid(self) -> Sequence[Text]:
        """Why nothing follows from one of them about the platform, each reason once."""
        return list(
            dict.fromkeys(reason for view in (self.main, *self.beside, *self.others) for reason in view.invalid)
        )

    @property
    def plots(self) -> Sequence[Plot]:
        """Plots of the row as a whole and of its main load."""
        return (*((self.growth,) if self.growth is not None else ()), *self.main.plots)


def row_loads(
    run: Path, requirement: str, criterion: Sequence[Clause], observations: Sequence[Observation]
) -> RowLoads | None:
    """The loads that were made for a requirement; None where the run folder holds none.

    Args:
        run: folder of the run.
        requirement: id of the row.
        criterion: its clauses, for the limits drawn.
        observations: its observations.
    """
    folders = _folders(run / LOADS, requirement)
    if not folders:
        return None
    records = {folder: _record(folder) for folder in folders}
    longest = max(folders, key=lambda folder: _length(records[folder]))
    beside = [one for one in folders if one != longest and _length(records[one]) > _NEARLY * _length(records[longest])]
    in_full = {longest, *(beside if len(beside) <= MOST_BESIDE else ())}
    views = {
        folder: _view(folder, run, record, criterion if folder in in_full else None)
        for folder, record in records.items()
    }
    return RowLoads(
        main=views[longest],
        beside=[view for folder, view in views.items() if folder in in_full and folder != longest],
        others=[view for folder, view in views.items() if folder not in in_full],
        growth=growth_plot(f"{requirement}-cards", observations),
    )


def _folders(loads: Path, requirement: str) -> list[Path]:
    mine = re.compile(rf"{re.escape(requirement)}(?:-(\d+))?")
    found = [(folder, match) for folder in loads.glob(f"{requirement}*") if (match := mine.fullmatch(folder.name))]
    return [folder for folder, _ in sorted(found, key=lambda one: int(one[1][1] or 1)) if folder.is_dir()]


def _record(folder: Path) -> LoadRecord | Text:
    try:
        return read_record(folder)
    except FileNotFoundError:
        return Text(
            zh="没有汇总 load.json：负载在结束之前中断，已有的逐秒数据不足以说明任何问题",
            en="there is no load.json: the load broke off before its end, and what it left says nothing by itself",
        )
    except _UNREADABLE as error:
        return _unreadable(error)


def _unreadable(error: BaseException) -> Text:
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    return Text(zh=f"记录不完整或不可读（{why}）", en=f"the record is cut short or cannot be read ({why})")


def _length(record: LoadRecord | Text) -> float:
    return record.totals.seconds if isinstance(record, LoadRecord) else -1.0


def _view(folder: Path, run: Path, record: LoadRecord | Text, criterion: Sequence[Clause] | None) -> LoadView:
    """One load; ``criterion`` are the clauses to draw it against, None to leave its plots out."""
    name = str(folder.relative_to(run))
    if isinstance(record, Text):
        return LoadView(name, record)
    try:
        return _told(name, record, criterion)
    except _UNREADABLE as error:
        invalid = [Text(zh=reason.zh, en=reason.en) for reason in record.invalid]
        return LoadView(name, _unreadable(error), record, invalid)


def _told(name: str, record: LoadRecord, criterion: Sequence[Clause] | None) -> LoadView:
    main = main_stage(record)
    histograms = {stage.name: {kind: record.histogram(kind, stage.name) for kind in KINDS} for stage in record.stages}
    refused, errors = _sums(record)
    unaccounted = sum(stage.sent - stage.ok for stage in record.stages) - refused.total() - errors.total()
    server = server_course(record.folder / SERVER)
    return LoadView(
        folder=name,
        record=record,
        invalid=[Text(zh=reason.zh, en=reason.en) for reason in record.invalid],
        lines=[
            StageLine(stage.name, stage.seconds, stage, percentiles(_together(histograms[stage.name].values())))
            for stage in record.stages
        ],
        main=main,
        kinds=[
            (kind, found)
            for kind, histogram in histograms[main].items()
            if (found := percentiles(histogram)) is not None
        ],
        plots=() if criterion is None else _plots(name.replace("/", "-"), record, criterion, histograms[main], server),
        clean=not refused and not errors and not unaccounted,
        unaccounted=unaccounted,
        server=server is not None,
    )


def _plots(
    name: str,
    record: LoadRecord,
    criterion: Sequence[Clause],
    histograms: Mapping[str, Histogram],
    server: ServerCourse | None,
) -> list[Plot]:
    limits, delays = _limits(criterion, LATENCY_MEASURE), _limits(criterion, DELAY_MEASURE)
    refused, errors = _sums(record)
    course = course_of(record)
    found: list[Plot | None] = []
    if delays or record.invalid:
        found.append(delay_plot(f"{name}-delay", record.histogram(log=SEND_DELAY), record.totals.late, delays))
    if len(course.times):
        found.append(rate_plot(f"{name}-rate", course))
        found.append(latency_plot(f"{name}-latency", course, limits))
    found.append(spectrum_plot(f"{name}-spectrum", main_stage(record), histograms, limits))
    if len(course.times):
        found.append(machine_plot(f"{name}-machines", course, server))
    found.append(kinds_plot(f"{name}-kinds", refused, errors, record.totals.sent))
    return [plot for plot in found if plot is not None]


def _limits(criterion: Sequence[Clause], measure: str) -> list[Limit]:
    clauses = [clause for clause in criterion if isinstance(clause, PercentileClause)]
    return [Limit(clause.percentile, clause.at_most) for clause in clauses if clause.measure == measure]


def _sums(record: LoadRecord) -> tuple[Counter[str], Counter[str]]:
    """Refusals and errors by kind, over all stages."""
    refused: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    for stage in record.stages:
        refused.update(stage.refused)
        errors.update(stage.errors)
    return +refused, +errors


def main_stage(record: LoadRecord) -> str:
    """Name of the stage that was to bring most requests."""
    expected: Counter[str] = Counter()
    for stage in record.plan.stages:
        expected[stage.name] += round(1000 * stage.expected)
    names = {stage.name for stage in record.stages}
    return max((name for name in expected if name in names), key=lambda name: expected[name], default="")


def course_of(record: LoadRecord) -> Course:
    """The seconds of a record as series."""
    seconds = _with_something(record.seconds)
    times = np.array([second.t for second in seconds], dtype=float)
    of = {
        name: np.array([np.nan if (value := getattr(second, name)) is None else value for second in seconds], float)
        for name in ("offered", "ok", "refused", "errors", "p50_ms", "p95_ms", "p99_ms", "generator_cpu")
    }
    return Course(
        times=times,
        stages=spans(times.tolist(), [second.stage for second in seconds]),
        offered=of["offered"],
        ok=of["ok"],
        refused=of["refused"],
        errors=of["errors"],
        p50=of["p50_ms"],
        p95=of["p95_ms"],
        p99=of["p99_ms"],
        generator=of["generator_cpu"],
    )


def _with_something(seconds: Sequence[Second]) -> Sequence[Second]:
    """Seconds without those at the end in which nothing was due any more and nothing came."""
    last = len(seconds)
    while last and not _happened(seconds[last - 1]):
        last -= 1
    return seconds[:last]


def _happened(one: Second) -> bool:
    return any((one.offered, one.sent, one.ok, one.refused, one.errors, one.in_flight))


def server_course(file: Path) -> ServerCourse | None:
    """What the platform told of its processors and memory; None where it told nothing."""
    if not file.is_file():
        return None
    with file.open(encoding="utf-8", newline="") as stream:
        lines = [[_number(row.get(name)) for name in ("t", "cpu", "resident_bytes")] for row in csv.DictReader(stream)]
    table = np.array(lines, dtype=float).reshape(-1, 3)
    table = table[np.isfinite(table[:, 0])]
    if not np.isfinite(table[:, 1:]).any():
        return None
    return ServerCourse(table[:, 0], table[:, 1], table[:, 2])


def _number(text: str | None) -> float:
    try:
        return float(text) if text else np.nan
    except ValueError:
        return np.nan


def _together(histograms: Iterable[Histogram]) -> Histogram:
    counts: Counter[float] = Counter()
    for histogram in histograms:
        for ms, count in histogram:
            counts[ms] += count
    return sorted(counts.items())


def percentiles(histogram: Histogram) -> Percentiles | None:
    """Percentiles of a distribution given as rising values with their counts; None for an empty one."""
    if not histogram:
        return None
    reached = np.cumsum([count for _, count in histogram])
    total = int(reached[-1])

    def at(share: float) -> float:
        return histogram[int(np.searchsorted(reached, np.ceil(share * total - 1e-9)))][0]

    return Percentiles(total, at(0.5), at(0.95), at(0.99), at(0.999))
