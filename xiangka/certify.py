"""``xiangka certify``: one command from a bench to a report."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from certification.errors import PlanError
from certification.verdicts import Row
from fixtures.run import RUN
from rigs.disk import is_full
from xiangka.allure_surroundings import RESULTS, write_surroundings
from xiangka.asked import Given, RunOptions
from xiangka.certification_run import CertificationRun
from xiangka.ending import end
from xiangka.interruption import ignore_interrupts, interrupt_once
from xiangka.pytest_plugin import CERTIFICATION
from xiangka.resuming import EarlierRun, read_earlier
from xiangka.run_lock import RunLock
from xiangka.run_record import EMULATED_STATEMENT
from xiangka.scenarios import FEATURES, ROOT
from xiangka.watching import COLOURS, watcher_for


class _Session:
    """Hands an opened run to pytest, and takes pytest's own reporting off the screen."""

    def __init__(self, certification: CertificationRun) -> None:
        self._certification = certification

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Stash the run and silence the terminal reporter."""
        config.stash[CERTIFICATION] = self._certification
        config.stash[RUN] = self._certification.run
        config.pluginmanager.unregister(name="terminalreporter")

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool | None:
        """Keep what pytest could not get through, such as a report on a full disk, from being told as a bug."""
        if not is_full(excinfo.value):
            return None
        self._certification.harness_error(None, excinfo.value)
        return True


def certify(options: RunOptions, heading: str = "") -> int:
    """Run the plan and write the run folder; returns the exit code.

    Args:
        options: what the run is asked for.
        heading: a line to say once the bench is open.

    Raises:
        PlanError, BenchFileError: files or options are wrong; nothing was opened.
        RigError: the bench could not be opened; nothing was written.
    """
    return _sit(options, heading=heading)


def resume(folder: Path, given: Given) -> int:
    """Go on with an interrupted run in its own folder; returns the exit code.

    Args:
        folder: the run's folder.
        given: what else was asked for; must be what the run began with.

    Raises:
        PlanError: there is no such run, it said its last word, or something is not as it was; nothing was changed.
        RigError: the bench could not be opened; nothing was changed.
    """
    if not folder.is_dir():
        raise PlanError("there is no such folder", where=str(folder), remedy="give the folder of an interrupted run")
    lock = RunLock(folder)
    try:
        earlier = read_earlier(folder, given)
        return _sit(earlier.options, earlier, lock)
    finally:
        lock.release()


def _sit(options: RunOptions, earlier: EarlierRun | None = None, lock: RunLock | None = None, heading: str = "") -> int:
    interrupt_once()
    console = _own_console()
    certification = CertificationRun(options, watcher_for(console), earlier=earlier, lock=lock)
    if earlier is not None:
        kept = len(certification.durations)
        console.print(
            f"继续运行 {certification.name}：{kept} 项已有结论，{len(certification.ahead)} 项待做 · going on with it: "
            f"{kept} rows have their verdict, {len(certification.ahead)} are ahead",
            highlight=False,
            soft_wrap=True,
        )
    try:
        certification.open()
    except BaseException:
        certification.watcher.close()
        raise
    if heading:
        console.print(heading, highlight=False, markup=False, soft_wrap=True)
    try:
        state = _run_scenarios(certification)
    except KeyboardInterrupt:
        state = "interrupted"
    except OSError as error:
        certification.harness_error(None, error)
        state = "aborted"
    ignore_interrupts()
    code = end(certification, state)
    _summarise(console, certification, state)
    return int(code)


def _own_console() -> Console:
    """A console on a copy of standard error, which pytest's capturing leaves alone."""
    return Console(file=os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8"))


def _run_scenarios(certification: CertificationRun) -> str:
    if certification.invalid:
        return "aborted"
    write_surroundings(certification)
    kinds = {certification.subject.kind, *(certification.catalogue[row].subject for row in certification.ahead)}
    arguments = [
        *(str(FEATURES / kind) for kind in sorted(kinds)),
        f"--rootdir={ROOT}",
        f"--config-file={ROOT / 'pytest.ini'}",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-p",
        "no:locust",
        "-o",
        "addopts=",
        "-o",
        "timeout=0",
        "-o",
        "filterwarnings=default",
        "-p",
        "no:unraisableexception",
        f"--junitxml={certification.folder / _of_sitting('junit', certification)}.xml",
        f"--alluredir={certification.folder / RESULTS}",
    ]
    for name in ("PYTEST_ADDOPTS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        os.environ.pop(name, None)
    ended = pytest.main(arguments, plugins=[_Session(certification)])
    match ended:
        case pytest.ExitCode.INTERRUPTED:
            return "aborted" if certification.stopped else "interrupted"
        case pytest.ExitCode.OK | pytest.ExitCode.TESTS_FAILED | pytest.ExitCode.NO_TESTS_COLLECTED:
            return "aborted" if certification.stopped else "finished"
        case _:
            if not certification.broken:
                certification.harness_error(None, RuntimeError(f"pytest ended with {ended!r}"))
            return "aborted"


def _of_sitting(name: str, certification: CertificationRun) -> str:
    number = len(certification.sittings)
    return name if number == 1 else f"{name}-{number}"


def _summarise(console: Console, certification: CertificationRun, state: str) -> None:
    rows = [row for row in certification.rows() if row.planned]
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("requirement", "verdict", "n", "名称", "title"):
        table.add_column(heading, no_wrap=heading in ("requirement", "verdict"))
    for row in rows:
        table.add_row(
            row.requirement,
            f"[{COLOURS.get(row.verdict, 'default')}]{row.verdict}[/]{certification.waived.accepting(row.requirement)}",
            str(_sample(row)),
            row.title.zh,
            row.title.en,
        )
    console.print(table)
    for note in certification.notes:
        console.print(f"{note.zh} · {note.en}", style="magenta", highlight=False, markup=False, soft_wrap=True)
    if state == "interrupted":
        console.print("运行被中断 · the run was interrupted; its evidence is kept", style="yellow")
        console.print(
            f"继续：xiangka certify --resume {certification.folder} · goes on with it", highlight=False, soft_wrap=True
        )
    if certification.bench_file.emulated:
        console.print(f"{EMULATED_STATEMENT.zh} · {EMULATED_STATEMENT.en}", style="bold")
    if certification.waived.overall is not None:
        console.print(f"计入豁免后 with waivers: {certification.waived.overall}", highlight=False)
    console.print(f"{certification.overall}  {certification.folder / 'report.html'}", highlight=False, soft_wrap=True)


def _sample(row: Row) -> int:
    """The largest sample a clause of the row was judged by, its groups taken together."""
    sizes: dict[tuple[object, ...], int] = {}
    for clause in row.clauses:
        key = (clause.kind, clause.measure, clause.limit, clause.rule)
        sizes[key] = sizes.get(key, 0) + clause.trials
    return max(sizes.values(), default=0)
