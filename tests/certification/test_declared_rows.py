"""A row that rests on a declaration: not assessed where the document proves nothing, and never failed for it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import fixtures
from certification.catalogue import SubjectKind, load_catalogue
from certification.declarations import Declarations, EnvironmentReport
from certification.errors import PlanError
from certification.observations import Observation
from certification.options import OPTIONS
from certification.plan import make_plan
from certification.subject import IDENTITY_FIELDS, Identity, TerminalSubject
from certification.subject_file import examine, load_subject
from certification.verdicts import Verdict, judge

ROW = load_catalogue()["EHC-TRM-034"]


def observed(age: float, date_conforms: str = "conforms", model: str = "conforms") -> list[Observation]:
    return [
        Observation(ROW.id, "report_age", age, unit="a"),
        Observation(ROW.id, "laboratory_report", date_conforms, cell={"field": "date"}),
        Observation(ROW.id, "laboratory_report", model, cell={"field": "model"}),
    ]


def verdict(observations: list[Observation]) -> Verdict:
    return judge(ROW, observations, None, planned=True, emulated=False).verdict


def test_a_recent_report_of_the_same_model_passes():
    assert verdict(observed(0.4)) is Verdict.PASS
    assert verdict(observed(3.0)) is Verdict.PASS


@pytest.mark.parametrize(
    "observations",
    [
        observed(3.01),
        observed(1.0, model="differs"),
        observed(-0.1, date_conforms="differs"),
        observed(9, model="differs"),
    ],
    ids=["old", "of another model", "of the future", "both"],
)
def test_a_report_that_proves_nothing_leaves_the_row_unassessed(observations):
    row = judge(ROW, observations, None, planned=True, emulated=False)
    assert row.verdict is Verdict.NOT_ASSESSED
    assert "does not meet the criterion" in row.reason.en
    assert any(clause.outcome == "broken" for clause in row.clauses)


def test_an_incomplete_examination_is_inconclusive():
    assert verdict(observed(1.0)[:2]) is Verdict.INCONCLUSIVE


def test_only_rows_on_declarations_are_let_off_a_failure():
    spared = [row.id for row in load_catalogue().values() if row.unmet == "NOT_ASSESSED"]
    assert spared == [ROW.id]
    assert ROW.declared_only


def subject(declarations: Declarations) -> TerminalSubject:
    return TerminalSubject(
        kind=SubjectKind.TERMINAL,
        identity=Identity(**dict.fromkeys(IDENTITY_FIELDS, "1"), firmware_sha256="0" * 64, filing_number="none"),
        options=OPTIONS[SubjectKind.TERMINAL](**dict.fromkeys(OPTIONS[SubjectKind.TERMINAL].model_fields, "yes")),
        declarations=declarations,
    )


def test_without_a_report_the_row_is_left_out_and_says_why():
    report = EnvironmentReport(
        file="r", sha256="0" * 64, laboratory="L", accreditation="A", issued=date(2026, 1, 1), model="1", device="1"
    )
    for declarations, executed in ((Declarations(), False), (Declarations(environment=report), True)):
        plan = make_plan(load_catalogue(), subject(declarations), name="full", only=(), scenarios={ROW.id})
        assert (ROW.id in plan.execute) is executed
        if not executed:
            left_out = plan.left_out[ROW.id]
            assert left_out.verdict is Verdict.NOT_ASSESSED
            assert "[declarations.environment]" in left_out.reason.en


SOUND = Path(fixtures.__file__).parent / "subjects" / "emulated-gm65.toml"
DECLARED = """
[declarations.environment]
file = "report.pdf"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
laboratory = "L"
accreditation = "CNAS L0000"
issued = 2026-01-01
model = "EMU-GM65"
device = "1"
"""


@pytest.mark.parametrize(
    ("right", "wrong", "key"),
    [
        ('laboratory = "L"\n', "", "declarations.environment.laboratory"),
        ('accreditation = "CNAS L0000"', 'accreditation = " "', "declarations.environment.accreditation"),
        ("00000000", "0000000g", "declarations.environment.sha256"),
        ("issued = 2026-01-01", 'issued = "last year"', "declarations.environment.issued"),
        ("model = ", "modle = ", "declarations.environment.modle"),
        ("[declarations.environment]", "[declarations.enviroment]", "declarations.enviroment"),
        ('file = "report.pdf"', "file = 7", "declarations.environment.file"),
    ],
)
def test_a_declaration_that_is_not_whole_is_refused_by_its_key(right, wrong, key, tmp_path):
    text = SOUND.read_text(encoding="utf-8").replace('environment_report = "no"', 'environment_report = "yes"')
    path = tmp_path / "subject.toml"
    path.write_text(text + DECLARED, encoding="utf-8")
    assert load_subject(path).declarations.environment.issued == date(2026, 1, 1)
    assert right in DECLARED
    path.write_text(text + DECLARED.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        load_subject(path)
    assert key in str(caught.value)
    assert key in [problem.key for problem in examine(path).problems]
