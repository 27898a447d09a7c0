"""A run judged again from what it keeps: by its own catalogue, which must give the same bytes, or by another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from certification.another_catalogue import judged_by
from certification.catalogue_file import catalogue_digest, read_catalogue
from certification.exit_codes import ExitCode
from certification.json_text import json_text
from certification.verdicts import Verdict
from reports.judged_run import JudgedAgain, judged_again, overall_word
from reports.kept_run import VERDICTS, KeptRun
from xiangka import __version__
from xiangka.catalogue_changes import RowChange, catalogue_changes, change_lines
from xiangka.console import wide_console


def judge_again(folder: Path, *, as_json: bool) -> int:
    """Tell whether the verdicts of a run follow from its evidence: 0 where they do byte for byte, else 1."""
    judged = judged_again(folder)
    if as_json:
        print(json_text(_as_record(judged)), end="")
    else:
        _tell(wide_console(), judged)
    return int(ExitCode.PASSED if judged.sound else ExitCode.FAILED)


def judge_by_another(folder: Path, catalogue: Path, *, as_json: bool) -> int:
    """Tell what another catalogue changes in the verdicts of a run: 1 where a row, or the whole, gets worse, else 0.

    Raises:
        PlanError: the catalogue is none.
    """
    judged = judged_again(folder)
    run, other = judged.run, read_catalogue(catalogue)
    rows = judged_by(other.catalogue, run.catalogue.catalogue, run.standing, run.observations)
    changes = catalogue_changes(run.catalogue.catalogue, judged.rows, other.catalogue, rows)
    overall = overall_word(run, rows)
    worse = [change.requirement for change in changes if change.worse]
    if as_json:
        record = {
            **_as_record(judged),
            "by": {"version": other.version, "sha256": catalogue_digest(other.catalogue), "overall": overall},
            "changes": [change.as_record() for change in changes],
            "worse": worse,
        }
        print(json_text(record), end="")
    else:
        _tell_changes(wide_console(), judged, other.version, changes, overall)
    lost = judged.overall == Verdict.PASS != overall
    return int(ExitCode.FAILED if worse or lost or not judged.sound else ExitCode.PASSED)


def _as_record(judged: JudgedAgain) -> dict[str, Any]:
    return {
        "run": judged.run.name,
        "catalogue": judged.run.catalogue.version,
        "observations": len(judged.run.observations),
        "same": judged.same,
        "overall": judged.overall,
        "differing": [{"requirement": row, "kept": kept, "derived": now} for row, kept, now in judged.differing],
        "baseless": list(judged.baseless),
    }


def _tell(console: Console, judged: JudgedAgain) -> None:
    for line in _lines(judged):
        console.print(line, highlight=False, soft_wrap=True)


def _lines(judged: JudgedAgain) -> Iterator[str]:
    run = judged.run
    observations, rows, version = len(run.observations), len(judged.rows), run.catalogue.version
    yield (
        f"{escape(run.name)}: {observations} 条观测，{rows} 项，要求目录 {version} · "
        f"{observations} observations, {rows} rows, catalogue {version}"
    )
    for requirement, kept, now in judged.differing:
        rest = "；其余字段有别 other fields differ" if kept == now else ""
        yield f"  {requirement}  记录 kept {kept or '—'}，导出 derived {now or '—'}{rest}"
    yield from (f"  {escape(sentence)}" for sentence in judged.baseless)
    if judged.same:
        yield f"[green]{VERDICTS} 逐字节一致[/] · is derived anew byte for byte: {judged.overall}"
    else:
        what = "没有 is missing" if run.verdicts is None else "与证据不符 does not follow from the evidence"
        yield f"[red]{VERDICTS} {what}[/]{_made_otherwise(run)}"


def _made_otherwise(run: KeptRun) -> str:
    """The version the run was judged by, where it is not this one."""
    by = run.record.get("versions", {}).get("xiangka")
    return "" if by == __version__ else f" (judged by Xiangka {by}, this is {__version__})"


def _tell_changes(
    console: Console, judged: JudgedAgain, version: str, changes: Sequence[RowChange], overall: str
) -> None:
    _tell(console, judged)
    before = judged.run.catalogue.version
    console.print(f"要求目录 catalogue {before} → {version}：", highlight=False, soft_wrap=True)
    for line in change_lines(changes):
        console.print(line, highlight=False, soft_wrap=True)
    if not changes:
        console.print("  无任何变化 · nothing changes", highlight=False)
    console.print(f"总体 overall {judged.overall} → {overall}", highlight=False)
