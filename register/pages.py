"""The public listing as static pages: one with a search, one a certificate. They ask no network for anything."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from certification.certificates import CHINA, Act, Certificate, Standing
from register.history import History
from reports import words

STANDINGS = {
    Standing.VALID: "有效",
    Standing.SUSPENDED: "暂停",
    Standing.EXPIRED: "到期",
    Standing.WITHDRAWN: "撤销",
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
            files=sorted(documents_of(certificate)),
            title=f"{certificate.number} · {history.opening.name.zh}",
            home="../../index.html",
            root="../../",
            **common,
        ).encode()
    return found


def documents_of(certificate: Certificate) -> Mapping[str, str]:
    """Every document of a certificate's history by name, with its SM3, hex."""
    return {name: digest for entry in certificate.history for name, digest in entry.documents.items()}


def known_manifests(certificate: Certificate) -> Sequence[str]:
    """SM3 of every manifest a code on an edition of this certificate may carry, hex, the newest last."""
    shown = [entry.wording.shown[-1] for entry in certificate.history if entry.wording]
    return [one.manifest_sm3 for one in shown]


def _told(certificate: Certificate, day: date) -> dict[str, Any]:
    wording, standing = certificate.wording, certificate.standing(day)
    subject = wording.subject
    sought = [certificate.number, subject.vendor, subject.model, subject.hardware, subject.filing_number]
    sought += [part for one in wording.shown for part in (one.firmware, one.firmware_sha256, one.manifest_sm3)]
    return {
        "number": certificate.number,
        "standing": str(standing),
        "standing_zh": STANDINGS[standing],
        "kind": words.word(words.SUBJECT_KINDS, subject.kind),
        "edition": wording.edition,
        "issued": wording.issued.isoformat(),
        "expires": wording.expires.isoformat(),
        "laboratory": wording.laboratory,
        "authorisation": wording.authorisation,
        "subject": subject,
        "shown": [asdict(one) for one in wording.shown],
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
        "text": " ".join([*sought, wording.laboratory.zh, wording.laboratory.en]).lower(),
    }


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
