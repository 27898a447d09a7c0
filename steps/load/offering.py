"""Offering a platform a load: a folder for its record, figures of both ends around it, and the gate of honesty.

What every row of load begins with. A load that was not what its plan says ends its row here, before anything is
observed: what the generator did wrong is neither for nor against the platform.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_bdd import given

from loadtests.plan import MORNING, LoadPlan, Stage
from loadtests.record import LoadRecord
from rigs.bench_tables.load import LoadTable
from rigs.errors import BenchFileError, InvalidLoadError, SubjectFaultError
from rigs.platform_figures import SETTLING_S, Figures, read_figures
from rigs.roles.load import LiveSecond
from steps.load.answers import observe_answers
from steps.load.live import told
from steps.load.memory_watch import MemoryWatch
from steps.load.schedule import profile_of
from steps.platform.apart import UNLIMITED, Apart, apart
from steps.sampling import Sampler

FOLDER = "load"
"""Where the run keeps the records of its loads."""


PAIRS, USUAL_REUSE, MOST_REUSE = 120, 0.005, 0.05
"""So many codes are to be shown at two terminals at once, twice what a row demands: some of a load's usual share, more
of a short or slow one, but never so many that it is another load."""


@dataclass(frozen=True)
class Offered:
    """A load that was offered as planned.

    Attributes:
        record: what the generator measured.
        before, after: what the platform said of itself around it; None where it says nothing.
        silent: whether it no longer said anything afterwards.
        memory: bytes of memory the platform held, with the seconds since the load was begun.
    """

    record: LoadRecord
    before: Figures | None
    after: Figures | None
    silent: bool = False
    memory: tuple[tuple[float, int], ...] = field(default=(), repr=False)


@given("a platform to be loaded", target_fixture="loaded")
@given("一台供负载试验的卡管平台", target_fixture="loaded")
def loaded_platform(sampler: Sampler) -> Iterator[Apart]:
    """One that nobody else uses, where the bench starts it: no other row slows it, and it harms none."""
    with apart(sampler.run, *UNLIMITED) as platform:
        yield platform


def table_of(sampler: Sampler) -> LoadTable:
    """What the bench declares of its loads.

    Raises:
        BenchFileError: it declares nothing.
    """
    table = sampler.run.bench.file.load
    if table is None:
        raise BenchFileError("the bench binds no load generator", where="load", remedy="add a table [load]")
    return table


def plan_of(sampler: Sampler, platform: Apart, stages: tuple[Stage, ...], **others: Any) -> LoadPlan:
    """The plan of a row's load; ``others`` are further fields of a plan.

    Raises:
        BenchFileError: what the bench declares contradicts itself.
    """
    table, bench = table_of(sampler), sampler.run.bench
    credentials = platform.host.credentials_file if platform.host is not None else bench.file.platform.credentials
    fields: Mapping[str, Any] = {
        "profile": profile_of(table, sampler.requirement),
        "target": platform.link.url,
        "credentials": Path(credentials or ""),
        "stages": stages,
        "dialects": table.dialects,
        "seed": sampler.run.seed,
        "workers": table.workers,
        "expect_workers": table.expect_workers,
        "bind": table.bind,
        "population": table.population,
        # Of a report the audit tells only whose card it was of, so that no load may be asked about those of another.
        "lot": sum(1 for _ in (sampler.run.evidence.folder / FOLDER).glob("*")),
        "reuse_share": _reuse_share(stages, others.get("mix", MORNING)),
        "generator_defect": table.generator_defect,
        **others,
    }
    try:
        return LoadPlan(**fields)
    except ValueError as error:
        raise BenchFileError(str(error), where="load", remedy="correct the table [load]") from error


def _reuse_share(stages: tuple[Stage, ...], mix: Mapping[str, float]) -> float:
    verifications = sum(stage.expected for stage in stages) * mix.get("verification", 0.0)
    return min(MOST_REUSE, max(USUAL_REUSE, PAIRS / max(1.0, verifications)))


def offer(
    sampler: Sampler, platform: Apart, plan: LoadPlan, go_on: Callable[[LiveSecond], bool] = lambda _: True
) -> Offered:
    """Offer a load, let it through the gate, and observe what never may happen in any.

    Args:
        sampler: of the row.
        platform: who is loaded.
        plan: what is offered.
        go_on: told of every second; whether the load goes on.

    Raises:
        InvalidLoadError: the load was not what the plan says.
        RigError: the generator failed.
        SubjectFaultError: the platform did not answer before the load.
    """
    run, requirement = sampler.run, sampler.requirement.id
    api = platform.api()
    try:
        before = read_figures(api)
        with MemoryWatch(api, platform.host) as memory:

            def watch(second: LiveSecond) -> bool:
                memory.begin()
                run.live(requirement, told(second))
                run.progress(requirement, round(second.t), round(plan.seconds))
                return go_on(second)

            record = run.bench.load.run(plan, next_folder(sampler), watch)
        memory.leave(record.folder)
        refuse_invalid(record)
        observe_answers(sampler, record)
        time.sleep(SETTLING_S)
        try:
            after, silent = read_figures(api), False
        except SubjectFaultError:
            after, silent = None, True
    finally:
        api.close()
    return Offered(record, before, after, silent, memory.samples)


def refuse_invalid(record: LoadRecord) -> None:
    """Let a load count only if it was what its plan says.

    Raises:
        InvalidLoadError: it was not.
    """
    if record.invalid:
        zh, en = "；".join(why.zh for why in record.invalid), "; ".join(why.en for why in record.invalid)
        raise InvalidLoadError(zh, en, where=f"{FOLDER}/{record.folder.name}")


def next_folder(sampler: Sampler) -> Path:
    """A folder of the run's for one more load of the row; it is made by whoever fills it."""
    place, name = sampler.run.evidence.folder / FOLDER, sampler.requirement.id
    number = 1
    while (folder := place / (name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return folder
