"""What keeps a run from being certified on: each obstacle alone, and what a specimen may do without."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from certification.catalogue import Level, SubjectKind, Text, load_catalogue
from certification.certifiable import RUN_DAYS, Proof, excused_rows, obstacles
from certification.standing import Standing
from certification.verdicts import Circumstance, Row, Verdict

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SAID = Text(zh="略", en="said")


def row(requirement, verdict, level=Level.SHALL):
    return Row(requirement, verdict, level, "T", False, True, SAID, SAID, 1)


PROOF = Proof(
    state="finished",
    overall="PASS",
    overall_with_waivers=None,
    emulated=False,
    emulated_parts=(),
    defect=None,
    declared=True,
    firmware_sha256="ab" * 32,
    finished=NOW - timedelta(days=1),
    rows=(
        row("EHC-TRM-001", Verdict.PASS),
        row("EHC-TRM-002", Verdict.NOT_APPLICABLE),
        row("EHC-TRM-003", Verdict.FAIL, Level.SHOULD),
    ),
    excused=(),
    waived={},
)


def found(proof, *, specimen=False):
    return [one.what for one in obstacles(proof, NOW, specimen=specimen)]


def test_a_passed_run_on_hardware_has_none():
    assert found(PROOF) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "interrupted"}, "the run is interrupted"),
        ({"overall": "FAIL"}, "verdict is FAIL"),
        ({"overall": "INVALID"}, "verdict is INVALID"),
        ({"overall": "INCONCLUSIVE"}, "verdict is INCONCLUSIVE"),
        ({"overall_with_waivers": "FAIL"}, "verdict is FAIL"),
        ({"defect": "drops-last-byte"}, "deliberate defect"),
        ({"declared": False}, "nobody filed"),
        ({"firmware_sha256": None}, "names no firmware_sha256"),
        ({"firmware_sha256": ""}, "names no firmware_sha256"),
        ({"firmware_sha256": "abc"}, "names no firmware_sha256"),
        ({"finished": NOW - timedelta(days=RUN_DAYS, seconds=1)}, "more than 180 days ago"),
        ({"finished": NOW + timedelta(seconds=1)}, "still to come"),
        ({"emulated_parts": ("[scanner]",)}, r"says hardware, and its bench says emulated: [scanner]"),
        ({"excused": ("EHC-TRM-003",)}, "lets off rows that apply (EHC-TRM-003)"),
        ({"unstated": ("Laboratory",)}, "does not state Laboratory"),
    ],
)
@pytest.mark.parametrize("specimen", [False, True])
def test_what_no_certificate_can_rest_on(changes, said, specimen):
    (what,) = found(replace(PROOF, **changes), specimen=specimen)
    assert said in what


@pytest.mark.parametrize("verdict", [Verdict.NOT_ASSESSED, Verdict.INCONCLUSIVE, Verdict.RIG_ERROR, Verdict.FAIL])
def test_a_mandatory_row_left_open_is_for_specimens_only(verdict):
    proof = replace(PROOF, rows=(*PROOF.rows, row("EHC-TRM-004", verdict)))
    assert "EHC-TRM-004" in found(proof)[0]
    assert found(proof, specimen=True) == []
    assert proof.open_rows == ("EHC-TRM-004",)


def test_an_emulated_run_is_for_specimens_only():
    proof = replace(PROOF, emulated=True)
    assert "emulated run certifies nothing" in found(proof)[0]
    assert found(proof, specimen=True) == []


def test_a_waived_failure_is_not_open_and_a_waiver_covers_nothing_else():
    failed = (row("EHC-TRM-004", Verdict.FAIL), row("EHC-TRM-005", Verdict.NOT_ASSESSED))
    waived = {"EHC-TRM-004": "W-1", "EHC-TRM-005": "W-2"}
    proof = replace(PROOF, overall="FAIL", overall_with_waivers="PASS", rows=failed, waived=waived)
    assert proof.open_rows == ("EHC-TRM-005",)
    assert found(replace(proof, rows=failed[:1])) == []


def test_a_run_of_the_oldest_age_is_not_too_old():
    assert found(replace(PROOF, finished=NOW - timedelta(days=RUN_DAYS))) == []


@pytest.mark.parametrize(
    ("row", "verdict", "excused"),
    [
        ("EHC-TRM-003", Verdict.NOT_APPLICABLE, True),
        ("EHC-TRM-017", Verdict.NOT_APPLICABLE, True),
        ("EHC-TRM-018", Verdict.NOT_APPLICABLE, False),
        ("EHC-TRM-003", Verdict.PASS, True),
        ("EHC-TRM-003", Verdict.NOT_ASSESSED, False),
    ],
)
def test_no_word_makes_a_row_inapplicable_or_passed(row, verdict, excused):
    nothing = frozenset()
    standing = Standing(
        run="r",
        kind=SubjectKind.TERMINAL,
        options=frozenset({"serial_link"}),
        declared=True,
        emulated=False,
        execute=nothing,
        chosen=nothing,
        whole=True,
        reached=nothing,
        circumstances={row: Circumstance(verdict, SAID)},
        state="finished",
        invalid=False,
        invalid_load=False,
        broken=False,
    )
    assert excused_rows(standing, load_catalogue()) == ((row,) if excused else ())
