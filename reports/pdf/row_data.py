"""What the paged report shows of each requirement, ready for its template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from certification.catalogue import Requirement
from reports import load_words, report_words, words
from reports.load_view import LoadView, Percentiles, RowLoads, StageLine
from reports.numbers import grouped, plain
from reports.pdf.telling import Telling
from reports.row_facts import RowFact
from reports.run_record import FormRecord
from reports.sections import Deciding, GroupedRule, ResultLine
from reports.stated_records import WaiverRecord

PICTURES_PRINTED = 4
FAILURES_PRINTED = 12
GROUPS_PRINTED = 12
"""Groups of a clause printed; of the others only their number. All stand in the report's data and in verdicts.json."""


def row_data(fact: RowFact, telling: Telling, by_hand: Mapping[str, FormRecord]) -> dict[str, Any]:
    """One planned requirement."""
    section, told = fact.section, telling.told
    row = section.row
    form = by_hand.get(row.requirement)
    return {
        **slim_row(fact, telling),
        "rule": told(fact.rule),
        "uncertainty": told(fact.uncertainty),
        "uncertainty_basis": told(fact.uncertainty_basis),
        "deviations": [telling.text(one.what) for one in fact.deviations],
        "waivers": [waiver_data(one, telling) for one in fact.waivers],
        "kill_rate": told(fact.kill_rate),
        "observations": grouped(row.observations),
        "finding": None if section.deciding is None or section.told_by_reason else _finding(section.deciding, telling),
        "deciding": None if section.deciding is None else _line(section.deciding.line, telling),
        "by_hand": None if form is None else told({"operator": form.operator, "date": form.date}),
        "seconds": section.duration,
        "whole": [
            {**told({"measure": rule.measure, "rule": rule.rule, "scope": rule.scope}), **_line(rule.line, telling)}
            for rule in section.whole
        ],
        "grouped": [_grouped(rule, telling) for rule in section.grouped],
        "counts": [
            told({"measure": count.measure, "values": [(name, grouped(n)) for name, n in count.values]})
            for count in section.counts
        ],
        "loads": None if section.loads is None else _loads(section.loads, telling),
        "plots": told(section.plots),
        "pictures": [
            {"picture": telling.stimulus(one.uri), **told({"value": one.of.value, "cell": one.of.cell}),
             "standing": one.of.standing, "journal": one.of.journal}
            for one in section.pictures[:PICTURES_PRINTED]
        ],
        "pictures_kept": section.pictures_kept,
        "failures": [
            told({"measure": one.measure, "cell": one.cell, "value": one.value, "times": one.times,
                  "facts": [(fact.name, fact.value) for fact in one.facts], "journal": one.journal})
            for one in section.failures[:FAILURES_PRINTED]
        ],
        "failures_found": section.failures_found,
    }  # fmt: skip


def waiver_data(waiver: WaiverRecord, telling: Telling) -> dict[str, Any]:
    """A waiver or known issue, its kind and state in words."""
    kind, state = report_words.WAIVER_KINDS, report_words.WAIVER_STATES
    return {
        **telling.told(waiver),
        "kind": telling.text(words.word(kind, waiver.kind)),
        "state": telling.text(words.word(state, waiver.state)),
        "signed_by": [
            telling.text(
                words.joined((words.word(report_words.SIGNER_ROLES, role), words.as_recorded(name)), "：", ": ")
            )
            for role, name in waiver.signed_by.items()
        ],
    }


def slim_row(fact: RowFact, telling: Telling) -> dict[str, Any]:
    """What is told of every requirement, planned or not."""
    section, told = fact.section, telling.told
    row = section.row
    return {
        "id": row.requirement,
        "title": told(row.title),
        "verdict": row.verdict.value,
        "word": told(words.VERDICTS[row.verdict]),
        "level": told(words.LEVELS[row.level]),
        "method": row.method,
        "methods": told(words.methods_word(row.method)),
        "grounds": fact.grounds,
        "grounds_word": told(fact.grounds_text),
        "reason": told(row.reason),
        "basis": None if section.requirement is None else _basis(section.requirement, telling),
    }


def _basis(requirement: Requirement, telling: Telling) -> dict[str, Any]:
    return {
        "quotes": list(requirement.source.quotes),
        **telling.told(
            {
                "reason": requirement.source.reason,
                "procedure": requirement.procedure,
                "criterion": requirement.criterion_text,
            }
        ),
    }


def _finding(deciding: Deciding, telling: Telling) -> str:
    if deciding.group is None:
        return telling.text(deciding.finding)
    return telling.text(words.joined((deciding.group, deciding.finding), "，", ": "))


def _line(line: ResultLine, telling: Telling) -> dict[str, Any]:
    result = line.result
    return {
        **telling.told(
            {
                "group": line.group,
                "value": line.value,
                "interval": line.interval,
                "bound": line.bound,
                "limit": line.limit,
                "word": words.OUTCOMES[result.outcome],
            }
        ),
        "trials": grouped(result.trials),
        "failures": grouped(result.failures),
        "outcome": result.outcome.value,
    }


def _grouped(rule: GroupedRule, telling: Telling) -> dict[str, Any]:
    lines = [*rule.shown, *(rule.folded if len(rule.shown) + len(rule.folded) <= GROUPS_PRINTED else ())]
    lines = lines[:GROUPS_PRINTED]
    return {
        **telling.told({"measure": rule.measure, "rule": rule.rule, "scope": rule.scope}),
        "groups": rule.groups,
        "met": rule.met,
        "lines": [_line(line, telling) for line in lines],
    }


def _loads(loads: RowLoads, telling: Telling) -> list[dict[str, Any]]:
    return [_load(view, telling) for view in (loads.main, *loads.beside, *loads.others)]


def _load(view: LoadView, telling: Telling) -> dict[str, Any]:
    return {
        "folder": view.folder,
        "problem": telling.told(view.problem),
        "invalid": telling.told(view.invalid),
        "lines": [_stage(line, telling) for line in view.lines],
    }


def _stage(line: StageLine, telling: Telling) -> dict[str, Any]:
    totals = line.totals
    counts: Sequence[int] = (totals.offered, totals.sent, totals.ok, line.refused, line.errors, totals.late)
    return {
        "name": telling.text(words.word(load_words.STAGES, line.name)),
        "seconds": line.seconds,
        "counts": [grouped(count) for count in counts],
        "latency": _latency(line.latency),
    }


def _latency(found: Percentiles | None) -> list[str]:
    return ["—"] * 4 if found is None else [plain(ms) for ms in (found.p50, found.p95, found.p99, found.p999)]
