"""The reports a run has already: a number is used once, one report stands, a void one is not replaced again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from certification.errors import PlanError
from reports.pdf.issue import report_file
from reports.pdf.record import record_of

_NUMBER = re.compile(r"[\w〔〕（）()\[\].\- ]+")
_MOST_BYTES = 180
"""Of a number in UTF-8: its file and what is written beside it must have names that a file system takes (255)."""
_BRACKETS = str.maketrans("〔[【〕]】", "((()))")
_FILE = re.compile(r"report-.+-(zh|en)\.pdf")


@dataclass(frozen=True)
class IssuedReport:
    """An edition of a report in a folder.

    Attributes:
        lang: its language.
        number: of the report.
        replaces: number of the report it replaced; None where it replaced none.
    """

    path: Path
    lang: str
    number: str
    replaces: str | None


def issued_reports(folder: Path) -> list[IssuedReport]:
    """The reports in a folder.

    Raises:
        ReportError: a file named as one is none.
    """
    found = []
    for path in sorted(folder.glob("report-*.pdf")):
        if (named := _FILE.fullmatch(path.name)) is not None:
            record = record_of(path.read_bytes(), str(path))
            replaces = None if record["amends"] is None else str(record["amends"]["number"])
            found.append(IssuedReport(path, named[1], str(record["number"]), replaces))
    return found


def checked_number(number: str) -> str:
    """A number as it is printed.

    Raises:
        PlanError: no file can be named after it.
    """
    told = number.strip()
    if not _NUMBER.fullmatch(told) or not any(map(str.isalnum, told)) or len(told.encode()) > _MOST_BYTES:
        raise PlanError(
            f"{number!r} cannot be a report's number: its file is named after it",
            where="--number",
            remedy="use letters, digits, Chinese characters, brackets, dots, hyphens; at most "
            f"{_MOST_BYTES} bytes, that is {_MOST_BYTES // 3} Chinese characters",
        )
    return told


def same_number(one: str, other: str) -> bool:
    """Whether two numbers are taken for one: width, case, spaces and the form of brackets do not tell them apart."""
    return _folded(one) == _folded(other)


def _folded(number: str) -> str:
    return "".join(unicodedata.normalize("NFKC", number).translate(_BRACKETS).casefold().split())


def require_new(
    number: str, langs: Collection[str], out: Path, issued: Sequence[IssuedReport], replaced: str | None
) -> None:
    """Refuse a report whose number is used, or beside which another stands that it does not replace.

    The other edition of the same report is no second report.

    Args:
        number: of the report to be issued.
        langs: its editions.
        out: where they go.
        issued: the reports of the run.
        replaced: number of the report it replaces.

    Raises:
        PlanError: a rule is broken.
    """
    for lang in langs:
        if (out / report_file(number, lang)).exists():
            raise PlanError(
                "is there already, and a report is never overwritten",
                where=str(out / report_file(number, lang)),
                remedy="give another --number; if it corrects that one, also --amends and --reason",
            )
    for one in issued:
        if not same_number(one.number, number):
            continue
        if one.number != number or one.lang in langs or not _same_replaced(one.replaces, replaced):
            raise PlanError(
                f"the run has report No. {one.number} already ({one.path.name}), and a number is used once",
                where="--number",
                remedy="give another",
            )
    standing = [one for one in standing_of(issued) if not same_number(one.number, number)]
    if replaced is None and standing:
        raise PlanError(
            f"the run has report No. {standing[0].number}, which stands",
            where=str(standing[0].path),
            remedy="replace it with --amends and --reason",
        )


def _same_replaced(one: str | None, other: str | None) -> bool:
    return one == other if one is None or other is None else same_number(one, other)


def standing_of(issued: Sequence[IssuedReport]) -> list[IssuedReport]:
    """The reports that no other has replaced."""
    void = [one.replaces for one in issued if one.replaces is not None]
    return [one for one in issued if not any(same_number(one.number, number) for number in void)]


def require_replaceable(earlier: str, number: str, issued: Iterable[IssuedReport]) -> None:
    """Refuse to replace a report by itself, or one that another has replaced.

    Args:
        earlier: number of the report to be replaced.
        number: number of the new one.
        issued: reports of the run, and those beside the earlier one.

    Raises:
        PlanError: it is so.
    """
    if same_number(earlier, number):
        raise PlanError("a report cannot replace itself", where=f"--amends {earlier}", remedy="give another --number")
    for one in issued:
        if one.replaces is not None and same_number(one.replaces, earlier) and not same_number(one.number, number):
            raise PlanError(
                f"is void: report No. {one.number} has replaced it",
                where=f"--amends {earlier}",
                remedy=f"replace the one that stands, such as {one.number}",
            )
