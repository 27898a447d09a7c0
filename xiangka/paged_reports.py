"""Issuing a report: the run must hold together, its facts be stated, its number be new; then pages, then signatures."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from certification.errors import PlanError
from evidence.manifest import MANIFEST, SIGNATURES
from evidence.pdf_signature import Place, sign_pdf
from evidence.signed import sign, signature_path
from reports.certificate_facts import Facts, facts_of
from reports.pdf.issue import Issue, Signatory, report_file
from reports.pdf.record import NAME, encoded, report_record
from reports.pdf.report import paged_report
from reports.pdf.statements import statements
from reports.pdf.typesetting import Attachment, Language
from reports.run_folder import RunFolder, read_run_folder
from xiangka.clear_check import require_nothing_in_clear, require_nothing_told_in_clear
from xiangka.earlier_report import earlier_report, reason_of
from xiangka.issued_reports import checked_number, issued_reports, require_new, require_replaceable
from xiangka.laboratory_checks import checked_laboratory
from xiangka.report_signers import require_authoriser, signers_of
from xiangka.sealed_run import require_sealed

if TYPE_CHECKING:
    from evidence.keys.signer import Signer

_REASONS = {
    "laboratory": "检测报告签发 issued by the laboratory",
    "authoriser": "检测报告批准 authorised",
}
"""What readers show beside a signature of each role."""


def issue_reports(options: argparse.Namespace) -> list[Path]:
    """Issue the editions asked for; returns their files.

    Raises:
        PlanError: an option is wrong, the run does not hold together, something is there already, or what is to be told
            holds a number in clear.
        SignatureError: a key cannot be used.
        ReportError: the run cannot be told.
    """
    now = datetime.now().astimezone()
    langs: Sequence[Language] = get_args(Language) if options.lang == "both" else (options.lang,)
    reason = reason_of(options, langs)
    given = None if options.number is None else checked_number(options.number)
    signers = signers_of(options.keys, options.password_file)
    require_sealed(options.folder, signers, now)
    folder = _corrected(read_run_folder(options.folder), options)
    facts = facts_of(folder)
    _require_stated(facts, signers)
    number = given or checked_number(folder.run.run)
    out = _place(folder.path, options.out, signers)
    earlier = {lang: earlier_report(options.amends, folder.path, lang, signers) for lang in langs}
    issued, replaced = issued_reports(folder.path), next((one.number for one in earlier.values() if one), None)
    require_new(number, langs, out, issued, replaced)
    for one in filter(None, earlier.values()):
        require_replaceable(one.number, number, [*issued, *issued_reports(one.path.parent)])
    require_nothing_told_in_clear(_told(folder, options.reason), NAME, folder.path)
    manifest, stated = (folder.path / MANIFEST).read_bytes(), statements(folder, facts)
    issue = Issue(
        number=number,
        issued=now,
        manifest=json.loads(manifest),
        manifest_sm3=hashlib.new("sm3", manifest).hexdigest(),
        signatories=[Signatory(signer.role, signer.name) for signer in signers],
    )
    with _staged(out) as stage:
        for lang in langs:
            before = earlier[lang]
            edition = replace(issue, amends=None if before is None else before.amended(reason, stated))
            record = report_record(edition, stated)
            _issue(stage / report_file(number, lang), folder, facts, edition, lang, signers, record)
        require_nothing_in_clear(stage, out)
    return [out / report_file(number, lang) for lang in langs]


def _told(folder: RunFolder, reason: Sequence[str] | None) -> bytes:
    """All that the run and whoever replaces its report state, before anything in it is masked."""
    return "\n".join([folder.run.model_dump_json(), *(reason or ())]).encode()


def _issue(
    path: Path,
    folder: RunFolder,
    facts: Facts,
    issue: Issue,
    lang: Language,
    signers: Sequence[Signer],
    record: Mapping[str, Any],
) -> None:
    """One edition, with its signatures inside and beside it."""
    pages = paged_report(folder, facts, issue, lang, _attachments(folder.path, record))
    pdf = pages.pdf
    for signer in signers:
        place = pages.places[signer.role]
        pdf = sign_pdf(pdf, signer, reason=_REASONS[signer.role], place=Place(place.page, place.box), now=issue.issued)
    path.write_bytes(pdf)
    for signer in signers:
        sign(path, signer, issue.issued, run=folder.run.run)


def _attachments(run: Path, record: Mapping[str, Any]) -> list[Attachment]:
    found = [
        Attachment(MANIFEST, (run / MANIFEST).read_bytes(), "Every file of the run with its SM3 digest"),
        Attachment(NAME, encoded(record), "Every fact and verdict this report states"),
    ]
    if (run / SIGNATURES).is_file():
        signed = (run / SIGNATURES).read_bytes()
        found.append(Attachment(SIGNATURES, signed, "SM2 signatures over manifest.json", relationship="supplement"))
    return found


def _corrected(folder: RunFolder, options: argparse.Namespace) -> RunFolder:
    """The run with what a laboratory file corrects, where an amended report does."""
    if options.laboratory is None:
        return folder
    if not options.amends:
        raise PlanError(
            "a report states what its run states; only an amended one corrects that",
            where="--laboratory",
            remedy="name the report to be corrected with --amends, and give --reason",
        )
    asked = [row.requirement for row in folder.rows]
    stated = checked_laboratory(options.laboratory, folder.run.started.date(), asked)
    return replace(folder, run=folder.run.model_copy(update={"laboratory": stated}))


def _require_stated(facts: Facts, signers: Sequence[Signer]) -> None:
    if signers and facts.unstated:
        missing = ", ".join(one.key for one in facts.unstated)
        raise PlanError(
            f"nobody stated {missing}, without which no report may be signed",
            where=facts.run,
            remedy="run again with --laboratory F, or issue it without --keys and with --out",
        )
    require_authoriser(facts, signers)


def _place(run: Path, out: Path | None, signers: Sequence[Signer]) -> Path:
    """Where the report goes: a signed one to its run, which holds nothing unsigned."""
    if signers and out is not None:
        raise PlanError("a signed report stands in its run's folder", where="--out", remedy="leave it out")
    if signers:
        return run
    if out is None:
        raise PlanError(
            "without keys the report is unsigned, and a sealed run takes in nothing unsigned",
            where="--keys",
            remedy="name the keys of laboratory and authoriser, or with --out another folder",
        )
    if not out.is_dir() or out.resolve().is_relative_to(run.resolve()):
        raise PlanError("is no folder, or one within the run", where=str(out), remedy="name another that is there")
    return out


@contextmanager
def _staged(out: Path) -> Iterator[Path]:
    """A folder to write into; what is in it at the end goes where it belongs, signatures first.

    It stands beside the run and not in it: what a kill leaves behind must not keep the run from verifying.
    """
    whole = out.resolve()
    stage = whole.with_name(f".{whole.name}.report-{os.getpid()}")
    try:
        stage.mkdir()
        yield stage
        for path in sorted(stage.glob("*.pdf")):
            beside = signature_path(path)
            if beside.exists():
                beside.rename(out / beside.name)
            path.rename(out / path.name)
    except OSError as error:
        raise PlanError(
            f"cannot be written ({error.strerror})",
            where=str(error.filename or out),
            remedy="make the folder writable, free space",
        ) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
