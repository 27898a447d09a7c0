"""What a run is asked for, and how that is kept in its folder, so that an interrupted run goes on as it began."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from certification.catalogue import VERSION, SubjectKind, load_catalogue
from certification.errors import PlanError
from certification.json_text import json_value
from rigs.bench_file import BenchFile, load_bench
from xiangka.load_choice import LoadChoice
from xiangka.scenarios import ROOT
from xiangka.waived import KEPT, digests_kept, digests_of

ASKED = "asked.json"
DEFAULT_BENCH = ROOT / "rigs" / "benches" / "emulated-gm65.toml"
SUBJECTS = ROOT / "fixtures" / "subjects"


@dataclass(frozen=True)
class RunOptions:
    """What a run is asked for.

    Attributes:
        bench: bench file.
        subject: subject file, or None for the one that belongs to a bench of the project's own.
        only: requirement ids asked for by name; empty for the whole plan.
        plan: name of a plan in ``certification/data/plans.toml``.
        seed: source of every random choice.
        defect: deliberate defect of an emulated device.
        out: run folder, or None for a new one below ``reports/runs/``.
        forms: filled forms of rows done by hand.
        by_hand: rows whose forms an earlier sitting has taken in.
        load: the one load that was asked for, which changes the bench; None for everything else.
        laboratory: laboratory file for the report; it changes nothing of the run.
        waivers: files of waivers and known issues, with their signatures beside them.
        centre: the centre's certificates, which those signatures are checked by.
    """

    bench: Path = DEFAULT_BENCH
    subject: Path | None = None
    only: tuple[str, ...] = ()
    plan: str = "quick"
    seed: int = 1
    defect: str | None = None
    out: Path | None = None
    forms: tuple[Path, ...] = ()
    by_hand: tuple[str, ...] = ()
    load: LoadChoice | None = None
    laboratory: Path | None = None
    waivers: tuple[Path, ...] = ()
    centre: Path | None = None

    @property
    def subject_file(self) -> Path | None:
        """The subject file in force: the one given, else that of a bench of the project's own, by its name."""
        if self.subject is not None:
            return self.subject
        candidate = SUBJECTS / self.bench.name
        own = self.bench.resolve().parent == DEFAULT_BENCH.parent
        elsewhere = self.load is not None and self.load.target is not None
        return candidate if own and not elsewhere and candidate.is_file() else None

    def bench_file(self) -> BenchFile:
        """The bench file, with the load that was asked for.

        Raises:
            BenchFileError: the file is wrong.
            PlanError: the load does not go with it.
        """
        file = load_bench(self.bench)
        return file if self.load is None else self.load.applied_to(file)


