"""What keeps a run from being certified on: each obstacle alone, and what a specimen may do without."""

from dataclasses import replace

import pytest

from certification.catalogue import Level, Text
from certification.certifiable import Proof, obstacles
from certification.verdicts import Row, Verdict

SAID = Text(zh="略", en="said")


def row(requirement, verdict, level=Level.SHALL):
    return Row(requirement, verdict, level, "T", False, True, SAID, SAID, 1)


PROOF = Proof(
    state="finished",
    overall="PASS",
    overall_with_waivers=None,
    emulated=False,
    defect=None,
    declared=True,
    firmware_sha256="ab" * 32,
    rows=(
        row("EHC-TRM-001", Verdict.PASS),
        row("EHC-TRM-002", Verdict.NOT_APPLICABLE),
        row("EHC-TRM-003", Verdict.FAIL, Level.SHOULD),
    ),
    waived={},
)


def found(proof, *, specimen=False):
    return [one.what for one in obstacles(proof, specimen=specimen)]


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
