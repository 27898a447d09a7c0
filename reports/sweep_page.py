"""A response surface explored beyond the rows of the catalogue: CSV, plot and a small page."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import jinja2

from certification.catalogue import Text
from certification.statistics import lower_bound, two_sided_bounds
from reports.errors import ReportError
from reports.findings import CellCount
from reports.numbers import share
from reports.response_curves import curves
from reports.words import axis_label, number

CONFIDENCE = 0.95
COLUMNS = (
    "value",
    "unit",
    "reads",
    "exact",
    "no_read",
    "wrong",
    "not_readable",
    "share",
    "wilson_low",
    "wilson_high",
    "clopper_pearson_low",
    "median_latency_ms",
    "grade",
    "grade_parameters",
)


@dataclass(frozen=True)
class Step:
    """What came of one value of the parameter.

    Attributes:
        value: the value.
        exact: readings that were exact.
        no_read: codes that were not read.
        wrong: readings with another content.
        not_readable: stimuli the reference decoder could not read; they are no trials.
        latency_ms: median latency of the exact readings, ms; None without any.
        grade: relative stimulus grade of the first stimulus.
        grade_parameters: that grade by parameter.
    """

    value: float
    exact: int
    no_read: int
    wrong: int
    not_readable: int
    latency_ms: float | None
    grade: str
    grade_parameters: str

    @property
    def trials(self) -> int:
        """Readings that count."""
        return self.exact + self.no_read + self.wrong


@dataclass(frozen=True)
class SweepRecord:
    """A whole sweep.

    Attributes:
        parameter: its name on the command line.
        about: the parameter in words.
        unit: its unit.
        bench: name of the bench.
        emulated: whether the device is software.
        device: what the device says of itself.
        fixed: what else was set, in words.
        steps: the values in order.
    """

    parameter: str
    about: Text
    unit: str
    bench: str
    emulated: bool
    device: str
    fixed: str
    steps: Sequence[Step]


def write_sweep(folder: Path, sweep: SweepRecord) -> Path:
    """Write ``sweep.csv`` and ``sweep.html`` into a folder; returns the page.

    Raises:
        ReportError: the folder cannot be written.
    """
    page = folder / "sweep.html"
    try:
        for file, text in ((folder / "sweep.csv", sweep_csv(sweep)), (page, sweep_html(sweep))):
            unfinished = file.with_name(f".{file.name}.unfinished")
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(file)
    except OSError as error:
        raise ReportError(
            f"cannot be written ({error.strerror})", where=str(folder), remedy="name another folder"
        ) from error
    return page


def sweep_csv(sweep: SweepRecord) -> str:
    """One line a value; both intervals at 95 %: Wilson two-sided, Clopper-Pearson one-sided."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for step in sweep.steps:
        low, high = two_sided_bounds(step.exact, step.trials)
        writer.writerow(
            (
                f"{step.value:g}",
                sweep.unit,
                step.trials,
                step.exact,
                step.no_read,
                step.wrong,
                step.not_readable,
                f"{step.exact / step.trials:.4f}" if step.trials else "",
                f"{low:.4f}" if step.trials else "",
                f"{high:.4f}" if step.trials else "",
                f"{_judged_bound(step):.4f}" if step.trials else "",
                "" if step.latency_ms is None else f"{step.latency_ms:.1f}",
                step.grade,
                step.grade_parameters,
            )
        )
    return stream.getvalue()


def sweep_html(sweep: SweepRecord) -> str:
    """The page: plot and table, nothing fetched from anywhere."""
    template = (resources.files("reports") / "templates" / "sweep.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    counted = [step for step in sweep.steps if step.trials]
    counts = [CellCount({sweep.parameter: step.value}, step.trials, step.exact, None, None) for step in counted]
    along = axis_label(sweep.about, sweep.unit)
    plot = (
        curves("sweep", [counts], sweep.parameter, along, Text(zh="识读率 / %", en="read rate / %")) if counts else None
    )
    return environment.from_string(template).render(sweep=sweep, plot=plot, lines=[_line(step) for step in sweep.steps])


def _line(step: Step) -> dict[str, str]:
    low, high = two_sided_bounds(step.exact, step.trials)
    return {
        "value": number(step.value),
        "read": f"{step.exact}/{step.trials}" if step.trials else "—",
        "interval": f"{share(low)} – {share(high)}" if step.trials else "—",
        "bound": share(_judged_bound(step)) if step.trials else "—",
        "wrong": str(step.wrong),
        "not_readable": str(step.not_readable),
        "latency": "—" if step.latency_ms is None else f"{step.latency_ms:.0f}",
        "grade": step.grade,
        "grade_parameters": step.grade_parameters,
    }


def _judged_bound(step: Step) -> float:
    return lower_bound(step.exact, step.trials, CONFIDENCE)
