"""The work of ``xiangka register show``: the certificates, or everything of one."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter
from rich.table import Table

from certification.certificates import CHINA, Certificate, as_of
from certification.errors import PlanError
from certification.exit_codes import ExitCode
from register.acting import find
from register.book import Book
from register.files import write_files
from register.history import History
from register.listing import demand_continued, read_listing
from register.pages import STANDINGS, documents_of
from xiangka.console import wide_console
from xiangka.register_opening import centre_text, day_of, now, open_book, read_book

_CERTIFICATE = TypeAdapter(Certificate)


def show(options: argparse.Namespace) -> int:
    """List the certificates, or tell everything of one."""
    day = day_of(options)
    with open_book(options) as book:
        history = read_book(book, options)
        if options.listing is not None:
            _demand_published(history, options.listing)
        if options.number is None:
            _list(history, day, as_json=options.json)
            return int(ExitCode.PASSED)
        certificate = _of_day(find(history, options.number), day)
        if options.documents is not None:
            _write_documents(book, certificate, options.documents)
    if options.json:
        print(json.dumps(_record(certificate, day), ensure_ascii=False, indent=1))
    else:
        print("\n".join([*_told(certificate, day), f"  中心 centre: {centre_text(history)}"]))
    return int(ExitCode.PASSED)


def _list(history: History, day: date, *, as_json: bool) -> None:
    certificates = as_of(history.certificates.values(), day)
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
    print(f"中心 centre: {centre_text(history)}")


def _demand_published(history: History, folder: Path) -> None:
    """Demand that the register holds every act a listing of it told: one cut off at its end is whole by itself."""
    listing = read_listing(folder, history.opening.centre.encode(), now())
    demand_continued(listing, history.heads, str(folder))


def _of_day(certificate: Certificate, day: date) -> Certificate:
    then = certificate.as_of(day)
    if then is None:
        raise PlanError(
            f"was issued only on {certificate.since}", where=certificate.number, remedy="name a later day with --on"
        )
    return then


def _told(certificate: Certificate, day: date) -> Iterator[str]:
    wording, standing = certificate.wording, certificate.standing(day)
    subject, edition = wording.subject, f"第 {wording.edition} 版 edition {wording.edition}"
    yield f"{certificate.number} · {STANDINGS[standing]} {standing} · {edition}"
    yield f"  产品 product: {subject.vendor} {subject.model}, {subject.hardware}（{subject.kind}）"
    yield f"  检测备案号 filing number: {subject.filing_number}"
    yield f"  有效期 valid: {wording.begins} – {wording.expires}"
    for first, last in wording.gaps:
        yield f"  中断 not valid: {first} – {last}（首次签发 issued {wording.issued}）"
    yield f"  实验室 laboratory: {wording.laboratory.zh}（{wording.authorisation}）"
    for one in wording.shown:
        yield f"  固件 firmware: {one.firmware} {one.firmware_sha256}"
        yield f"    试验 run {one.run}, manifest SM3 {one.manifest_sm3}"
        if one.reports:
            yield f"    报告 report {', '.join(one.reports)}"
        if one.waivers:
            yield f"    豁免 waived: {', '.join(f'{row} ({waiver})' for row, waiver in sorted(one.waivers.items()))}"
        if one.open_rows:
            yield f"    未涵盖 not covered: {', '.join(one.open_rows)}"
    for gone in certificate.dropped:
        yield f"  不再覆盖 no longer covered: {gone.shown.firmware} {gone.shown.firmware_sha256}（{gone.day}）"
    for entry in certificate.history:
        yield f"  {entry.at.astimezone(CHINA).isoformat(timespec='minutes')} {entry.act} · {entry.who} · {entry.why.zh}"


def _record(certificate: Certificate, day: date) -> dict[str, object]:
    return {"standing": certificate.standing(day), **_CERTIFICATE.dump_python(certificate, mode="json")}


def _write_documents(book: Book, certificate: Certificate, folder: Path) -> None:
    named = documents_of(certificate).items()
    bodies = {name: book.document(certificate.number, name, digest) for name, digest in named}
    try:
        write_files(folder, bodies)
    except OSError as error:
        raise PlanError(
            f"cannot be written ({error.strerror})", where=str(folder), remedy="name a folder you may write to"
        ) from error
