"""Plans: which of the requirements that have a scenario a run executes."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import resources

from certification.catalogue import Catalogue, Requirement, SubjectKind, Text
from certification.errors import PlanError
from certification.subject import Subject
from certification.unbound import UNBOUND
from certification.verdicts import Circumstance, Verdict

NOT_CHOSEN = Text(zh="本次未选中（--only）", en="not chosen for this run (--only)")
"""Why a row is open that applies and could be run, but was not asked for."""


def plan_names() -> dict[str, list[str]]:
    """Named plans with the rows they leave out (``data/plans.toml``)."""
    data = tomllib.loads((resources.files("certification") / "data" / "plans.toml").read_text(encoding="utf-8"))
    return {name: list(plan["without"]) for name, plan in data["plan"].items()}


@dataclass(frozen=True)
class Plan:
    """What a run executes and why the other rows of its subject's catalogue are left out.

    Attributes:
        name: the plan's name.
        rows: every requirement asked of the subject's kind, in catalogue order.
        execute: rows with a scenario that this run executes.
        left_out: verdict and reason of each row that is not executed.
        chosen: rows that count for the exit code: those executed, and those asked for by name.
    """

    name: str
    rows: tuple[str, ...]
    execute: frozenset[str]
    left_out: Mapping[str, Circumstance]
    chosen: frozenset[str]


_NOT_IMPLEMENTED = Circumstance(Verdict.NOT_ASSESSED, Text(zh="尚无场景", en="no scenario is implemented yet"))
_HARDWARE_ONLY = Circumstance(
    Verdict.NOT_ASSESSED, Text(zh="仅能在真实硬件上评定", en="can be assessed on real hardware only")
)
_NOT_APPLICABLE = Circumstance(
    Verdict.NOT_APPLICABLE, Text(zh="符合性声明中未提供该选项", en="the conformance statement answers no")
)


_NOT_FILED = Circumstance(
    Verdict.NOT_ASSESSED, Text(zh="未提供受测对象文件（--subject）", en="no subject file was given (--subject)")
)
_NEEDS_SUBJECT_FILE = ("EHC-TRM-001",)
_NO_STATEMENT = Circumstance(
    Verdict.NOT_ASSESSED,
    Text(
        zh="无符合性声明：未提供受测对象文件（--subject）",
        en="no conformance statement: no subject file was given (--subject)",
    ),
)


def does_not_apply(*, declared: bool) -> Circumstance:
    """What is said of a row that is about an option the subject does not have, or nobody declared."""
    return _NOT_APPLICABLE if declared else _NO_STATEMENT


def make_plan(
    catalogue: Catalogue,
    subject: Subject,
    *,
    name: str,
    only: Collection[str],
    scenarios: Collection[str],
    unbound: Collection[str] = (),
    by_hand: Collection[str] = (),
) -> Plan:
    """Decide what a run executes.

    Args:
        catalogue: the catalogue in force.
        subject: the subject with its statement.
        name: ``quick`` or ``full``.
        only: ids asked for by name; empty for the whole plan. An id asked for is run whatever the plan leaves out.
        scenarios: ids that have a scenario.
        unbound: roles and links the bench does not bind, of those named in ``UNBOUND``.
        by_hand: ids a person has assessed and filled in a form for; they count, whatever else would leave them out.

    Raises:
        PlanError: an id in ``only`` is unknown, or demanded of another kind of subject.
    """
    plans = plan_names()
    if name not in plans:
        raise PlanError(
            f"there is no plan {name!r}", where="--plan", remedy=f"choose one of {', '.join(sorted(plans))}"
        )
    rows = {requirement.id: requirement for requirement in catalogue.asked_of(SubjectKind(subject.kind))}
    for requirement_id in only:
        if requirement_id not in rows:
            other = catalogue[requirement_id].subject
            raise PlanError(
                f"{requirement_id} is demanded of a {other}, this subject is a {subject.kind}",
                where="--only",
                remedy="name requirements of this kind of subject",
            )
    left_out: dict[str, Circumstance] = {}
    for requirement_id, requirement in rows.items():
        if requirement_id in by_hand:
            continue
        if not subject.applies(requirement):
            left_out[requirement_id] = does_not_apply(declared=subject.declared)
        elif requirement_id not in scenarios:
            left_out[requirement_id] = _HARDWARE_ONLY if requirement.hardware_only else _NOT_IMPLEMENTED
        elif not subject.declared and requirement_id in _NEEDS_SUBJECT_FILE:
            left_out[requirement_id] = _NOT_FILED
        elif (document := requirement.needs_declaration) and document not in subject.declarations.names:
            left_out[requirement_id] = Circumstance(
                Verdict.NOT_ASSESSED,
                Text(
                    zh=f"受测对象文件中没有申报（[declarations.{document}]）",
                    en=f"the subject file declares none ([declarations.{document}])",
                ),
            )
        elif lacking := _needs(requirement, subject) & set(unbound):
            left_out[requirement_id] = UNBOUND[min(lacking)]
        elif only and requirement_id not in only:
            left_out[requirement_id] = Circumstance(Verdict.NOT_ASSESSED, NOT_CHOSEN)
        elif not only and requirement_id in plans[name]:
            left_out[requirement_id] = Circumstance(
                Verdict.NOT_ASSESSED, Text(zh=f"不在 {name} 计划内", en=f"not part of the {name} plan")
            )
    execute = frozenset(rows) - frozenset(left_out)
    return Plan(
        name=name,
        rows=tuple(rows),
        execute=execute,
        left_out=left_out,
        chosen=execute | frozenset(only),
    )


def _needs(requirement: Requirement, subject: Subject) -> set[str]:
    """Roles and links of the bench that the requirement, as this subject's statement leaves it, depends on."""
    options = (requirement.applies_if, *(clause.only_if for clause in requirement.criterion))
    links = {option for option in options if option in subject.yes_options}
    return links | set(requirement.needs_roles)
