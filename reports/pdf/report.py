"""The report of a run as PDF/A-3, with the run's manifest and the report's own record embedded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reports.certificate_facts import Facts
from reports.pdf.issue import Issue
from reports.pdf.report_data import report_data
from reports.pdf.telling import Telling
from reports.pdf.typesetting import Attachment, Language, Typeset, typeset
from reports.run_folder import RunFolder


def paged_report(
    folder: RunFolder, facts: Facts, issue: Issue, lang: Language, attachments: Sequence[Attachment] = ()
) -> Typeset:
    """Set the report of a run in one language.

    Args:
        folder, facts: the run, and what is stated of it.
        issue: what makes it this report.
        lang: language of the edition.
        attachments: files to embed.

    Raises:
        ReportError: a font is missing.
    """
    telling = Telling(lang)
    data: dict[str, Any] = report_data(folder, facts, issue, telling)
    return typeset("report.typ", data, lang=lang, made=issue.issued, attachments=attachments, pictures=telling.pictures)
