"""The audit's one face: chain, register, check, export, statement and retention, each in a module of its own."""

from __future__ import annotations

from reference_impl.records.audit_chain import (
    AuditRow,
    Entry,
    Lane,
    LaneEnd,
    append,
    detail_text,
    entry_of,
    open_lane,
    pending,
    reseal,
    write,
)
from reference_impl.records.audit_check import BadRecord, Check, check
from reference_impl.records.audit_export import Page, Place, check_file, export_file, page, pages
from reference_impl.records.audit_register import GENESIS, AuditKey, begin
from reference_impl.records.audit_retention import DAY_MS, RETENTION_DAYS, forget, keep_purging
from reference_impl.records.audit_statement import Statement, anchors, contradiction, read_statement

__all__ = [
    "DAY_MS",
    "GENESIS",
    "RETENTION_DAYS",
    "AuditKey",
    "AuditRow",
    "BadRecord",
    "Check",
    "Entry",
    "Lane",
    "LaneEnd",
    "Page",
    "Place",
    "Statement",
    "anchors",
    "append",
    "begin",
    "check",
    "check_file",
    "contradiction",
    "detail_text",
    "entry_of",
    "export_file",
    "forget",
    "keep_purging",
    "open_lane",
    "page",
    "pages",
    "pending",
    "read_statement",
    "reseal",
    "write",
]
