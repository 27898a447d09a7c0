"""Issuing a report: the run must hold together, its facts be stated, its number be new; then pages, then signatures."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from certification.errors import PlanError
from certification.laboratory import load_laboratory
from evidence.manifest import MANIFEST, SIGNATURES
from evidence.pdf_signature import Place, sign_pdf
from evidence.signed import sign, signature_path
from evidence.signer_certificates import ROLES
from reports.certificate_facts import Facts, facts_of
from reports.pdf.issue import Issue, Signatory, report_file
from reports.pdf.record import NAME, encoded, report_record
from reports.pdf.report import paged_report
from reports.pdf.typesetting import Attachment, Language
from reports.run_folder import RunFolder, read_run_folder
from xiangka.clear_check import require_nothing_told_in_clear
from xiangka.earlier_report import amended
from xiangka.key_secret import open_keys
from xiangka.sealed_run import require_sealed

if TYPE_CHECKING:
    from evidence.keys.signer import Signer

_NUMBER = re.compile(r"[\w〔〕（）()\[\].\- ]{1,80}")
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
    signers = _signers(options.keys, options.password_file)
    require_sealed(options.folder, signers, now)
    folder = _corrected(read_run_folder(options.folder), options)
    facts = facts_of(folder)
    _require_stated(facts, signers)
    number = _number(options.number or folder.run.run)
    out = _place(folder.path, options.out, signers)
    langs: Sequence[Language] = get_args(Language) if options.lang == "both" else (options.lang,)
    names = {lang: report_file(number, lang) for lang in langs}
    for name in names.values():
        if (out / name).exists():
            raise PlanError(
                "is there already, and a report is never overwritten",
                where=str(out / name),
                remedy="give another --number; if it corrects that one, also --amends and --reason",
            )
    manifest = (folder.path / MANIFEST).read_bytes()
    issue = Issue(
        number=number,
        issued=now,
        manifest=json.loads(manifest),
        manifest_sm3=hashlib.new("sm3", manifest).hexdigest(),
        signatories=[Signatory(signer.role, signer.name) for signer in signers],
    )
    told = encoded(report_record(facts, issue)) + " ".join(options.reason or ()).encode()
    require_nothing_told_in_clear(told, NAME, folder.path)
    with _staged(out) as stage:
        for lang, name in names.items():
            edition = replace(issue, amends=amended(options, folder.path, lang, facts, signers))
            _issue(stage / name, folder, facts, edition, lang, signers)
    return [out / name for name in names.values()]


def _issue(
    path: Path, folder: RunFolder, facts: Facts, issue: Issue, lang: Language, signers: Sequence[Signer]
) -> None:
    """One edition, with its signatures inside and beside it."""
    pages = paged_report(folder, facts, issue, lang, _attachments(folder.path, facts, issue))
    pdf = pages.pdf
    for signer in signers:
        place = pages.places[signer.role]
        pdf = sign_pdf(pdf, signer, reason=_REASONS[signer.role], place=Place(place.page, place.box), now=issue.issued)
    path.write_bytes(pdf)
    for signer in signers:
        sign(path, signer, issue.issued, run=folder.run.run)


def _attachments(run: Path, facts: Facts, issue: Issue) -> list[Attachment]:
    found = [
        Attachment(MANIFEST, (run / MANIFEST).read_bytes(), "Every file of the run with its SM3 digest"),
        Attachment(NAME, encoded(report_record(facts, issue)), "Every fact and verdict this report states"),
    ]
    if (run / SIGNATURES).is_file():
        signed = (run / SIGNATURES).read_bytes()
        found.append(Attachment(SIGNATURES, signed, "SM2 signatures over manifest.json", relationship="supplement"))
    return found


def _signers(keys: Sequence[Path], passwords: Sequence[Path]) -> list[Signer]:
    """The signers, the laboratory first."""
    if passwords and len(passwords) != len(keys):
        raise PlanError(
            f"{len(keys)} folders of keys, {len(passwords)} password files",
            where="--password-file",
            remedy="name as many, in the same order",
        )
    opened = [open_keys(folder, passwords[n] if passwords else None) for n, folder in enumerate(keys)]
    roles = [signer.role for signer in opened]
    if opened and sorted(roles) != sorted(ROLES):
        raise PlanError(
            f"the keys are of {', '.join(roles)}; a report is signed by the laboratory and the authoriser",
            where="--keys",
            remedy="name the folders of both, or none and --out for a report to be signed by hand",
        )
    return sorted(opened, key=lambda signer: ROLES.index(signer.role))


def _corrected(folder: RunFolder, options: argparse.Namespace) -> RunFolder:
    """The run with what a laboratory file corrects, where an amended report does."""
    if bool(options.amends) != bool(options.reason):
        raise PlanError(
            "a report that replaces another says which and why", where="--amends, --reason", remedy="give both"
        )
    if options.laboratory is None:
        return folder
    if not options.amends:
        raise PlanError(
            "a report states what its run states; only an amended one corrects that",
            where="--laboratory",
            remedy="name the report to be corrected with --amends, and give --reason",
        )
    run = folder.run.model_copy(update={"laboratory": load_laboratory(options.laboratory)})
    return replace(folder, run=run)


def _require_stated(facts: Facts, signers: Sequence[Signer]) -> None:
    if signers and facts.unstated:
        missing = ", ".join(one.key for one in facts.unstated)
        raise PlanError(
            f"nobody stated {missing}, without which no report may be signed",
            where=facts.run,
            remedy="run again with --laboratory F, or issue it without --keys and with --out",
        )


def _number(number: str) -> str:
    if not _NUMBER.fullmatch(number) or not number.strip():
        raise PlanError(
            f"{number!r} cannot be a report's number: its file is named after it",
            where="--number",
            remedy="use letters, digits, Chinese characters, brackets, dots, hyphens; 80 at most",
        )
    return number.strip()


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
