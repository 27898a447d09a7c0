"""The report's own record, embedded in it as ``report.json``: every fact and verdict it states, in both languages.

A later report that replaces it finds there what differs (ISO/IEC 17025:2017 §7.8.8).
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pikepdf

from certification.catalogue import Text
from reports.errors import ReportError
from reports.pdf.issue import Amendment, Change, Issue, Statement

NAME = "report.json"
SCHEMA = 2
_REMEDY = "name a report made by `xiangka report pdf`"


def report_record(issue: Issue, stated: Mapping[str, Statement]) -> dict[str, Any]:
    """What a report states, as ``report.json`` holds it: each statement by a key, with its name and value."""
    amends = issue.amends
    return {
        "schema": SCHEMA,
        "number": issue.number,
        "issued": issue.issued.isoformat(timespec="seconds"),
        "run": issue.manifest["run"],
        "manifest_sm3": issue.manifest_sm3,
        "amends": None
        if amends is None
        else {
            "number": amends.number,
            "sm3": amends.sm3,
            "reason": amends.reason.model_dump(),
            "changes": [
                {"what": one.what.model_dump(), "before": _dumped(one.before), "now": _dumped(one.now)}
                for one in amends.changes
            ],
        },
        "statements": {
            key: {"name": one.name.model_dump(), "value": one.value.model_dump()} for key, one in stated.items()
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


def amendment(record: Mapping[str, Any], sm3: str, reason: Text, stated: Mapping[str, Statement]) -> Amendment:
    """What becomes of an earlier report.

    Args:
        record: its record.
        sm3: digest of its PDF, hex.
        reason: why it is replaced.
        stated: what the new report states.
    """
    return Amendment(
        number=record["number"],
        issued=datetime.fromisoformat(record["issued"]),
        run=record["run"],
        sm3=sm3,
        reason=reason,
        changes=changes(record["statements"], stated),
    )


def changes(before: Mapping[str, Mapping[str, Any]], stated: Mapping[str, Statement]) -> Sequence[Change]:
    """Statements that differ from those of an earlier record, in the order of the new report."""
    then = {key: Statement(_text(one["name"]), _text(one["value"])) for key, one in before.items()}
    found = []
    for key in [*stated, *(key for key in then if key not in stated)]:
        old, new = then.get(key), stated.get(key)
        one = new or old
        if one is not None and old != new:
            found.append(Change(one.name, None if old is None else old.value, None if new is None else new.value))
    return found


def _text(value: Mapping[str, str]) -> Text:
    return Text.model_validate(value)


def _dumped(text: Text | None) -> dict[str, str] | None:
    return None if text is None else text.model_dump()
