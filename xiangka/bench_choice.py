"""Which of the project's own benches can assess given rows: by the roles it binds and what its subject declares."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from certification.catalogue import SubjectKind, load_catalogue
from certification.plan import make_plan
from certification.subject_file import load_subject
from rigs.bench_file import load_bench
from xiangka.asked import DEFAULT_BENCH, RunOptions
from xiangka.scenarios import implemented
from xiangka.unbound import unbound_roles

BENCHES = DEFAULT_BENCH.parent


def bench_for(kind: SubjectKind, rows: Collection[str]) -> Path | None:
    """A bench of the project's own on which every one of the rows is executed: the default bench where it can.

    Else it is the one that executes fewest others: it binds least, and needs least of the machine.
    """
    able = [bench for bench in _own_benches() if set(rows) <= executed_on(bench, kind)]
    if DEFAULT_BENCH in able:
        return DEFAULT_BENCH
    return min(able, key=lambda bench: len(executed_on(bench, kind)), default=None)


def _own_benches() -> Iterator[Path]:
    yield DEFAULT_BENCH
    yield from sorted(bench for bench in BENCHES.glob("*.toml") if bench != DEFAULT_BENCH)


@cache
def executed_on(bench: Path, kind: SubjectKind) -> frozenset[str]:
    """Rows the full plan executes on a bench with the subject that belongs to it; none on a bench of another kind.

    Raises:
        BenchFileError, PlanError: the bench or the subject file is wrong.
    """
    file, subject = load_bench(bench), RunOptions(bench).subject_file
    if subject is None or file.subject != kind:
        return frozenset()
    catalogue = load_catalogue()
    plan = make_plan(
        catalogue,
        load_subject(subject),
        name="full",
        only=(),
        scenarios=implemented(catalogue),
        unbound=unbound_roles(file),
    )
    return plan.execute
