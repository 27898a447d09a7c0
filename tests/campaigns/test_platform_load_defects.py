"""The harness on trial over platforms under load: each defect fails its rows by what is wrong with it.

Loads are short and defects the less rare for it. What only minutes decide takes the registered length, at a low rate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from certifying import Ended, certify

from certification.catalogue import SubjectKind
from reference_impl.defects.load_rows import OF_LOAD
from xiangka.bench_choice import bench_for

SUSTAINED, PEAK, OVERLOAD, HONESTY, FAULTS = (f"EHC-PRF-00{number}" for number in (1, 2, 3, 5, 6))

BENCH = """
name = "short load"

[platform]
driver = "hn-a"

[platform.label]
vendor = "Xiangka"
model = "reference platform"
serial = "REF-0001"
hardware = "one machine"

[platform.reference]
capacity = {capacity}

[load]
rate = {rate}
base_rate = {base_rate}
capacity = {capacity}
"""
NEVER = ("wrong_persons", "reused_codes_accepted", "lost_uses", "lost_audit_records", "double_effects")
"""What may not happen once, whatever the load."""
TRIES = 3
"""A load that this machine could not offer as planned says nothing of the platform, and is offered anew."""


@dataclass(frozen=True)
class Case:
    """A defect, the row that must fail, and by what; ``beside`` are rows that must not."""

    defect: str
    row: str
    measure: str
    beside: tuple[str, ...] = ()
    load: dict[str, float] = field(default_factory=lambda: {"capacity": 150, "rate": 60, "base_rate": 12})
    seconds: float | None = 10


BUSY: dict[str, float] = {"capacity": 300, "rate": 120, "base_rate": 24}
LOSES, REUSES = "loses-acknowledged-use/100", "accepts-reuse-under-concurrency"
CASES = (
    Case(LOSES, SUSTAINED, "lost_uses"),
    Case(LOSES, PEAK, "lost_audit_records"),
    Case(LOSES, OVERLOAD, "lost_uses"),
    Case(LOSES, FAULTS, "lost_uses", load=BUSY),
    Case(REUSES, SUSTAINED, "reused_codes_accepted", load=BUSY, seconds=20),
    Case(REUSES, PEAK, "reused_codes_accepted", load=BUSY, seconds=20),
    Case(REUSES, OVERLOAD, "reused_codes_accepted", load=BUSY, seconds=20),
    Case(REUSES, HONESTY, "reused_codes_accepted", load=BUSY, seconds=20),
    Case(REUSES, FAULTS, "reused_codes_accepted", load=BUSY, seconds=60),
    Case("answers-another-person/100", SUSTAINED, "wrong_persons"),
    Case("hides-a-stall/5", SUSTAINED, "verification_time"),
    Case("drops-audit-under-overload", OVERLOAD, "lost_uses", beside=(SUSTAINED, PEAK)),
)


def loaded(folder: Path, case: Case, defect: str | None, timeout_s: float = 900) -> Ended:
    bench = folder / "bench.toml"
    seconds = "" if case.seconds is None else f"seconds = {case.seconds}\n"
    bench.write_text(BENCH.format(**case.load) + seconds, encoding="utf-8")
    asked = ["--bench", str(bench), "--plan", "full", "--only", case.row, *case.beside]
    for number in range(TRIES):
        run = folder / f"run-{number}"
        ended = certify(run, *asked, *(["--defect", defect] if defect else []), timeout_s=timeout_s)
        if ended.document.get("overall") != "INVALID":
            break
    return ended


def broken(ended: Ended, row: str) -> set[str]:
    [verdict] = [one for one in ended.document["verdicts"] if one["requirement"] == row]
    return {clause["measure"] for clause in verdict["clauses"] if clause["outcome"] == "broken"}


@pytest.mark.nightly
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.defect.replace('/', '-')}-{case.row}")
def test_a_defect_of_load_fails_its_row_by_what_is_wrong_with_it(case, tmp_path):
    ended = loaded(tmp_path, case, case.defect)
    assert ended.failures() == {case.row}, ended.said
    assert case.measure in broken(ended, case.row)
    assert broken(ended, case.row) & set(NEVER) <= {case.measure}


@pytest.mark.nightly
@pytest.mark.parametrize(
    "case", {case.row: case for case in CASES if case.load is not BUSY or case.row in (HONESTY, FAULTS)}.values()
)
def test_a_sound_platform_fails_none_of_these_short_loads(case, tmp_path):
    ended = loaded(tmp_path, case, None)
    assert ended.failures() == set(), ended.said
    assert ended.planned()[case.row] == "INCONCLUSIVE"


@pytest.mark.nightly
@pytest.mark.parametrize("defect", ["hides-a-stall/5", None])
def test_a_wait_that_the_platforms_own_figures_do_not_tell_of_is_said(defect, tmp_path):
    case = Case("hides-a-stall/5", SUSTAINED, "verification_time", seconds=20)
    assert ("own figures; these do not tell of that wait" in loaded(tmp_path, case, defect).said) is bool(defect)


LOW = {"capacity": 300, "rate": 20, "base_rate": 4}
LONG = (
    Case("grows-in-memory", SUSTAINED, "memory_growth", load=LOW, seconds=None),
    Case("takes-a-morning-for-an-attack", PEAK, "achieved_share", load=LOW, seconds=None),
)


@pytest.mark.nightly
@pytest.mark.timeout(TRIES * 2400)
@pytest.mark.parametrize("sound", [False, True], ids=["defective", "sound"])
@pytest.mark.parametrize("case", LONG, ids=lambda case: case.defect)
def test_what_only_minutes_decide_is_found_in_a_load_of_the_registered_length(case, sound, tmp_path):
    ended = loaded(tmp_path, case, None if sound else case.defect, timeout_s=2400)
    assert ended.failures() == (set() if sound else {case.row}), ended.said
    assert (case.measure in broken(ended, case.row)) is not sound


@pytest.mark.parametrize("defect", OF_LOAD, ids=lambda defect: defect.name)
def test_there_is_a_bench_of_the_projects_own_for_every_defect_of_load(defect):
    bench = bench_for(SubjectKind.PLATFORM, defect.fails)
    assert bench is not None
    assert bench.name == "reference-platform-load.toml"


def test_every_defect_of_load_is_tried_here_or_where_its_row_has_a_test_of_its_own():
    here = {case.defect.partition("/")[0] for case in (*CASES, *LONG)}
    elsewhere = {"slows-with-cards", "counts-reports-again"}
    assert here | elsewhere == {defect.name for defect in OF_LOAD}
