"""The earlier report that an amended one replaces: found, checked, and compared with what is stated now."""

from __future__ import annotations

import argparse
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from certification.catalogue import Text
from certification.errors import PlanError
from evidence.errors import SignatureError
from evidence.signed import check, signature_path
from reports.certificate_facts import Facts
from reports.pdf.issue import Amendment, report_file
from reports.pdf.record import amendment, record_of
from reports.pdf.typesetting import Language

if TYPE_CHECKING:
    from evidence.keys.signer import Signer

_EDITION = re.compile(r"-(zh|en)\.pdf$")


def amended(
    options: argparse.Namespace, run: Path, lang: Language, facts: Facts, signers: Sequence[Signer]
) -> Amendment | None:
    """What becomes of the earlier report; None where none is replaced.

    Args:
        options: ``amends``, ``reason``.
        run: the run's folder, where a number is looked up.
        lang: edition whose predecessor is meant, where there is one in this language.
        facts: what is stated now.
        signers: who sign now; the earlier report must have been signed under their centre.

    Raises:
        PlanError: there is no such report, or nobody signed it.
        ReportError: it is no report.
    """
    if not options.amends:
        return None
    path = _file(options.amends, run, lang)
    pdf = path.read_bytes()
    if signers:
        _require_issued(path, pdf, signers[0].centre)
    zh, *rest = options.reason
    reason = Text(zh=zh, en=rest[0] if rest else zh)
    return amendment(record_of(pdf, str(path)), hashlib.new("sm3", pdf).hexdigest(), reason, facts)


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
