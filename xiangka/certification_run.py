"""One run from options to run folder: checks the files, opens the bench, keeps the evidence, derives the verdicts."""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from certification.catalogue import SubjectKind, Text, load_catalogue
from certification.errors import PlanError
from certification.exit_codes import ExitCode
from certification.options import statement_options
from certification.plan import Plan, make_plan
from certification.subject import IDENTITY_FIELDS, Subject, undeclared
from certification.subject_file import load_subject
from certification.verdicts import (
    INTERRUPTED,
    INVALID,
    SCHEMA,
    Circumstance,
    Row,
    Verdict,
    exit_code,
    judge_run,
    overall_verdict,
)
from fixtures.evidence import Evidence
from fixtures.run import Run
from rigs.bench import Bench
from rigs.bench_file import BenchFile, load_bench
from rigs.errors import NotAssessedError, RigError, SubjectFaultError
from rigs.journal import Journal
from rigs.opening.opening import EmulationOptions
from xiangka.defect_names import check_defect
from xiangka.scenarios import ROOT, implemented
from xiangka.unbound import unbound_roles
from xiangka.versions import machine, versions
from xiangka.watching import Watcher

DEFAULT_BENCH = ROOT / "rigs" / "benches" / "emulated-gm65.toml"
SUBJECTS = ROOT / "fixtures" / "subjects"
RUNS = ROOT / "reports" / "runs"

_NOUNS = {"terminal": Text(zh="设备", en="device"), "platform": Text(zh="平台", en="platform")}

EMULATED_STATEMENT = Text(
    zh="模拟设备运行，不构成任何认证。",
    en="An emulated run certifies nothing.",
)
HARDWARE_STATEMENT = Text(
    zh="本报告仅为测试记录；认证须由授权人签署。",
    en="This report is a record of tests; a certificate needs an authorised signature.",
)


@dataclass(frozen=True)
class RunOptions:
    """What a run is asked for.

    Attributes:
        bench: bench file.
        subject: subject file, or None for the one that belongs to a bench of the project's own.
        only: requirement ids asked for by name; empty for the whole plan.
        plan: ``quick`` or ``full``.
        seed: source of every random choice.
        defect: deliberate defect of an emulated device.
        out: run folder, or None for a new one below ``reports/runs/``.
    """

    bench: Path = DEFAULT_BENCH
    subject: Path | None = None
    only: tuple[str, ...] = ()
    plan: str = "quick"
    seed: int = 1
    defect: str | None = None
    out: Path | None = None


