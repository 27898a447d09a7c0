"""The report of a run as one page that needs nothing else: no network, no font, no server."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from certification.catalogue import Text
from certification.verdicts import Verdict
from evidence.whole_file import write_whole
from reports import load_words, report_words, words
from reports.bench_view import photograph_views
from reports.certificate_facts import facts_of
from reports.errors import ReportError
from reports.harness_trial import rate_text
from reports.kind_words import words_of
from reports.masking import masked
from reports.moments import moment_text
from reports.numbers import file_size, grouped, part, plain
from reports.run_folder import JOURNAL, RunFolder, read_run_folder
from reports.run_record import RunRecord
from reports.sections import tally, uncovered
from reports.statement_view import statement_view
from reports.two_languages import opening, page_environment

REPORT = "report.html"
_SECRET = re.compile(r"secret|password|passwd|token|(^|[._-])keys?$", re.IGNORECASE)

__all__ = ["REPORT", "ReportError", "render_report", "write_report"]


def write_report(run_dir: Path) -> Path:
    """Write ``report.html`` into a run folder, replacing an earlier one in a single step.

    Args:
        run_dir: folder with ``run.json``, ``verdicts.json``, ``observations.jsonl``, ``journal.jsonl``, ``pictures/``.

    Returns:
        The report's path.

    Raises:
        ReportError: the folder is incomplete or contradicts itself, or the report cannot be written.
    """
    page = render_report(read_run_folder(run_dir))
    target = run_dir / REPORT
    try:
        write_whole(target, page.encode())
    except OSError as error:
        raise ReportError(
            f"cannot be written ({error.strerror})", where=str(target), remedy="make the folder writable, free space"
        ) from error
    return target


def render_report(folder: RunFolder) -> str:
    """The page of a run."""
    run, facts = folder.run, facts_of(folder)
    planned, others = ([row.section for row in rows] for rows in (facts.rows, facts.others))
    style, script = _asset("report.css"), _asset("report.js")
    template = _environment().get_template("report.html.j2")
    return template.render(
        run=run,
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        planned=planned,
        others=others,
        facts=facts,
        facts_of_row={row.requirement: row for row in (*facts.rows, *facts.others)},
        tally=tally(planned),
        notes=[note for note in run.notes if note not in [section.row.reason for section in planned]],
        uncovered=uncovered(folder.rows),
        settings=list(_flattened(run.bench.settings)),
        files=folder.files,
        journal=JOURNAL if (folder.path / JOURNAL).is_file() else None,
        cut=folder.cut,
        started=moment_text(run.started),
        finished=None if run.finished is None else moment_text(run.finished),
        lasted=None if run.at_work is None else _lasted(run.at_work),
        statement=statement_view(run.subject),
        sittings=_sitting_lines(run),
        instruments=facts.instruments,
        photographs=photograph_views(folder),
        harness=facts.harness,
        tried=None if facts.harness is None else moment_text(facts.harness.date),
        by_hand={form.requirement: form for form in run.forms},
        same_catalogue=run.versions.catalogue == facts.catalogue,
        catalogue_here=facts.catalogue,
        words=words,
        report_words=report_words,
        load_words=load_words,
        invalid_loads=[(s.row.requirement, reason) for s in planned if s.loads for reason in s.loads.invalid],
        kind_words=words_of(run.subject.kind),
        verdicts=list(Verdict),
    )


def _asset(name: str) -> str:
    return (resources.files("reports") / "templates" / name).read_text(encoding="utf-8").strip()


def _environment() -> jinja2.Environment:
    environment = page_environment()
    environment.filters.update(
        breakable=_breakable,
        opening=opening,
        grouped=grouped,
        plain=plain,
        part=part,
        size=file_size,
        lasted=_seconds,
        rate=rate_text,
    )
    return environment


def _sitting_lines(run: RunRecord) -> list[tuple[int, Text, str | Text, Text]]:
    """Number, start, end and reason of the end of each sitting, where there was more than one."""
    if len(run.sittings) < 2:
        return []
    return [
        (
            one.number,
            moment_text(one.started),
            "—" if one.ended is None else moment_text(one.ended),
            words.word(words.SITTING_ENDS, one.why or "killed"),
        )
        for one in run.sittings
    ]


def _breakable(name: str) -> Markup:
    """A dotted name that may be broken behind each dot."""
    return Markup(".<wbr>").join(masked(name).split("."))


def _flattened(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{name}.") if value else [(name, "—")]
        elif _SECRET.search(name):
            yield name, "•••"
        else:
            yield name, ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _lasted(time: timedelta) -> str:
    return _seconds(time.total_seconds())


def _seconds(seconds: float) -> str:
    """A duration in the two largest units it needs."""
    if seconds < 0.1:
        return "< 0.1 s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