@dataclass(frozen=True)
class Asked:
    """What a run was asked for, with the digests of the files it rests on (``asked.json``).

    Attributes:
        bench, subject: paths of the files; no subject where none was filed.
        bench_sha256, subject_sha256: their digests.
        plan, only, seed, defect: as in ``RunOptions``.
        catalogue: version of the catalogue.
        catalogue_sha256: digest of every row demanded of this kind of subject.
        by_hand: rows that were assessed by hand before the run.
        load: the one load that was asked for, as a JSON object; None for none.
        waivers: names and SM3 of the waivers, of their signatures and of the certificates these are checked by.
    """

    bench: str
    bench_sha256: str
    subject: str | None
    subject_sha256: str | None
    plan: str
    only: tuple[str, ...]
    seed: int
    defect: str | None
    catalogue: str
    catalogue_sha256: str
    by_hand: tuple[str, ...] = ()
    load: dict[str, Any] | None = None
    waivers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, options: RunOptions, kind: SubjectKind) -> Self:
        """What these options ask for, now."""
        subject = options.subject_file
        rows = [row.model_dump(mode="json") for row in load_catalogue().asked_of(kind)]
        return cls(
            bench=str(options.bench.resolve()),
            bench_sha256=_digest(options.bench),
            subject=None if subject is None else str(subject.resolve()),
            subject_sha256=None if subject is None else _digest(subject),
            plan=options.plan,
            only=tuple(sorted(options.only)),
            seed=options.seed,
            defect=options.defect,
            catalogue=VERSION,
            catalogue_sha256=hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest(),
            by_hand=options.by_hand,
            load=None if options.load is None else asdict(options.load),
            waivers=digests_of(options.waivers, options.centre),
        )

    def write(self, folder: Path) -> None:
        """Keep it in a run's folder."""
        (folder / ASKED).write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read it back.

        Raises:
            PlanError: the folder is not that of a run, or of one that cannot be gone on with.
        """
        file = folder / ASKED
        try:
            record = json_value(file.read_text(encoding="utf-8"))
            read = {
                "only": tuple(record["only"]),
                "by_hand": tuple(record["by_hand"]),
                "waivers": dict(record["waivers"]),
            }
            return cls(**{**record, **read})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PlanError(
                "does not say what the run was asked for, so it cannot be gone on with",
                where=str(file),
                remedy="give the folder of an interrupted run, or run the plan anew",
            ) from error

    def options(self, folder: Path) -> RunOptions:
        """The options of the run, for the sitting to come."""
        subject = None if self.subject is None else Path(self.subject)
        asked = RunOptions(Path(self.bench), subject, self.only, self.plan, self.seed, self.defect, folder)
        load = None if self.load is None else LoadChoice(**self.load)
        return replace(asked, by_hand=self.by_hand, load=load)


@dataclass(frozen=True)
class Given:
    """What a person gave beside ``--resume``; None where nothing was given."""

    bench: Path | None = None
    subject: Path | None = None
    only: tuple[str, ...] = ()
    plan: str | None = None
    seed: int | None = None
    defect: str | None = None
    out: Path | None = None
    forms: tuple[Path, ...] = ()
    laboratory: Path | None = None
    waivers: tuple[Path, ...] = ()


def refuse_other(asked: Asked, given: Given, kind: SubjectKind, folder: Path) -> None:
    """Let a run go on only as it began.

    Raises:
        PlanError: something given beside ``--resume``, or a file or the catalogue as it is now, differs.
    """
    differing = [*_given_differently(asked, given), *_changed_since(asked, kind, folder)]
    if given.out is not None:
        differing.insert(0, "--out: the run goes on in its own folder")
    if given.forms:
        differing.insert(0, "--form: forms are taken in when a run begins")
    if given.waivers:
        differing.insert(0, "--waivers: waivers are taken in when a run begins")
    if given.laboratory is not None:
        differing.insert(0, "--laboratory: what a laboratory states is taken in when a run begins")
    if differing:
        raise PlanError(
            f"the run cannot go on as another: {'; '.join(differing)}",
            where=str(folder),
            remedy="give --resume alone with everything as it was, or start a new run",
        )


def _given_differently(asked: Asked, given: Given) -> Iterator[str]:
    now: dict[str, Any] = {
        "bench": None if given.bench is None else str(given.bench.resolve()),
        "subject": None if given.subject is None else str(given.subject.resolve()),
        "only": tuple(sorted(given.only)) or None,
        "plan": given.plan,
        "seed": given.seed,
        "defect": given.defect,
    }
    for name, value in now.items():
        began = getattr(asked, name)
        if value is not None and value != began:
            yield f"--{name} is {_told(value)}, the run began with {_told(began)}"


def _told(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(value) or "no such choice"
    return "none" if value is None else str(value)


def _changed_since(asked: Asked, kind: SubjectKind, folder: Path) -> Iterator[str]:
    now = Asked.of(asked.options(folder), kind)
    for name in ("bench", "subject"):
        if getattr(now, f"{name}_sha256") != getattr(asked, f"{name}_sha256"):
            yield f"the {name} file {getattr(asked, name)} is not what it was"
    if now.catalogue != asked.catalogue:
        yield f"the catalogue is {now.catalogue}, the run began with {asked.catalogue}"
    elif now.catalogue_sha256 != asked.catalogue_sha256:
        yield "rows of the catalogue have changed"
    kept = digests_kept(folder)
    for name in sorted(asked.waivers.keys() | kept.keys()):
        if name not in asked.waivers:
            yield f"{KEPT}/{name} was not there when the run began"
        elif asked.waivers[name] != kept.get(name):
            yield f"{KEPT}/{name} is {'not what it was' if name in kept else 'gone'}"


def _digest(path: Path) -> str:
    """SHA-256 of a file, hex; empty for one that is not there, which loading it complains of."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