@dataclass
class CertificationRun:
    """A run, from checked files to written verdicts.

    Raises (on construction, before anything is opened or written):
        PlanError: options or subject file are wrong.
        BenchFileError: the bench file is wrong.
    """

    options: RunOptions
    watcher: Watcher
    circumstances: dict[str, Circumstance] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    notes: list[Text] = field(default_factory=list)
    invalid: bool = False
    broken: bool = False
    """Whether the bench, or this harness, failed during the run."""
    gone: bool = False
    """Whether the subject stopped answering for good."""

    def __post_init__(self) -> None:
        self.catalogue = load_catalogue()
        self.bench_file: BenchFile = load_bench(self.options.bench)
        check_defect(self.options.defect, self.bench_file.subject)
        self._subject_file = self.options.subject or _subject_beside(self.options.bench)
        self.subject: Subject = self._undeclared({}) if self._subject_file is None else load_subject(self._subject_file)
        if self.subject.kind != self.bench_file.subject:
            raise PlanError(
                f"the subject is a {self.subject.kind}, and the bench is one for a {self.bench_file.subject}",
                where=str(self._subject_file),
                remedy="name a subject and a bench of the same kind",
            )
        self.plan: Plan = make_plan(
            self.catalogue,
            self.subject,
            name=self.options.plan,
            only=self.options.only,
            scenarios=implemented(self.catalogue),
            unbound=unbound_roles(self.bench_file),
        )
        started = datetime.now(UTC).astimezone()
        self.name = f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        self.folder = self.options.out or RUNS / self.name
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise PlanError("already holds something", where=str(self.folder), remedy="name a new or empty folder")
        self._started = started.isoformat(timespec="seconds")

    def open(self) -> None:
        """Open the bench and the run folder; a bench that cannot be opened leaves no folder behind.

        Raises:
            RigError: a part of the bench is absent, busy or silent.
        """
        folder = self.folder.resolve()
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".opening", dir=folder.parent))
        except OSError as error:
            raise PlanError(
                f"cannot be written ({error.strerror})", where=str(self.folder), remedy="name another folder"
            ) from error
        staging.chmod(0o755)
        self._state = tempfile.mkdtemp(prefix="xiangka-platform-")
        self.journal = Journal(staging / "journal.jsonl")
        try:
            self.bench = Bench(self.bench_file, self.journal, EmulationOptions(Path(self._state), self.options.defect))
            if self.bench_file.operator is not None:
                self.bench.operator.around(self.watcher.paused)
            identity = self.bench.identify()
        except BaseException:
            self.journal.close()
            shutil.rmtree(staging)
            shutil.rmtree(self._state, ignore_errors=True)
            raise
        folder.mkdir(exist_ok=True)
        (staging / "journal.jsonl").rename(folder / "journal.jsonl")
        staging.rmdir()
        self.folder = folder
        if not self.subject.declared:
            self.subject = self._undeclared(asdict(identity))
        self.run = Run(
            bench=self.bench,
            subject=self.subject,
            catalogue=self.catalogue,
            seed=self.options.seed,
            evidence=Evidence(self.folder),
            identity=identity,
            progress=self.watcher.progress,
        )
        differing = [
            name
            for name in IDENTITY_FIELDS
            if (found := getattr(identity, name)) is not None and found != getattr(self.subject.identity, name)
        ]
        if differing:
            self.invalidate(
                Text(
                    zh=f"{self._noun.zh}身份与申请不符：{'、'.join(differing)}",
                    en=f"the {self._noun.en} is not the one applied for: {', '.join(differing)} differ",
                )
            )
        self._write_run("running", None)

    def _undeclared(self, identity: dict[str, str | None]) -> Subject:
        kind = SubjectKind(self.bench_file.subject)
        if kind is SubjectKind.TERMINAL:
            return undeclared(kind, identity, ["serial_link", *(["keyboard_link"] if self.bench_file.keyboard else [])])
        # No link of a bench shows what a platform offers: as nobody declared anything absent, all of it is demanded.
        return undeclared(kind, identity, statement_options(kind))

    def invalidate(self, reason: Text) -> None:
        """The subject is not, or no longer, who it was: nothing this run says counts."""
        self.invalid = True
        self.notes.append(reason)

    @property
    def _noun(self) -> Text:
        """What the subject is called where it is blamed."""
        return _NOUNS[self.bench_file.subject]

    @property
    def stopped(self) -> bool:
        """Whether the run cannot go on, or counts for nothing."""
        return self.broken or self.invalid or self.gone

    def check_identity(self) -> None:
        """Compare the identity between two scenarios; a change makes the run invalid."""
        if not self.run.check_identity():
            self.identity_changed()

    def identity_changed(self) -> None:
        """Mark the run invalid because the subject reports another identity than at its start."""
        zh, en = self._noun.zh, self._noun.en
        self.invalidate(Text(zh=f"运行期间{zh}身份发生改变", en=f"the {en} changed its identity during the run"))

    def subject_fault(self, requirement: str, error: SubjectFaultError) -> None:
        """Blame the subject for a scenario it broke off: it stopped answering, or refused what it must grant."""
        zh, en = self._noun.zh, self._noun.en
        reason = Text(zh=f"{zh}未能完成此项：{error}", en=f"the {en} did not get through it: {error}")
        self.circumstances[requirement] = Circumstance(Verdict.FAIL, reason)

    def not_assessed(self, requirement: str, error: NotAssessedError) -> None:
        """Leave a row open that the person at the bench did not get done, and blame nobody."""
        self.circumstances[requirement] = Circumstance(Verdict.NOT_ASSESSED, Text(zh=error.zh, en=error.en))

    def subject_gone(self) -> None:
        """Say that the subject is gone, so that nothing further can be asked of it."""
        self.gone = True
        self.notes.append(
            Text(
                zh=f"{self._noun.zh}已停止应答，其余各项未进行",
                en=f"the {self._noun.en} no longer answers; the rows that follow were not run",
            )
        )

    def rig_error(self, requirement: str | None, error: RigError) -> None:
        """Blame the bench for a scenario that could not be finished, or for what happened between two."""
        self._fail(requirement, Text(zh=f"测试台故障：{error}", en=f"the bench failed: {error}"))

    def harness_error(self, requirement: str | None, error: BaseException) -> None:
        """Blame this harness for a scenario it could not finish: a bug of ours is never the device's fault."""
        said = f"{type(error).__name__}: {error}"
        self._fail(requirement, Text(zh=f"测试软件自身出错：{said}", en=f"the harness itself failed: {said}"))

    def _fail(self, requirement: str | None, reason: Text) -> None:
        self.broken = True
        self.notes.append(reason)
        if requirement is not None:
            self.circumstances[requirement] = Circumstance(Verdict.RIG_ERROR, reason)

    def rows(self) -> list[Row]:
        """Verdicts as they follow from the evidence so far."""
        reached = set(self.durations) | set(self.circumstances)
        unreached = {
            requirement: Circumstance(Verdict.NOT_ASSESSED, Text(zh="运行未进行到此项", en="the run did not get to it"))
            for requirement in self.plan.execute
            if requirement not in reached
        }
        return judge_run(
            self.catalogue,
            self.plan.rows,
            self.run.evidence.observations,
            {**self.plan.left_out, **unreached, **self.circumstances},
            plan=self.plan.chosen,
            emulated=self.bench_file.emulated,
            options=self.subject.yes_options,
        )

    def finish(self, state: str) -> ExitCode:
        """Close the bench, write verdicts and report; ``state`` is finished, interrupted or aborted."""
        self.abandon()
        rows = self.rows()
        code = exit_code(rows)
        if self.broken and code in (ExitCode.PASSED, ExitCode.OPEN):
            code = ExitCode.RIG_ERROR
        if self.invalid and code is ExitCode.PASSED:
            code = ExitCode.OPEN
        if state == "interrupted":
            overall = INTERRUPTED
        else:
            overall = INVALID if self.invalid else str(overall_verdict(rows))
            if self.broken and overall != Verdict.FAIL:
                overall = str(Verdict.RIG_ERROR)
        self.overall = overall
        _write_json(
            self.folder / "verdicts.json",
            {
                "schema": SCHEMA,
                "run": self.name,
                "overall": overall,
                "verdicts": [row.as_record() for row in rows],
            },
        )
        self._write_run(state, code, overall)
        from reports.html_report import write_report

        write_report(self.folder)
        return code

    def abandon(self) -> None:
        """Close everything that is open; what was recorded so far stays in the run folder."""
        self.watcher.close()
        self.bench.close()
        self.journal.close()
        self.run.evidence.close()
        shutil.rmtree(self._state, ignore_errors=True)

    def _of_the_kind(self) -> dict[str, Any]:
        """What a run records of a subject of its kind alone."""
        if self.bench_file.scanner is None:
            return {"mode": self.bench.admin.mode}
        return {"reads": self.run.station.reads, "clock_factor": self.bench.scanner.time_scale}

    def _write_run(self, state: str, code: ExitCode | None, overall: str | None = None) -> None:
        emulated = self.bench_file.emulated
        statement = EMULATED_STATEMENT if emulated else HARDWARE_STATEMENT
        _write_json(
            self.folder / "run.json",
            {
                "schema": SCHEMA,
                "run": self.name,
                "started": self._started,
                "finished": None if code is None else datetime.now(UTC).astimezone().isoformat(timespec="seconds"),
                "state": state,
                "overall": overall,
                "exit_code": None if code is None else int(code),
                "emulated": emulated,
                "statement": statement.model_dump(),
                "plan": {"name": self.plan.name, "execute": sorted(self.plan.execute)},
                "circumstances": {
                    requirement: {"verdict": found.verdict, "reason": found.reason.model_dump()}
                    for requirement, found in {**self.plan.left_out, **self.circumstances}.items()
                },
                "seed": self.options.seed,
                "defect": self.options.defect,
                "subject": {**self.subject.model_dump(mode="json"), "file": _shown(self._subject_file)},
                "identity_read": asdict(self.run.identity),
                "bench": {"file": _shown(self.options.bench), "settings": self.bench_file.settings()},
                "versions": versions(),
                "machine": machine(),
                **self._of_the_kind(),
                "durations": {key: round(value, 3) for key, value in self.durations.items()},
                "notes": [note.model_dump() for note in self.notes],
            },
        )


def _subject_beside(bench: Path) -> Path | None:
    """The subject of a bench of the project's own, by its name."""
    candidate = SUBJECTS / bench.name
    own = bench.resolve().parent == DEFAULT_BENCH.parent
    return candidate if own and candidate.is_file() else None


def _shown(path: Path | None) -> str | None:
    if path is None:
        return None
    resolved = path.resolve()
    return str(resolved.relative_to(ROOT)) if resolved.is_relative_to(ROOT) else path.name


def _write_json(path: Path, content: dict[str, Any]) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)
