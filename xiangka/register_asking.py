"""The work of ``xiangka register`` that asks a register and adds nothing to its history."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter
from rich.table import Table

from certification.certificates import CHINA, Certificate, untold, warning
from certification.cover import Answer, Cover, Device, cover
from certification.errors import PlanError
from certification.exit_codes import ExitCode
from certification.subject_file import load_subject
from register.acting import find
from register.book import Book
from register.files import write_files
from register.history import History
from register.listing import read_listing
from register.pages import STANDINGS, documents_of
from xiangka.console import wide_console
from xiangka.register_opening import day_of, now, open_book
from xiangka.verifying import CENTRE

_CERTIFICATE = TypeAdapter(Certificate)
_COVERS = {
    Cover.COVERED: "在覆盖范围内",
    Cover.SUSPENDED: "证书已暂停",
    Cover.EXPIRED: "证书已到期",
    Cover.WITHDRAWN: "证书已撤销",
    Cover.NOT_COVERED: "不在覆盖范围",
}


def show(options: argparse.Namespace) -> int:
    """List the certificates, or tell everything of one."""
    day = day_of(options)
    with open_book(options) as book:
        history = book.read()
        if options.number is None:
            _list(history, day, as_json=options.json)
            return int(ExitCode.PASSED)
        certificate = find(history, options.number)
        if options.documents is not None:
            _write_documents(book, certificate, options.documents)
    if options.json:
        print(json.dumps(_record(certificate, day), ensure_ascii=False, indent=1))
    else:
        print("\n".join(_told(certificate, day)))
    return int(ExitCode.PASSED)


def check(options: argparse.Namespace) -> int:
    """Tell whether a device is covered."""
    device, day = _device(options), day_of(options)
    if options.listing is not None:
        listing = read_listing(options.listing, _centre(options.centre), now())
        answer = cover(listing.certificates.values(), device, day)
        specimen, source = listing.specimen, f"登记簿截至 listing of {listing.made.isoformat(timespec='minutes')}"
    else:
        with open_book(options) as book:
            history = book.read()
        answer = cover(history.certificates.values(), device, day)
        specimen, source = history.opening.specimen, book.place
    if options.json:
        print(json.dumps(_answer(answer, device, day, specimen=specimen), ensure_ascii=False, indent=1))
    else:
        mark = "样本 SPECIMEN · " if specimen else ""
        print(
            f"{mark}{_COVERS[answer.cover]} {answer.cover} · {answer.reason.zh} · {answer.reason.en}（{day}，{source}）"
        )
    return int(ExitCode.PASSED if answer.cover is Cover.COVERED else ExitCode.FAILED)


def warnings(options: argparse.Namespace) -> int:
    """List certificates that expire soon."""
    day = day_of(options)
    with open_book(options) as book:
        certificates = book.read().certificates.values()
        told = book.warned() if options.new else {}
        due = [
            (one, _due(one, day, told.get((one.number, one.wording.expires), set()), new=options.new))
            for one in certificates
        ]
        found = [(one, ahead) for one, ahead in due if ahead is not None]
        for one, ahead in found if options.new else ():
            book.note_warning(one.number, one.wording.expires, ahead, day)
    if options.json:
        print(json.dumps([_warning(one, ahead, day) for one, ahead in found], ensure_ascii=False, indent=1))
        return int(ExitCode.PASSED)
    for one, ahead in found:
        left, until = one.days_left(day), one.wording.expires
        print(
            f"{one.number}: {left} 天后到期（{ahead} 天预警）expires in {left} days, on {until} ({ahead}-day warning)"
        )
    return int(ExitCode.PASSED)


def _due(certificate: Certificate, day: date, told: set[int], *, new: bool) -> int | None:
    return untold(certificate, day, told) if new else warning(certificate, day)


def _list(history: History, day: date, *, as_json: bool) -> None:
    certificates = history.certificates.values()
    if as_json:
        print(json.dumps([_record(one, day) for one in certificates], ensure_ascii=False, indent=1))
        return
    opening = history.opening
    mark = "样本 SPECIMEN · " if opening.specimen else ""
    table = Table(title=f"{mark}{opening.name.zh} · {history.records} 条记录已核验 acts verified")
    for heading in ("证书 certificate", "状态 standing", "有效期至 valid to", "产品 product", "固件 firmware"):
        table.add_column(heading)
    for one in certificates:
        wording, standing = one.wording, one.standing(day)
        firmware = ", ".join(shown.firmware for shown in wording.shown)
        product = f"{wording.subject.vendor} {wording.subject.model}"
        table.add_row(one.number, f"{STANDINGS[standing]} {standing}", str(wording.expires), product, firmware)
    wide_console().print(table)


def _told(certificate: Certificate, day: date) -> Iterator[str]:
    wording, standing = certificate.wording, certificate.standing(day)
    subject, edition = wording.subject, f"第 {wording.edition} 版 edition {wording.edition}"
    yield f"{certificate.number} · {STANDINGS[standing]} {standing} · {edition}"
    yield f"  产品 product: {subject.vendor} {subject.model}, {subject.hardware}（{subject.kind}）"
    yield f"  检测备案号 filing number: {subject.filing_number}"
    yield f"  有效期 valid: {wording.issued} – {wording.expires}"
    yield f"  实验室 laboratory: {wording.laboratory.zh}（{wording.authorisation}）"
    for one in wording.shown:
        yield f"  固件 firmware: {one.firmware} {one.firmware_sha256}"
        yield f"    试验 run {one.run}, manifest SM3 {one.manifest_sm3}"
        if one.waivers:
            yield f"    豁免 waived: {', '.join(f'{row} ({waiver})' for row, waiver in sorted(one.waivers.items()))}"
        if one.open_rows:
            yield f"    未涵盖 not covered: {', '.join(one.open_rows)}"
    for entry in certificate.history:
        yield f"  {entry.at.astimezone(CHINA).isoformat(timespec='minutes')} {entry.act} · {entry.who} · {entry.why.zh}"


def _record(certificate: Certificate, day: date) -> dict[str, object]:
    return {"standing": certificate.standing(day), **_CERTIFICATE.dump_python(certificate, mode="json")}


def _answer(answer: Answer, device: Device, day: date, *, specimen: bool) -> dict[str, object]:
    return {
        "cover": answer.cover,
        "firmware_sha256": device.firmware_sha256,
        "on": day.isoformat(),
        "specimen": specimen,
        "reason": answer.reason.model_dump(),
        "certificate": None if answer.certificate is None else answer.certificate.number,
    }


def _warning(certificate: Certificate, ahead: int, day: date) -> dict[str, object]:
    wording = certificate.wording
    return {
        "certificate": certificate.number,
        "vendor": wording.subject.vendor,
        "model": wording.subject.model,
        "expires": wording.expires.isoformat(),
        "days_left": certificate.days_left(day),
        "days_ahead": ahead,
    }


def _device(options: argparse.Namespace) -> Device:
    digest: str | None = options.firmware_hash
    if digest is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
        raise PlanError("is no SHA-256", where="--firmware-hash", remedy="give its 64 hex digits")
    if options.subject is None:
        if digest is None:
            raise PlanError(
                "no device is named", where="register check", remedy="give --firmware-hash, or --subject, or both"
            )
        return Device(digest, certificate=options.number)
    subject = load_subject(options.subject)
    filed = subject.identity
    digest = digest or filed.firmware_sha256
    if not digest:
        raise PlanError("names no firmware_sha256", where=str(options.subject), remedy="give --firmware-hash as well")
    return Device(digest, subject.kind, filed.vendor, filed.model, filed.hardware, options.number)


def _centre(option: Path | None) -> bytes:
    named = option or (Path(os.environ[CENTRE]) if os.environ.get(CENTRE) else None)
    if named is None:
        raise PlanError(
            "a listing is checked against the centre's certificates, and none are named",
            where="--centre",
            remedy=f"name centre.pem, there or in ${CENTRE}",
        )
    try:
        return named.read_bytes()
    except OSError as error:
        raise PlanError(
            f"cannot be read ({error.strerror})", where=str(named), remedy="name the centre's centre.pem"
        ) from error


def _write_documents(book: Book, certificate: Certificate, folder: Path) -> None:
    named = documents_of(certificate).items()
    bodies = {name: book.document(certificate.number, name, digest) for name, digest in named}
    try:
        write_files(folder, bodies)
    except OSError as error:
        raise PlanError(
            f"cannot be written ({error.strerror})", where=str(folder), remedy="name a folder you may write to"
        ) from error
