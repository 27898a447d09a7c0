"""``xiangka trial defects``: every deliberate defect against the rows it names, beside a panel that must pass."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from certification.catalogue import SubjectKind, load_catalogue
from certification.errors import PlanError
from certification.exit_codes import ExitCode
from certification.kill_rate import DefectRecord, DefectTrial
from certification.trial_record import LAYOUT
from certification.verdicts import Verdict
from xiangka.bench_choice import bench_for, executed_on
from xiangka.console import wide_console
from xiangka.defect_names import known_defects
from xiangka.trial_file import TrialFile, made_with, now
from xiangka.trial_run import Tried, try_once

PANEL = {
    SubjectKind.TERMINAL: ("EHC-TRM-001", "EHC-TRM-003", "EHC-TRM-010"),
    SubjectKind.PLATFORM: ("EHC-PLT-003", "EHC-PLT-004", "EHC-PLT-011"),
}
"""Rows cheap enough to stand beside every defect; those the bench at hand cannot execute are left out."""


@dataclass(frozen=True)
class Given:
    """A defect to be tried."""

    name: str
    of: SubjectKind
    fails: tuple[str, ...]


def chosen(only: Collection[str]) -> list[Given]:
    """Defects that name any of these rows, or all defects.

    Raises:
        PlanError: an id is unknown, or no defect names any of them.
    """
    for requirement in only:
        _ = load_catalogue()[requirement]
    every = [
        Given(name, SubjectKind(kind), fails)
        for kind, of_kind in known_defects().items()
        for name, (fails, _) in of_kind.items()
    ]
    found = [defect for defect in every if not only or set(defect.fails) & set(only)]
    if not found:
        raise PlanError("no defect names any of these rows", where="--only", remedy="see `xiangka defects list`")
    return found


def trial_of_defects(only: Collection[str], bench: Path | None, out: Path, *, resume: bool) -> int:
    """Try the defects and write the record; 0 where every one was caught and nothing else failed, else 1.

    Raises:
        PlanError: an option is wrong, or a file cannot be written.
    """
    defects = chosen(only)
    file = TrialFile(out, resume=resume)
    asked_bench, rows = None if bench is None else bench.name, tuple(sorted(set(only)))
    earlier = file.earlier(DefectRecord)
    if earlier is not None and (earlier.asked_bench, earlier.only) != (asked_bench, rows):
        raise PlanError(
            f"is a trial of {_scope(earlier.asked_bench, earlier.only)}, and this one would be of "
            f"{_scope(asked_bench, rows)}",
            where=str(file.unfinished),
            remedy="go on with the same --bench and --only, or remove the file and begin anew",
        )
    trials = [] if earlier is None else list(earlier.trials)
    scope = {"layout": LAYOUT, "made_with": made_with(), "asked_bench": asked_bench, "only": rows}
    done = {trial.name for trial in trials}
    console = Console(stderr=True, highlight=False)
    for number, defect in enumerate(defects, start=1):
        if defect.name in done:
            continue
        console.print(f"[{number}/{len(defects)}] {defect.name} {' '.join(defect.fails)}", markup=False, soft_wrap=True)
        trials.append(trial := _tried(defect, bench))
        console.print(f"      {_told(trial)}", markup=False, soft_wrap=True)
        file.keep(_record(scope, trials).as_record())
    file.finish()
    record = _record(scope, trials)
    _summarise(record, out)
    total = record.total()
    return 0 if total.exact == total.defects else int(ExitCode.FAILED)


def _record(scope: Mapping[str, object], trials: list[DefectTrial]) -> DefectRecord:
    return DefectRecord.model_validate({**scope, "date": now(), "trials": tuple(trials)})


def _scope(bench: str | None, rows: tuple[str, ...]) -> str:
    return f"{' '.join(rows) or 'all defects'} on {bench or 'the benches that can assess them'}"


def _tried(defect: Given, bench: Path | None) -> DefectTrial:
    chosen_bench = bench or bench_for(defect.of, defect.fails)
    begun = DefectTrial(name=defect.name, of=defect.of, fails=defect.fails)
    if chosen_bench is None:
        return begun.model_copy(update={"why_not": "no bench of the project's own can assess all rows it names"})
    panel = set(PANEL[defect.of]) & executed_on(chosen_bench, defect.of)
    rows = sorted(panel | set(defect.fails))
    tried = try_once(["--bench", str(chosen_bench), "--defect", defect.name, "--only", *rows])
    found = {
        "bench": chosen_bench.name,
        "verdicts": tried.verdicts,
        "seconds": tried.seconds,
        "why_not": tried.why_not or _undecided(defect, tried),
    }
    return begun.model_copy(update=found)


def _undecided(defect: Given, tried: Tried) -> str | None:
    """Why a defect was not really tried: a row it names neither passed nor failed."""
    said = {row: tried.verdicts.get(row) for row in defect.fails}
    undecided = [f"{row} {verdict}" for row, verdict in said.items() if verdict not in (Verdict.PASS, Verdict.FAIL)]
    return ", ".join(undecided) or None


def _told(trial: DefectTrial) -> str:
    if trial.why_not is not None:
        return f"未试 not tried: {trial.why_not}"
    said = "检出 caught" if trial.caught else "漏检 missed"
    wrong = [f"{row} {said}" for row, said in trial.verdicts.items() if row not in trial.fails and said != "PASS"]
    beside = f"，旁及 beside it: {', '.join(wrong)}" if wrong else ""
    return f"{said}{beside}  {trial.bench}  {trial.seconds:.1f} s"


def _summarise(record: DefectRecord, out: Path) -> None:
    console = wide_console()
    table = Table(title="缺陷检出率 Kill rate", title_justify="left")
    for heading in ("要求 requirement", "检出/缺陷 caught/defects", "仅此失败 exactly"):
        table.add_column(heading)
    for requirement, rate in record.requirements.items():
        style = None if rate.caught == rate.defects == rate.exact else "red"
        table.add_row(requirement, f"{rate.caught}/{rate.defects}", f"{rate.exact}/{rate.caught}", style=style)
    total = record.total()
    table.add_row("全部 all", f"{total.caught}/{total.defects}", f"{total.exact}/{total.caught}", style="bold")
    console.print(table)
    console.print(f"已写入 written: {out}", highlight=False, soft_wrap=True)
