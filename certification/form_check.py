"""Everything that is wrong with a filled form, at once: blanks, contradictions, and what the criterion still lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any

from pydantic import ValidationError

from certification.catalogue import VERSION, Catalogue, Requirement, Text
from certification.clauses import (
    Clause,
    CountClause,
    InspectionClause,
    LimitClause,
    PercentileClause,
    ProportionClause,
    WindowClause,
)
from certification.decision import ClauseResult, Outcome, judge_clause, judge_criterion, overall
from certification.forms import SCHEMA, Form, Result, Wanted, observations_of, wanted_of
from certification.observations import Observation
from certification.subject import Subject
from certification.subject_file import Problem
from certification.toml_errors import every_problem, without_errors


@dataclass(frozen=True)
class Checked:
    """A form with everything there is to say against it; nothing of it counts unless ``problems`` is empty."""

    form: Form
    problems: list[Problem]


def check_form(data: dict[str, Any], catalogue: Catalogue, subject: Subject, today: date) -> Checked:
    """Check a filled form completely.

    Args:
        data: the form as read from its file.
        catalogue: the catalogue in force.
        subject: the subject it must be of, with its statement.
        today: day of the run.
    """
    problems: list[Problem] = []
    try:
        form = Form.model_validate(data)
    except ValidationError as error:
        problems = [Problem(*problem) for problem in every_problem(error, Form)]
        form = Form.model_validate(without_errors(data, error))
    problems += _heading(form)
    requirement = catalogue[form.requirement] if form.requirement in catalogue else None  # noqa: SIM401 - a miss is no KeyError
    problems += _whether_it_may(form, requirement, subject)
    problems += [*_subject(form, subject), *_record(form, today)]
    if requirement is not None:
        wanted = wanted_of(requirement, subject.yes_options)
        problems += _instruments(form, wanted)
        found = [*_results(form, wanted)]
        problems += found or _incomplete(form, requirement, subject.yes_options)
    return Checked(form, problems)


def _problem(key: str, zh: str, en: str, do_zh: str, do_en: str) -> Problem:
    return Problem(key, Text(zh=zh, en=en), Text(zh=do_zh, en=do_en))


def _heading(form: Form) -> Iterator[Problem]:
    if form.form != SCHEMA:
        zh, en = f"表格版式为 {form.form}，本版读 {SCHEMA}", f"is of layout {form.form}, this version reads {SCHEMA}"
        yield _problem("form", zh, en, "用本版重新生成表格", "write the form anew with this version")
    if form.catalogue != VERSION:
        zh = f"按要求目录 {form.catalogue or '—'} 填写，现行为 {VERSION}"
        en = f"was written for catalogue {form.catalogue or '—'}, {VERSION} is in force"
        yield _problem("catalogue", zh, en, "用现行目录重新生成表格", "write the form anew from the catalogue in force")


def _whether_it_may(form: Form, requirement: Requirement | None, subject: Subject) -> Iterator[Problem]:
    name = form.requirement or "—"
    if requirement is None:
        yield _problem(
            "requirement", f"没有要求 {name}", f"there is no requirement {name}", "更正编号", "correct the id"
        )
    elif requirement.subject != subject.kind:
        zh, en = f"{name} 针对 {requirement.subject}", f"{name} is demanded of a {requirement.subject}"
        yield _problem("requirement", zh, en, "换用该类样品的表格", "use a form for this kind of subject")
    elif not requirement.by_hand:
        zh, en = f"{name} 不能由人工评定", f"{name} is not assessed by hand"
        yield _problem("requirement", zh, en, "由场景评定", "let its scenario assess it")
    elif not subject.applies(requirement):
        zh, en = f"按符合性声明，{name} 不适用", f"by the conformance statement {name} does not apply"
        yield _problem(
            "requirement", zh, en, "不提交该表格，或更正声明", "leave the form out, or correct the statement"
        )


def _subject(form: Form, subject: Subject) -> Iterator[Problem]:
    if not subject.declared:
        zh, en = "没有受测对象文件，无从核对样品", "no subject file was given, so nobody can tell which sample it was"
        yield _problem("subject", zh, en, "给出 --subject", "give --subject")
        return
    for name, told in form.subject:
        filed = getattr(subject.identity, name)
        if told != filed:
            zh, en = (
                f"表格填 {told or '—'}，申请为 {filed}",
                f"is {told or '—'} in the form and {filed} in the application",
            )
            yield _problem(f"subject.{name}", zh, en, "核对样品", "make sure which sample it was")


def _record(form: Form, today: date) -> Iterator[Problem]:
    for name in ("operator", "place"):
        if not getattr(form.record, name).strip():
            yield _problem(f"record.{name}", "未填", "left blank", "请填写", "fill it in")
    when = form.record.date
    if not isinstance(when, date):
        yield _problem("record.date", f"不是日期：{when or '—'}", f"is no date: {when or '—'}", *_DATE)
    elif when > today:
        yield _problem("record.date", f"{when} 尚未到来", f"{when} is still to come", "更正日期", "correct the date")


_DATE = ("写成不加引号的日期，如 2026-11-27", "write a date without quotes, such as 2026-11-27")


def _instruments(form: Form, wanted: list[Wanted]) -> Iterator[Problem]:
    measured = [one.measure for one in wanted if any(clause.unit != "1" for clause in one.clauses)]
    if measured and not form.instrument:
        names = ", ".join(measured)
        zh, en = f"{names} 须用仪器或量具测量，表格未列", f"{names} needs an instrument, and none is listed"
        yield _problem("instrument", zh, en, "列出所用仪器", "list what was used")
    for number, instrument in enumerate(form.instrument, start=1):
        key = f"instrument {number}"
        for name in ("name", "serial"):
            if not getattr(instrument, name).strip():
                yield _problem(f"{key}.{name}", "未填", "left blank", "请填写", "fill it in")
        until, used = instrument.calibrated_until, form.record.date
        if not isinstance(until, date):
            yield _problem(
                f"{key}.calibrated_until", f"不是日期：{until or '—'}", f"is no date: {until or '—'}", *_DATE
            )
        elif isinstance(used, date) and until < used:
            zh, en = (
                f"使用时（{used}）校准已于 {until} 到期",
                f"its calibration ended on {until}, it was used on {used}",
            )
            yield _problem(
                f"{key}.calibrated_until", zh, en, "用校准有效的仪器重做", "do it again with a calibrated one"
            )


def _results(form: Form, wanted: list[Wanted]) -> Iterator[Problem]:
    known = {one.measure: one for one in wanted}
    seen: Counter[tuple[str, str]] = Counter()
    for number, result in enumerate(form.result, start=1):
        key = f"result {number} ({result.measure or '—'})"
        one = known.get(result.measure)
        if one is None:
            zh, en = f"判据中没有该测量项，应为 {'、'.join(known)}", f"the criterion judges {', '.join(known)} alone"
            yield _problem(f"{key}.measure", zh, en, "更正名称", "correct the name")
            continue
        yield from _cell(key, result, one)
        yield from _counted(key, result, one) if one.counted else _listed(key, result, one)
        place = (result.measure, repr(sorted(result.cell.items())))
        seen[place] += 1
        if seen[place] == 2:
            zh, en = f"该测量项的这一格已经填过：{result.cell}", f"this cell was told before: {result.cell}"
            yield _problem(f"{key}.cell", zh, en, "合并或更正", "put the two together, or correct one")


def _cell(key: str, result: Result, one: Wanted) -> Iterator[Problem]:
    for name in result.cell.keys() - set(one.keys):
        zh, en = f"未知的格键 {name}", f"unknown cell key {name!r}"
        known = ", ".join(one.keys) or "—"
        yield _problem(f"{key}.cell", zh, en, f"可用：{known}", f"known: {known}")
    for name, value in result.cell.items():
        if isinstance(value, str) and value.strip() in ("", "?"):
            yield _problem(f"{key}.cell.{name}", "未填", "left blank", "请填写", "fill it in")
        elif name in one.numeric and isinstance(value, str):
            yield _problem(
                f"{key}.cell.{name}", f"应为数值：{value!r}", f"must be a number: {value!r}", "更正", "correct it"
            )
    if one.keys and not any(set(result.cell) >= set(clause.where) for clause in one.clauses):
        zh, en = f"缺少格键 {'、'.join(one.keys)}", f"lacks its cell keys {', '.join(one.keys)}"
        yield _problem(f"{key}.cell", zh, en, "补上", "add them")


def _counted(key: str, result: Result, one: Wanted) -> Iterator[Problem]:
    for name, times in result.outcomes.items():
        if name not in one.outcomes:
            known = ", ".join(one.outcomes)
            zh, en = f"未知的结果 {name}", f"unknown outcome {name!r}"
            yield _problem(f"{key}.outcomes", zh, en, f"可用：{known}", f"known: {known}")
        if times < 0:
            yield _problem(
                f"{key}.outcomes.{name}", f"次数为负：{times}", f"is negative: {times}", "更正", "correct it"
            )
    if result.values:
        zh, en = "该项计次数，不列数值", "is counted, it has no values"
        yield _problem(f"{key}.values", zh, en, "删去 values", "remove them")
    total = sum(result.outcomes.values())
    if result.trials is None or result.trials < 1:
        yield _problem(f"{key}.trials", "未填试验次数", "the number of trials is left blank", "请填写", "fill it in")
    elif total != result.trials:
        zh = f"各结果合计 {total} 次，试验次数为 {result.trials}"
        en = f"the outcomes add up to {total}, and {result.trials} trials were made"
        yield _problem(f"{key}.outcomes", zh, en, "核对原始记录", "look at the raw record")


def _listed(key: str, result: Result, one: Wanted) -> Iterator[Problem]:
    unit = one.clauses[0].unit
    if result.outcomes:
        yield _problem(f"{key}.outcomes", "该项列数值，不计次数", "has values, not outcomes", "删去", "remove them")
    if not result.values:
        yield _problem(f"{key}.values", "未填", "left blank", "列出数值", "list the values")
    elif result.trials is not None and result.trials != len(result.values):
        zh = f"列出 {len(result.values)} 个值，试验次数为 {result.trials}"
        en = f"{len(result.values)} values are listed, and {result.trials} trials were made"
        yield _problem(f"{key}.values", zh, en, "核对原始记录", "look at the raw record")
    if result.unit != unit:
        zh, en = f"单位为 {result.unit}，应为 {unit}", f"is in {result.unit}, and must be in {unit}"
        yield _problem(f"{key}.unit", zh, en, "换算", "convert the values")


def _incomplete(form: Form, requirement: Requirement, options: frozenset[str]) -> Iterator[Problem]:
    """Clauses whose sample is too small; a test may stop as soon as it has failed."""
    observations = list(observations_of(form, ""))
    if overall(judge_criterion(requirement.criterion, observations, options)) is Outcome.BROKEN:
        return
    numbers = count(1)
    for clause in requirement.criterion:
        if clause.only_if is not None and clause.only_if not in options:
            continue
        number = next(numbers)
        for result in judge_clause(clause, observations):
            if result.outcome is Outcome.OPEN and (lacks := _lacks(clause, result, observations)) is not None:
                where = f"criterion {number} ({clause.measure})"
                yield _problem(where, lacks.zh, lacks.en, "补做并填写", "do and record what is missing")


def _lacks(clause: Clause, result: ClauseResult, observations: list[Observation]) -> Text | None:
    """What a clause's sample still needs; None where it is complete and inside a guard band."""
    match clause:
        case WindowClause():
            short = _short_positions(clause, observations)
            listed = "、".join(f"{position:g}" for position in short)
            return Text(
                zh=f"{clause.along} {listed} {clause.unit} 不足 {clause.trials} 次",
                en=f"fewer than {clause.trials} trials at {clause.along} {listed.replace('、', ', ')} {clause.unit}",
            )
        case InspectionClause():
            needed = clause.items
        case ProportionClause():
            needed = clause.stages[0][0]
        case CountClause() | PercentileClause() | LimitClause():
            needed = clause.trials
    group = "、".join(f"{key} {value}" for key, value in result.group.items())
    if result.trials < needed:
        missing_group = not result.group and clause.groups is not None
        rest = f"，共须 {clause.groups} 组" if missing_group else f"（{group}）" if group else ""
        rest_en = f" in each of {clause.groups} groups" if missing_group else f" ({group})" if group else ""
        return Text(
            zh=f"须 {needed} 次，有 {result.trials} 次{rest}",
            en=f"{needed} trials are needed{rest_en}, {result.trials} are told",
        )
    if isinstance(clause, ProportionClause):
        stages = ", ".join(f"{n}/{c}" for n, c in clause.stages)
        return Text(zh=f"登记的抽样阶段 {stages} 尚未完成", en=f"no registered stage is complete: {stages}")
    return None


def _short_positions(clause: WindowClause, observations: list[Observation]) -> list[float]:
    made: Counter[float] = Counter()
    for observation in observations:
        if observation.measure == clause.measure and clause.along in observation.cell:
            made[float(observation.cell[clause.along])] += observation.times
    registered = round((clause.last - clause.first) / clause.step) + 1
    positions = (clause.first + number * clause.step for number in range(registered))
    return [position for position in positions if made[position] < clause.trials]
