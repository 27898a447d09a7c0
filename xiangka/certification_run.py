"""One run from options to run folder: checks the files, opens the bench, keeps the evidence, derives the verdicts."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import tempfile
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from certification.catalogue import SubjectKind, Text, load_catalogue
from certification.catalogue_file import CATALOGUE, catalogue_text
from certification.errors import PlanError
from certification.exit_codes import ExitCode
from certification.people import PEOPLE, apart
from certification.plan import Plan, make_plan
from certification.standing import unreached
from certification.subject import IDENTITY_FIELDS, Subject
from certification.subject_file import load_subject
from certification.verdicts import Circumstance, Row, Verdict, judge_run
from evidence.chain import Chain
from evidence.manifest import MANIFEST
from evidence.redaction import JOURNAL, OBSERVATIONS
from fixtures.bench_photograph import keep_photograph, photograph_of
from fixtures.evidence import Evidence
from fixtures.run import Run
from reports.kind_words import words_of
from rigs.bench import Bench
from rigs.bench_file import BenchFile
from rigs.calibration import refuse_uncalibrated
from rigs.disk import NoRoomError, is_full
from rigs.errors import InvalidLoadError, NotAssessedError, RigError, SubjectFaultError
from rigs.journal import Journal
from rigs.opening.opening import EmulationOptions
from rigs.roles import DeviceIdentity
from xiangka.asked import Asked, RunOptions
from xiangka.bound_options import denied_notes, nobodys_subject
from xiangka.declared_files import check_declared_files, keep_declared_files
from xiangka.defect_names import check_defect
from xiangka.filled_forms import FilledForm, read_forms, take_in
from xiangka.resuming import EarlierRun
from xiangka.run_lock import LOCK, RunLock
from xiangka.run_record import run_record, write_json
from xiangka.scenarios import ROOT, implemented
from xiangka.shrunk_load import of_a_shrunk_load
from xiangka.sittings import Sitting
from xiangka.stated import StatedFacts
from xiangka.taking_up import take_up
from xiangka.unbound import unbound_roles
from xiangka.versions import versions
from xiangka.waived import Waived
from xiangka.watching import Watcher

RUNS = ROOT / "reports" / "runs"

_NOUNS = {"terminal": Text(zh="设备", en="device"), "platform": Text(zh="平台", en="platform")}


def _holds_something(folder: Path) -> PlanError:
    return PlanError("already holds something", where=str(folder), remedy="name a new or empty folder")


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
    invalid_load: bool = False
    """Whether a load was not what its plan says."""
    gone: bool = False
    """Whether the subject stopped answering for good."""
    overall: str = ""
    """The one word over the run, once it has ended."""
    clock_ran_back: bool = False
    """Whether this machine's clock was seen to run backwards."""
    earlier: EarlierRun | None = None
    """The sittings this one goes on from."""
    lock: RunLock | None = None
    """Hold on the folder of those sittings."""

    def __post_init__(self) -> None:
        self.catalogue = load_catalogue()
        self.bench_file: BenchFile = self.options.bench_file()
        check_defect(self.options.defect, self.bench_file.subject)
        refuse_uncalibrated(self.bench_file, datetime.now(UTC).astimezone().date(), str(self.options.bench))
        file = self.options.subject_file
        self.subject: Subject = nobodys_subject(self.bench_file, {}) if file is None else load_subject(file)
        if self.subject.kind != self.bench_file.subject:
            raise PlanError(
                f"the subject is a {self.subject.kind}, and the bench is one for a {self.bench_file.subject}",
                where=str(file),
                remedy="name a subject and a bench of the same kind",
            )
        check_declared_files(self.subject.declarations, file)
        self.forms: list[FilledForm] = read_forms(self.options.forms, self.catalogue, self.subject)
        self.plan: Plan = make_plan(
            self.catalogue,
            self.subject,
            name=self.options.plan,
            only=self.options.only,
            scenarios=implemented(self.catalogue),
            unbound=unbound_roles(self.bench_file),
            by_hand=self._by_hand,
        )
        self.stated = StatedFacts(self.options, self.subject, self.catalogue, self.plan, self.earlier)
        self.waived = Waived.of(self.options, self.catalogue, self.earlier)
        self.made_with = versions()
        self.sittings: list[Sitting] = []
        self.photographs: list[str] = []
        """Pictures of the bench, one for each sitting of a bench with a camera."""
        if self.earlier is None:
            self._begin()
        else:
            self._go_on(self.earlier)

    @property
    def _by_hand(self) -> tuple[str, ...]:
        """Rows a person has assessed before the run."""
        return (*self.options.by_hand, *(filled.form.requirement for filled in self.forms))

    def _begin(self) -> None:
        started = datetime.now(UTC).astimezone()
        self.name = f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        self.folder = self.options.out or RUNS / self.name
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise _holds_something(self.folder)
        self.started = started.isoformat(timespec="seconds")

    def _go_on(self, earlier: EarlierRun) -> None:
        if sorted(self.plan.execute) != sorted(earlier.record["plan"]["execute"]):
            raise PlanError(
                f"the {self.plan.name} plan executes other rows by now, so the run cannot go on as it began",
                where=str(earlier.folder),
                remedy="go on with the version of Xiangka it began with, or start a new run",
            )
        self.name, self.started, self.folder = earlier.record["run"], earlier.record["started"], earlier.folder
        self.durations = earlier.kept(self.plan.execute, self.subject.yes_options)
        self.circumstances = earlier.circumstances(self.durations)
        self.sittings = list(earlier.sittings)
        self.photographs = list(earlier.record.get("photographs", ()))
        self.notes = earlier.notes

    @property
    def ahead(self) -> frozenset[str]:
        """Rows still to be run: those of the plan that have no verdict yet."""
        return self.plan.execute - self.durations.keys()

    def open(self) -> None:
        """Open the bench and the run folder; a bench that cannot be opened leaves no folder behind, or an earlier one
        as it was.

        Raises:
            RigError: a part of the bench is absent, busy or silent.
            PlanError: the folder cannot be written, or another device than the run began with is on the bench.
        """
        folder = self.folder.resolve()
        sitting = Sitting.begin(len(self.sittings) + 1, self.made_with["commit"])
        if self.earlier is not None:
            self.earlier.refuse_earlier_clock(sitting)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".opening", dir=folder.parent))
        except OSError as error:
            raise PlanError(
                f"cannot be written ({error.strerror})", where=str(self.folder), remedy="name another folder"
            ) from error
        staging.chmod(0o755)
        self.state = tempfile.mkdtemp(prefix="xiangka-platform-")
        with contextlib.ExitStack() as undone:
            undone.callback(shutil.rmtree, self.state, ignore_errors=True)
            undone.callback(shutil.rmtree, staging, ignore_errors=True)
            self._open_journal(staging / JOURNAL, sitting)
            undone.callback(self.journal.close)
            self.bench = Bench(self.bench_file, self.journal, EmulationOptions(Path(self.state), self.options.defect))
            undone.callback(self.bench.close)
            identity = self._identified()
            self._take(folder)
            if self.earlier is None:
                undone.callback(self.held.release)
                undone.callback(shutil.rmtree, folder, ignore_errors=True)
            self.journal.move_to(folder / JOURNAL)
            staging.rmdir()
            try:
                self._set_up(identity, sitting)
            except OSError as error:
                raise NoRoomError(error, folder / "run.json") if is_full(error) else error from error
            undone.pop_all()

    def _open_journal(self, path: Path, sitting: Sitting) -> None:
        if self.earlier is None:
            self.journal = Journal(path, chain=Chain(JOURNAL, run=self.name))
        else:
            self.journal = Journal(path, self.earlier.journal_end, self.earlier.chains[1])
        self.journal.event(
            "run", "sitting", sitting.t_ns, number=sitting.number, wall=sitting.started, boot=sitting.boot
        )

    def _take(self, folder: Path) -> None:
        """Take the run's folder for this run alone."""
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.held = self.lock or RunLock(folder)
        if self.earlier is None:
            self._refuse_what_is_there(folder)
        else:
            (folder / MANIFEST).unlink(missing_ok=True)
            for torn in self.earlier.files:
                torn.cut()

    def _refuse_what_is_there(self, folder: Path) -> None:
        """Another run may have come and gone since the options were checked."""
        if any(entry.name != LOCK for entry in folder.iterdir()):
            self.held.release()
            raise _holds_something(folder)

    def _set_up(self, identity: DeviceIdentity, sitting: Sitting) -> None:
        """Begin the run, or take it up again, and write down that it is under way."""
        earlier, folder = self.earlier, self.folder
        if not self.subject.declared:
            self.subject = nobodys_subject(self.bench_file, asdict(identity))
        self.run = Run(
            bench=self.bench,
            subject=self.subject,
            catalogue=self.catalogue,
            seed=self.options.seed,
            evidence=(
                Evidence(folder, chain=Chain(OBSERVATIONS, run=self.name), journal=self.journal)
                if earlier is None
                else earlier.evidence(sitting.number, self.journal)
            ),
            identity=identity if earlier is None else earlier.identity,
            progress=self.watcher.progress,
            live=self.watcher.live,
        )
        if earlier is None:
            Asked.of(replace(self.options, by_hand=self._by_hand), SubjectKind(self.subject.kind)).write(folder)
            (folder / CATALOGUE).write_text(catalogue_text(self.catalogue), encoding="utf-8")
            self.notes += denied_notes(self.bench_file, self.subject)
            keep_declared_files(self.subject.declarations, self.options.subject_file, folder)
            self.durations.update(dict.fromkeys(take_in(self.forms, self.run.evidence), 0.0))
        else:
            take_up(self, earlier, sitting)
        self.sittings.append(sitting)
        self.stated.begin(folder, self.bench, sitting.number)
        self.waived.keep(folder)
        if self._photograph is not None:
            self.photographs.append(keep_photograph(self._photograph, folder / "pictures", sitting.number))
        self._compare_with_the_application(identity)
        self.journal.sync()
        self.run.evidence.sync()
        self.write_record("running", None)

    def _identified(self) -> DeviceIdentity:
        """Who the subject says it is, which must be who it was when the run began."""
        if self.bench_file.operator is not None:
            self.bench.operator.around(self.watcher.paused)
        identity = self.bench.identify()
        self._photograph = photograph_of(self.bench)
        if self.earlier is not None:
            self.earlier.refuse_other_subject(identity)
        return identity

    def _compare_with_the_application(self, identity: DeviceIdentity) -> None:
        names = words_of(self.bench_file.subject).identity
        differing = [
            names[name]
            for name in IDENTITY_FIELDS
            if (found := getattr(identity, name)) is not None and found != getattr(self.subject.identity, name)
        ]
        if differing:
            self.invalidate(
                Text(
                    zh=f"{self._noun.zh}身份与申请不符：{'、'.join(name.zh for name in differing)}",
                    en=f"the {self._noun.en} is not the one applied for: "
                    f"{', '.join(name.en for name in differing)} differ",
                )
            )

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
        """Blame the bench for a scenario that could not be finished, or for what happened between two; of a load that
        was not as planned, nothing in the run counts."""
        said = Text(zh=f"测试台故障：{error}", en=f"the bench failed: {error}")
        if isinstance(error, InvalidLoadError):
            self.invalid = self.invalid_load = True
            said = Text(zh=f"负载无效（INVALID）：{error.zh}", en=f"the load is INVALID: {error.what} ({error.where})")
        self._fail(requirement, said)

    def harness_error(self, requirement: str | None, error: BaseException) -> None:
        """Blame this harness for a scenario it could not finish: a bug of ours is never the device's fault, and a disk
        that is full is the bench's."""
        if isinstance(error, OSError) and is_full(error):
            return self.rig_error(requirement, NoRoomError(error, self.folder / str(error.filename or "a file")))
        said = f"{type(error).__name__}: {error}"
        self._fail(requirement, Text(zh=f"测试软件自身出错：{said}", en=f"the harness itself failed: {said}"))

    def _fail(self, requirement: str | None, reason: Text) -> None:
        self.broken = True
        self.notes.append(reason)
        if requirement is not None:
            self.circumstances[requirement] = Circumstance(Verdict.RIG_ERROR, reason)

    def rows(self) -> list[Row]:
        """Verdicts as they follow from the evidence so far."""
        missed = unreached(self.plan.execute, self.durations.keys() | self.circumstances.keys())
        return judge_run(
            self.catalogue,
            self.plan.rows,
            self.run.evidence.observations,
            {**self.plan.left_out, **missed, **self.circumstances},
            plan=self.plan.chosen,
            emulated=self.bench_file.emulated,
            options=self.subject.yes_options,
        )

    def row_finished(self, requirement: str, seconds: float) -> None:
        """Bring a finished row onto the disk, so that a kill from here on cannot take it away."""
        before = 0.0 if self.earlier is None else self.earlier.record["durations"].get(requirement, 0.0)
        self.durations[requirement] = before + seconds
        if (shrunk := of_a_shrunk_load(self.bench_file.load, self.catalogue[requirement])) is not None:
            self.circumstances.setdefault(requirement, shrunk)
        self.watch_the_clock()
        self.journal.sync()
        self.run.evidence.sync()
        self.write_record("running", None)

    def watch_the_clock(self) -> None:
        """Break the run off where the wall clock ran backwards: nothing it dates counts any more."""
        sitting = self.sittings[-1] = self.sittings[-1].timed()
        if sitting.clock is not None and sitting.ran_back and not self.clock_ran_back:
            self.clock_ran_back = True
            self._fail(None, sitting.told_of_the_clock())

    def write_record(self, state: str, code: ExitCode | None, overall: str | None = None) -> None:
        """Write ``run.json``, and once beside it what it says of people, which stays the same."""
        record, people = apart(run_record(self, state, code, overall))
        if people and not (self.folder / PEOPLE).exists():
            write_json(self.folder / PEOPLE, people)
        write_json(self.folder / "run.json", record)
