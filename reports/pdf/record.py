"""The report's own record, embedded in it as ``report.json``: every fact and verdict it states, in both languages.

A later report that replaces it finds there what differs (ISO/IEC 17025:2017 §7.8.8).
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pikepdf

from certification.catalogue import Text
from reports import report_words, words
from reports.certificate_facts import Facts
from reports.errors import ReportError
from reports.pdf.issue import Amendment, Change, Issue

NAME = "report.json"
SCHEMA = 1
_REMEDY = "name a report made by `xiangka report pdf`"


def report_record(facts: Facts, issue: Issue) -> dict[str, Any]:
    """What a report states, as ``report.json`` holds it: each statement by a key, with its name and value."""
    amends = issue.amends
    return {
        "schema": SCHEMA,
        "number": issue.number,
        "issued": issue.issued.isoformat(timespec="seconds"),
        "run": facts.run,
        "manifest_sm3": issue.manifest_sm3,
        "amends": None if amends is None else {"number": amends.number, "sm3": amends.sm3},
        "statements": {
            key: {"name": name.model_dump(), "value": None if value is None else value.model_dump()}
            for key, name, value in _statements(facts)
        },
    }


def encoded(record: Mapping[str, Any]) -> bytes:
    """The record as the file holds it."""
    return (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode()


def record_of(pdf: bytes, where: str) -> dict[str, Any]:
    """The record inside a report.

    Raises:
        ReportError: it is no report of ours.
    """
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            record = json.loads(document.attachments[NAME].get_file().read_bytes())
        if record["schema"] != SCHEMA:
            raise ReportError(f"its record has schema {record['schema']!r}, not {SCHEMA}", where=where, remedy=_REMEDY)
    except (pikepdf.PdfError, KeyError, TypeError, ValueError) as error:
        raise ReportError(f"holds no {NAME} that can be read", where=where, remedy=_REMEDY) from error
    return dict(record)


def amendment(record: Mapping[str, Any], sm3: str, reason: Text, facts: Facts) -> Amendment:
    """What becomes of an earlier report.

    Args:
        record: its record.
        sm3: digest of its PDF, hex.
        reason: why it is replaced.
        facts: what the new report states.
    """
    return Amendment(
        number=record["number"],
        issued=datetime.fromisoformat(record["issued"]),
        run=record["run"],
        sm3=sm3,
        reason=reason,
        changes=changes(record["statements"], facts),
    )


def changes(before: Mapping[str, Mapping[str, Any]], facts: Facts) -> Sequence[Change]:
    """Statements that differ from those of an earlier record, in the order of the new report."""
    now = {key: (name, value) for key, name, value in _statements(facts)}
    then = {key: (_text(one["name"]), _text(one["value"])) for key, one in before.items()}
    found = []
    for key in [*now, *(key for key in then if key not in now)]:
        name = (now.get(key) or then[key])[0] or Text(zh=key, en=key)
        old, new = (then.get(key, (None, None))[1], now.get(key, (None, None))[1])
        if _pair(old) != _pair(new):
            found.append(Change(name, old, new))
    return found


def _pair(text: Text | None) -> tuple[str, str] | None:
    """Both languages, whatever kind of text it is."""
    return None if text is None else (text.zh, text.en)


def _text(value: Mapping[str, str] | None) -> Text | None:
    return None if value is None else Text.model_validate(value)


def _statements(facts: Facts) -> Iterator[tuple[str, Text, Text | None]]:
    """Key, name and value of everything stated."""
    yield "run", Text(zh="试验编号", en="Run"), _plain(facts.run)
    yield "overall", Text(zh="总体结论", en="Overall verdict"), facts.verdict
    yield "conformity", Text(zh="符合性声明", en="Statement of conformity"), facts.conformity
    for group in (facts.laboratory, facts.customer, facts.performance, facts.item, facts.people, facts.programme):
        for one in group:
            yield one.key, one.name, one.value
    for field in facts.identity:
        told = field.declared if field.read is None or field.declared is not None else field.read
        yield f"identity.{field.name.en}", field.name, None if told is None else _plain(told)
    for condition in facts.conditions:
        yield f"condition.{condition.name.en}", condition.name, condition.span
    for number, deviation in enumerate(facts.deviations, 1):
        name = Text(zh=f"偏离 {number}", en=f"Deviation {number}")
        yield f"deviation.{number}", name, deviation.what
    for waiver in facts.waivers:
        state = words.word(report_words.WAIVER_STATES, waiver.state)
        yield f"waiver.{waiver.id}", Text(zh=f"豁免 {waiver.id}", en=f"Waiver {waiver.id}"), state
    for row in facts.rows:
        yield row.requirement, _plain(row.requirement), words.VERDICTS[row.section.row.verdict]


def _plain(text: str) -> Text:
    return Text(zh=text, en=text)
