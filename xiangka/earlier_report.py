"""The earlier report that an amended one replaces: found, checked, and compared with what is stated now."""

from __future__ import annotations

import argparse
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from certification.catalogue import Text
from certification.errors import PlanError
from evidence.errors import SignatureError
from evidence.signed import check, signature_path
from reports.pdf.issue import Amendment, Statement, report_file
from reports.pdf.record import amendment, record_of
from reports.pdf.typesetting import Language

if TYPE_CHECKING:
    from evidence.keys.signer import Signer

_EDITION = re.compile(r"-(zh|en)\.pdf$")


@dataclass(frozen=True)
class EarlierReport:
    """A report to be replaced, in the edition that has the language of the new one where there is such."""

    path: Path
    number: str
    sm3: str
    record: Mapping[str, Any]

    def amended(self, reason: Text, stated: Mapping[str, Statement]) -> Amendment:
        """What becomes of it, by what is stated now."""
        return amendment(self.record, self.sm3, reason, stated)


def earlier_report(named: str | None, run: Path, lang: Language, signers: Sequence[Signer]) -> EarlierReport | None:
    """The earlier report; None where none is replaced.

    Args:
        named: its file, or its number.
        run: the run's folder, where a number is looked up.
        lang: edition whose predecessor is meant.
        signers: who sign now; the earlier report must have been signed under their centre.

    Raises:
        PlanError: there is no such report, or nobody signed it.
        ReportError: it is no report.
    """
    if named is None:
        return None
    path = _file(named, run, lang)
    pdf = path.read_bytes()
    if signers:
        _require_issued(path, pdf, signers[0].centre)
    record = record_of(pdf, str(path))
    return EarlierReport(path, str(record["number"]), hashlib.new("sm3", pdf).hexdigest(), record)


def reason_of(options: argparse.Namespace, langs: Sequence[Language]) -> Text:
    """Why the earlier report is replaced, in the languages of the new one; blank where none is replaced.

    Raises:
        PlanError: it is missing, blank, or lacks a language.
    """
    told = [one.strip() for one in options.reason or ()]
    if (options.amends is None) != (options.reason is None) or not all(told):
        raise PlanError(
            "a report that replaces another says which and why", where="--amends, --reason", remedy="give both"
        )
    if told and not len(langs) <= len(told) <= len(get_args(Language)):
        raise PlanError(
            f"{len(told)} reasons for {len(langs)} editions",
            where="--reason",
            remedy="give it in Chinese, then in English, each in quotation marks, or make one edition with --lang",
        )
    return Text(zh=told[0], en=told[-1]) if told else Text(zh="", en="")


def _file(named: str, run: Path, lang: Language) -> Path:
    path = Path(named) if named.endswith(".pdf") else run / report_file(named, lang)
    for candidate in (path.with_name(_EDITION.sub(f"-{lang}.pdf", path.name)), path, *_others(path)):
        if candidate.is_file():
            return candidate
    raise PlanError(
        "there is no such report", where=str(path), remedy="name the file of the report to be replaced with --amends"
    )


def _others(path: Path) -> list[Path]:
    """The same report in its other edition."""
    return [path.with_name(_EDITION.sub(f"-{lang}.pdf", path.name)) for lang in ("zh", "en")]


def _require_issued(path: Path, pdf: bytes, centre: bytes) -> None:
    beside = signature_path(path)
    try:
        check(pdf, beside.read_bytes(), centre, file=path.name)
    except OSError as error:
        raise PlanError(
            "the report to be replaced was never signed", where=str(beside), remedy="issue the report without --amends"
        ) from error
    except SignatureError as error:
        raise PlanError(error.what, where=str(beside), remedy=error.remedy) from error
