"""Documents a vendor declares: how old they are, and whether they are of the subject on the bench."""

from __future__ import annotations

from datetime import UTC, date, datetime

from pytest_bdd import when

from certification.declarations import age_in_years
from rigs.errors import RigError
from steps.sampling import Sampler


@when("the laboratory's report on the environment is examined")
@when("审查实验室出具的环境适应性检测报告")
def examine_environment_report(sampler: Sampler) -> None:
    """What the subject file says of the report; its digest was compared with the document before the run began."""
    subject = sampler.run.subject
    report = subject.declarations.environment
    if report is None:
        raise RigError(
            "there is no report to examine", where="[declarations.environment]", remedy="declare it in the subject file"
        )
    today = datetime.now(UTC).astimezone().date()
    about: dict[str, str | float] = {
        "document": report.file,
        "sha256": report.sha256,
        "laboratory": report.laboratory,
        "accreditation": report.accreditation,
        "examined": report.device,
    }
    sampler.observe("report_age", age_in_years(report.issued, today), unit="a", detail=about)
    for field, declared, found, conforms in _compared(report.issued, today, subject.identity.model, report.model):
        sampler.observe(
            "laboratory_report",
            "conforms" if conforms else "differs",
            cell={"field": field},
            detail={"declared": declared, "found": found, **about},
        )
        sampler.step(2)


def _compared(issued: date, today: date, model: str, of_model: str) -> list[tuple[str, str, str, bool]]:
    """What is compared as (field, what it must go with, what the report says, whether it does)."""
    return [
        ("date", f"≤ {today.isoformat()}", issued.isoformat(), issued <= today),
        ("model", model, of_model, of_model == model),
    ]
