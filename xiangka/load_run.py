"""``xiangka load run``: one load of a platform, ended in verdicts like any run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from certification.errors import PlanError
from rigs.bench_file import load_bench
from xiangka.asked import RunOptions
from xiangka.certify import certify
from xiangka.load_choice import LoadChoice, asked_profile, rates, rows_of
from xiangka.scenarios import ROOT

LOADED = ROOT / "rigs" / "benches" / "reference-platform-load.toml"


@dataclass(frozen=True)
class LoadOptions:
    """What a load is asked for; None or empty leaves it to the bench.

    Attributes:
        profile: name of a load in ``loadtests/profiles.toml``.
        target, credentials: somebody's platform, in place of the bench's.
        bench, subject: bench and subject file; None for the reference platform started for the run.
        workers, expect_workers, bind, rate, seconds, dialects, population, generator_defect: keys of the bench's table
            ``[load]``.
        seed, defect, out, laboratory: as of ``xiangka certify``.
    """

    profile: str
    target: str | None = None
    credentials: Path | None = None
    bench: Path | None = None
    subject: Path | None = None
    workers: int | None = None
    expect_workers: int | None = None
    bind: str | None = None
    rate: float | None = None
    seconds: float | None = None
    dialects: tuple[str, ...] = ()
    population: Path | None = None
    generator_defect: str | None = None
    seed: int = 1
    defect: str | None = None
    out: Path | None = None
    laboratory: Path | None = None


def run_load(asked: LoadOptions) -> int:
    """Offer the load and write the run folder; returns the exit code.

    Raises:
        PlanError, BenchFileError: options or files are wrong; nothing was opened.
        RigError: nobody answers at the target, or the bench could not be opened; nothing was written.
    """
    profile = asked_profile(asked.profile)
    _refuse_half_told(asked)
    choice = _chosen(asked)
    bench = asked.bench or LOADED
    options = RunOptions(
        bench=bench,
        subject=asked.subject,
        only=rows_of(profile),
        plan="full",
        seed=asked.seed,
        defect=asked.defect,
        out=asked.out,
        load=choice,
        laboratory=asked.laboratory,
    )
    platform = choice.applied_to(load_bench(bench)).platform
    where = platform.url or "参考平台 the reference platform"
    return certify(options, heading=f"负载 load {asked.profile} → {where}")


def _refuse_half_told(asked: LoadOptions) -> None:
    if asked.target is not None and asked.credentials is None:
        raise PlanError("needs --credentials", where="--target", remedy="name the institution's credentials file")
    if asked.credentials is not None and asked.target is None:
        raise PlanError("belongs to a platform at a URL", where="--credentials", remedy="name its URL with --target")
    if asked.population is not None and not asked.population.is_file():
        raise PlanError(
            "there is no such file of cards",
            where=f"--population {asked.population}",
            remedy="name one that lists the platform's cards, or leave the option out to have residents registered",
        )


def _chosen(asked: LoadOptions) -> LoadChoice:
    bench, alone = load_bench(asked.bench or LOADED), asked.target is not None and asked.bench is None
    keys = {
        "workers": asked.workers,
        "expect_workers": asked.expect_workers,
        "bind": asked.bind,
        "seconds": asked.seconds,
        "dialects": asked.dialects or None,
        "population": None if asked.population is None else str(asked.population.resolve()),
        "generator_defect": asked.generator_defect,
    }
    given = {key: value for key, value in keys.items() if value is not None}
    return LoadChoice(
        target=asked.target,
        credentials=None if asked.credentials is None else str(asked.credentials.resolve()),
        load={"profile": asked.profile, **rates(asked.profile, asked.rate, None if alone else bench.load), **given},
        alone=alone,
    )
