"""The harness on trial: every defect fails exactly what it names, and a sound device fails nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from certifying import certify

from certification.catalogue import Level, SubjectKind, load_catalogue
from certification.plan import plan_names
from rigs.emulators.defects.table import DEFECTS
from xiangka.asked import DEFAULT_BENCH
from xiangka.bench_choice import bench_for, executed_on
from xiangka.defect_names import known_defects
from xiangka.scenarios import implemented

QUICK_PANEL = ("EHC-TRM-001", "EHC-TRM-003", "EHC-TRM-010")
"""Rows cheap enough to stand beside every defect in the ordinary tests; the nightly campaign runs them all."""

SHORT_PLAN = "without-endurance"
ENDURANCE = frozenset(plan_names()[SHORT_PLAN])
"""Rows of days: a plan with them takes a quarter of an hour more, so it is kept for the defects they are for."""
FOR_THE_NIGHT = ("leaks-and-slows", "misses-now-and-then", "stops-after-hours", "logs-payloads", "keeps-last-codes")
"""Defects that take their time to show; tests/steps/test_soak_steps.py and tests/rigs/test_traces.py try each."""
SHOWN_BY_KEYS = ("types-german-keys", "types-us-keys", "minds-caps-lock-twice", "ends-with-the-other-key")
"""Defects whose keys tests/rigs/test_keyboard_host.py tries on every host; a whole run of each is for the night."""

BESIDE_ANOTHER = (
    *("cleans-payloads", "corrupts-on-cut", "delivers-both", "dim-blind", "needs-a-nudge"),
    "types-control-characters",
)
"""Defects beside which another of the same row stands that is run in the ordinary tests."""


def bench_of(name: str) -> Path | None:
    return bench_for(SubjectKind.TERMINAL, DEFECTS[name].requirements)


def by_cost(names: Iterable[str]) -> list:
    """Other benches than the default one have tests of their own; their defects, and slow ones, are for the night."""
    return [
        name if bench_of(name) == DEFAULT_BENCH and _soon(name) else pytest.param(name, marks=pytest.mark.nightly)
        for name in sorted(names)
    ]


def _soon(name: str) -> bool:
    return name not in (*FOR_THE_NIGHT, *SHOWN_BY_KEYS, *BESIDE_ANOTHER)


def expect_exactly(ended, named: tuple[str, ...], executed: set[str]) -> None:
    assert ended.failures() == set(named), ended.said
    others = executed - set(named)
    assert {r: ended.verdicts[r] for r in others} == dict.fromkeys(others, "PASS"), ended.said
    demanded = any(load_catalogue()[row].level is Level.SHALL for row in named)
    assert ended.exit_code == (1 if demanded else 0)


def test_every_defect_has_a_bench_of_the_projects_own_that_can_show_it():
    assert [name for name in DEFECTS if bench_of(name) is None] == []


@pytest.mark.parametrize("name", by_cost(DEFECTS))
def test_a_defect_fails_what_it_names_beside_a_panel_that_passes(name, tmp_path):
    named, bench = DEFECTS[name].requirements, bench_of(name)
    rows = {*QUICK_PANEL, *named} & executed_on(bench, SubjectKind.TERMINAL)
    ended = certify(tmp_path / "run", "--bench", str(bench), "--defect", name, "--only", *sorted(rows))
    expect_exactly(ended, named, rows)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", sorted(DEFECTS))
def test_a_defect_fails_what_it_names_and_nothing_else_in_the_full_plan(name, tmp_path):
    bench = bench_of(name)
    executed = set(executed_on(bench, SubjectKind.TERMINAL))
    plan = "full" if ENDURANCE & set(DEFECTS[name].requirements) else SHORT_PLAN
    executed -= ENDURANCE if plan == SHORT_PLAN else set()
    ended = certify(tmp_path / "run", "--bench", str(bench), "--defect", name, "--plan", plan, timeout_s=3500)
    expect_exactly(ended, DEFECTS[name].requirements, executed)


HONESTY = "EHC-PRF-005"
"""Judges the load generator, whose own defect makes no subject fail but the run INVALID (`tests/loadtests`)."""


def test_every_implemented_requirement_has_a_defect_of_its_own():
    named = [requirements for of_kind in known_defects().values() for requirements, _ in of_kind.values()]
    alone = {requirements[0] for requirements in named if len(requirements) == 1}
    tried = {row for row in implemented(load_catalogue()) if not load_catalogue()[row].declared_only}
    assert tried - alone <= {HONESTY}
