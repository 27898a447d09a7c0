"""``xiangka trial seeds``: a sound subject under many seeds, and how often a row failed that should have passed."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from certification.errors import PlanError
from certification.exit_codes import ExitCode
from certification.false_alarms import CONFIDENCE, SeedRecord, SeedTrial
from certification.plan import plan_names
from certification.trial_record import LAYOUT
from certification.verdicts import Verdict
from rigs.bench_file import load_bench
from xiangka.asked import DEFAULT_BENCH
from xiangka.console import wide_console
from xiangka.trial_file import TrialFile, made_with, now
from xiangka.trial_run import try_once


def trial_of_seeds(runs: int, plan: str, bench: Path | None, out: Path, *, resume: bool) -> int:
    """Run the plan under seeds 1 … ``runs`` and write the record; 0 where nothing failed or stayed open, else 1.

    Raises:
        PlanError: an option is wrong, or a file cannot be written.
        BenchFileError: the bench file is wrong.
    """
    bench = bench or DEFAULT_BENCH
    load_bench(bench)
    if plan not in plan_names():
        known = ", ".join(sorted(plan_names()))
        raise PlanError(f"there is no plan {plan!r}", where="--plan", remedy=f"choose one of {known}")
    file = TrialFile(out, resume=resume)
    earlier = file.earlier(SeedRecord)
    if earlier is not None and (earlier.plan, earlier.bench) != (plan, bench.name):
        raise PlanError(
            f"is a trial of the {earlier.plan} plan on {earlier.bench}",
            where=str(file.unfinished),
            remedy="go on with that",
        )
    trials = [] if earlier is None else list(earlier.trials)
    versions, done = made_with(), {trial.seed for trial in trials}
    console = Console(stderr=True, highlight=False)
    for seed in range(1, runs + 1):
        if seed in done:
            continue
        tried = try_once(["--bench", str(bench), "--plan", plan, "--seed", str(seed)])
        trial = SeedTrial(seed=seed, verdicts=tried.verdicts, seconds=tried.seconds, why_not=tried.why_not)
        trials.append(trial)
        console.print(f"[{seed}/{runs}] {_told(trial)}", markup=False, soft_wrap=True)
        file.keep(_record(trials, plan, bench, versions=versions).as_record())
    record = _record(trials, plan, bench, versions=versions)
    file.keep(record.as_record())
    file.finish()
    _summarise(record, out)
    return 0 if record.runs.runs == len(trials) and not record.runs.alarms else int(ExitCode.FAILED)


def _record(trials: list[SeedTrial], plan: str, bench: Path, *, versions: object) -> SeedRecord:
    return SeedRecord.model_validate(
        {
            "layout": LAYOUT,
            "date": now(),
            "made_with": versions,
            "plan": plan,
            "bench": bench.name,
            "trials": tuple(trials),
        }
    )


def _told(trial: SeedTrial) -> str:
    if trial.why_not is not None:
        return f"无结论 no verdict: {trial.why_not}  {trial.seconds:.1f} s"
    wrong = [f"{row} {said}" for row, said in trial.verdicts.items() if said is not Verdict.PASS]
    return f"{'、'.join(wrong) or 'PASS'}  {trial.seconds:.1f} s"


def _summarise(record: SeedRecord, out: Path) -> None:
    console = wide_console()
    title = f"误报 False alarms: {record.plan}, {record.bench}"
    table = Table(title=title, title_justify="left")
    for heading in (
        "要求 requirement",
        "误报/次数 alarms/runs",
        f"{CONFIDENCE:.0%} 上界 upper bound",
        "未决 undecided",
    ):
        table.add_column(heading)
    for row, said in [*record.requirements.items(), ("整次运行 whole runs", record.runs)]:
        style = "red" if said.alarms or said.undecided else None
        table.add_row(row, f"{said.alarms}/{said.runs}", f"{said.at_most:.2%}", str(said.undecided), style=style)
    console.print(table)
    console.print(f"已写入 written: {out}", highlight=False, soft_wrap=True)
