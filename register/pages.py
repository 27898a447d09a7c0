"""The public listing as static pages: one with a search, one a certificate. They ask no network for anything."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from certification.catalogue import Text
from certification.certificates import CHINA, Act, Certificate, Standing
from register.certificate_pdf import certificate_name
from register.history import History
from reports import words

STANDINGS = {
    Standing.VALID: "有效",
    Standing.SUSPENDED: "已暂停",
    Standing.EXPIRED: "已过期",
    Standing.WITHDRAWN: "已撤销",
}
ACTS = {
    Act.ISSUE: "签发",
    Act.SUSPEND: "暂停",
    Act.REINSTATE: "恢复",
    Act.WITHDRAW: "撤销",
    Act.RENEW: "续期",
    Act.AMEND: "变更",
}


def pages(history: History, made: datetime) -> dict[str, bytes]:
    """Every page by its path below the listing's folder.

    Args:
        history: the register.
        made: moment the listing is made.
    """
    environment = _environment()
    day = made.astimezone(CHINA).date()
    told = [_told(one, day) for one in history.certificates.values()]
    common = {
        "name": history.opening.name,
        "specimen": history.opening.specimen,
        "made": made.astimezone(CHINA).isoformat(timespec="minutes"),
        "acts": history.records,
        "style": Markup(_asset("register.css")),  # noqa: S704 - our own file
        **_script(),
    }
    listing = environment.get_template("listing.html.j2")
    found = {
        "index.html": listing.render(
            certificates=told,
            standings=list(STANDINGS.items()),
            title=history.opening.name.zh,
            home="index.html",
            root="",
            **common,
        ).encode()
    }
    template = environment.get_template("certificate.html.j2")
    for certificate, one in zip(history.certificates.values(), told, strict=True):
        found[f"c/{certificate.number}/index.html"] = template.render(
            one=one,
            known=known_manifests(certificate),
            files=documents_told(certificate),
            title=f"{certificate.number} · {history.opening.name.zh}",
            home="../../index.html",
            root="../../",
            **common,
        ).encode()
    return found


def documents_of(certificate: Certificate) -> Mapping[str, str]:
    """Every document of a certificate's history by name, with its SM3, hex."""
    return {name: digest for entry in certificate.history for name, digest in entry.documents.items()}


@dataclass(frozen=True)
class Told:
    """A document as a page lists it: its name, and what it is in both languages."""

    name: str
    about: Text


def documents_told(certificate: Certificate) -> Sequence[Told]:
    """Every document, the edition in force first, then earlier ones, the newest first, then the evidence of runs."""
    newest, found, evidence = certificate.wording.edition, [], []
    for entry in reversed(certificate.history):
        edition = entry.wording.edition if entry.wording else 0
        paper = certificate_name(certificate.number, edition)
        if edition == newest:
            about = Text(zh=f"现行版，第 {edition} 版", en=f"edition in force, number {edition}")
        else:
            about = Text(zh=f"旧版，第 {edition} 版，已由后版取代", en=f"earlier edition, number {edition}, replaced")
        for name in sorted(entry.documents):
            if name in (paper, f"{paper}.sig"):
                found.append(Told(name, about))
            else:
                evidence.append(Told(name, Text(zh="试验运行的证据清单", en="manifest of a run")))
    return (*found, *evidence)


def known_manifests(certificate: Certificate) -> Sequence[str]:
    """SM3 of the manifest the code on each edition of this certificate carries, hex, from the first edition on."""
    shown = [entry.wording.shown[-1] for entry in certificate.history if entry.wording]
    return [one.manifest_sm3 for one in shown]


def _told(certificate: Certificate, day: date) -> dict[str, Any]:
    wording, standing = certificate.wording, certificate.standing(day)
    subject = wording.subject
    kind, dropped = words.word(words.SUBJECT_KINDS, subject.kind), certificate.dropped
    sought = [certificate.number, subject.vendor, subject.model, subject.hardware, subject.filing_number]
    for one in (*wording.shown, *(gone.shown for gone in dropped)):
        sought += [one.firmware, one.firmware_sha256, one.manifest_sm3, *one.reports]
    return {
        "number": certificate.number,
        "standing": str(standing),
        "standing_zh": STANDINGS[standing],
        "kind": kind,
        "edition": wording.edition,
        "begins": wording.begins.isoformat(),
        "issued": wording.issued.isoformat(),
        "gaps": [(first.isoformat(), last.isoformat()) for first, last in wording.gaps],
        "expires": wording.expires.isoformat(),
        "laboratory": wording.laboratory,
        "authorisation": wording.authorisation,
        "subject": subject,
        "shown": [asdict(one) for one in wording.shown],
        "dropped": [
            {**asdict(gone.shown), "day": gone.day.isoformat(), "why": gone.entry.why} for gone in reversed(dropped)
        ],
        "history": [
            {
                "at": entry.at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M"),
                "act": str(entry.act),
                "act_zh": ACTS[entry.act],
                "who": entry.who,
                "why": entry.why,
            }
            for entry in certificate.history
        ],
        "text": _sought(*sought, kind.zh, kind.en, wording.laboratory.zh, wording.laboratory.en),
    }


def _sought(*parts: str) -> str:
    """Text that is searched, in one width and one case."""
    return unicodedata.normalize("NFKC", " ".join(parts)).lower()


def _script() -> dict[str, Any]:
    script = _asset("register.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"script": Markup(script), "script_hash": f"sha256-{digest}"}  # noqa: S704 - our own file


def _asset(name: str) -> str:
    return (resources.files("register") / "templates" / name).read_text(encoding="utf-8")


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("register", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
