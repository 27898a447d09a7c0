"""The work of ``xiangka register check``: is a device covered, is a certificate at hand genuine and in force."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from certification.certificates import Certificate, Standing, as_of
from certification.cover import Cover, Device, cover
from certification.errors import PlanError
from certification.exit_codes import ExitCode
from certification.subject_file import load_subject
from evidence.chain import sm3
from register.genuine import known_document
from register.listing import read_listing
from register.pages import STANDINGS
from xiangka.register_opening import day_of, file_bytes, named_centre, now, open_book, read_book

_COVERS = {
    Cover.COVERED: "在覆盖范围内",
    Cover.SUSPENDED: "证书已暂停",
    Cover.EXPIRED: "证书已过期",
    Cover.WITHDRAWN: "证书已撤销",
    Cover.NOT_COVERED: "不在覆盖范围",
}

_UNKNOWN = ("不是本登记簿签发的文件", "not a document of this register")


@dataclass(frozen=True)
class _Source:
    """A register that is asked, or its published listing."""

    name: str
    specimen: bool
    certificates: Collection[Certificate]


@dataclass(frozen=True)
class _Answer:
    """Whether it is so, in words, and for a program."""

    holds: bool
    said: str
    record: dict[str, Any]


def check(options: argparse.Namespace) -> int:
    """Tell whether a device is covered, or a certificate at hand is genuine and in force."""
    day = day_of(options)
    if options.document is None:
        device = _device(options)
        source = _source(options)
        answer = _of_device(device, source, day)
    else:
        digest = sm3(file_bytes(options.document, "name a certificate's PDF")).hex()
        about = _device(options) if options.firmware_hash or options.subject else None
        source = _source(options)
        answer = _of_both(digest, about, options.number, source, day)
    if options.json:
        asked = {"on": day.isoformat(), "specimen": source.specimen}
        print(json.dumps({**answer.record, **asked}, ensure_ascii=False, indent=1))
    else:
        mark = "样本 SPECIMEN · " if source.specimen else ""
        print(f"{mark}{answer.said}（{day}，{source.name}）")
    return int(ExitCode.PASSED if answer.holds else ExitCode.FAILED)


def _source(options: argparse.Namespace) -> _Source:
    if options.listing is not None:
        listing = read_listing(options.listing, named_centre(options), now())
        made = listing.made.isoformat(timespec="minutes")
        return _Source(f"登记簿截至 listing of {made}", listing.specimen, listing.certificates.values())
    with open_book(options) as book:
        history = read_book(book, options)
        return _Source(book.place, history.opening.specimen, history.certificates.values())


def _of_device(device: Device, source: _Source, day: date) -> _Answer:
    found = cover(source.certificates, device, day)
    record = {
        "cover": found.cover,
        "firmware_sha256": device.firmware_sha256,
        "reason": found.reason.model_dump(),
        "certificate": None if found.certificate is None else found.certificate.number,
    }
    said = f"{_COVERS[found.cover]} {found.cover} · {found.reason.zh} · {found.reason.en}"
    return _Answer(found.cover is Cover.COVERED, said, record)


def _of_both(digest: str, device: Device | None, number: str | None, source: _Source, day: date) -> _Answer:
    """Whether a certificate at hand is in force, and is the one that was named, and covers the device in question."""
    paper = _of_document(digest, source, day)
    held = paper.record["certificate"]
    if number is not None and held is not None and held != number:
        other = f"{paper.said} · 不是所问证书 not {number}"
        return _Answer(False, other, {**paper.record, "asked": number})
    if device is None or held is None:
        return paper
    covered = _of_device(replace(device, certificate=held), source, day)
    record = {**paper.record, "device": covered.record}
    return _Answer(paper.holds and covered.holds, f"{paper.said} · {covered.said}", record)


def _of_document(digest: str, source: _Source, day: date) -> _Answer:
    found = known_document(as_of(source.certificates, day), digest)
    if found is None:
        later = known_document(source.certificates, digest) is not None
        zh, en = ("当日尚未签发", "not given out yet on that day") if later else _UNKNOWN
        record = {"known": later, "sm3": digest, "certificate": None, "in_force": False, "standing": None}
        return _Answer(False, f"{zh} · {en}", record)
    standing = found.certificate.standing(day)
    edition = "现行版 edition in force" if found.in_force else "非现行版证书 not the certificate in force"
    said = f"{found.name}：{edition} · 证书 certificate {STANDINGS[standing]} {standing}"
    record = {
        "known": True,
        "sm3": digest,
        "certificate": found.certificate.number,
        "in_force": found.in_force,
        "standing": standing,
    }
    return _Answer(found.in_force and standing is Standing.VALID, said, record)


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
