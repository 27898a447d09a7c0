"""The certificate as a document: set by the reports' typesetter, the manifests inside, signed by the authoriser."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from certification.catalogue import Text
from certification.certificates import CHINA, Shown, Wording
from evidence.keys.signer import Signer
from evidence.pdf_signature import Place, sign_pdf
from evidence.signed import sign
from register.lines import Opening
from register.verification_code import code_svg, verification_url
from reports import words
from reports.pdf.typesetting import Attachment, typeset

TEMPLATE = "certificate.typ"
_NUMBERS_NAMED = 3
"""Numbers of reports that fit into the statement."""


def certificate_name(number: str, edition: int) -> str:
    """File name of an edition of a certificate."""
    return f"certificate-{number}{'' if edition == 1 else f'-{edition}'}.pdf"


def signed_certificate(
    opening: Opening, number: str, wording: Wording, manifest: Mapping[str, bytes], signer: Signer, now: datetime
) -> dict[str, bytes]:
    """An edition of a certificate and the SM2 signature beside it, which names the newest run, by file name.

    Args:
        opening: the register.
        number: the certificate's.
        wording: what it says.
        manifest: files of the runs to embed, by name.
        signer: the authoriser, for the signature inside (P-256, PAdES) and the one beside.
        now: the signing time.

    Raises:
        ReportError: it cannot be set.
        SignatureError: the signer may not sign now.
    """
    name = certificate_name(number, wording.edition)
    url = verification_url(opening.url, number, wording)
    done = typeset(
        TEMPLATE,
        _data(opening, number, wording, url, signer.name, now),
        lang="zh",
        made=now,
        attachments=[Attachment(file, body, _ABOUT) for file, body in manifest.items()],
        pictures={"code.svg": code_svg(url)},
    )
    place = done.places["authoriser"]
    pdf = sign_pdf(
        done.pdf,
        signer,
        reason=f"签发证书 {number} issue of the certificate",
        place=Place(place.page, place.box),
        now=now,
    )
    with tempfile.TemporaryDirectory(prefix="xiangka-certificate-") as folder:
        file = Path(folder) / name
        file.write_bytes(pdf)
        return {name: pdf, f"{name}.sig": sign(file, signer, now, run=wording.shown[-1].run).read_bytes()}


_ABOUT = "试验运行的证据清单及其签名 · manifest of the run's evidence, and its signatures"


def _data(opening: Opening, number: str, wording: Wording, url: str, authoriser: str, now: datetime) -> dict[str, Any]:
    subject, kind = wording.subject, words.word(words.SUBJECT_KINDS, wording.subject.kind)
    return {
        "specimen": opening.specimen,
        "register": opening.name.model_dump(),
        "title": {
            "zh": f"湖南省电子健康卡{kind.zh}认证证书",
            "en": f"Certificate of conformity: Hunan electronic health card, {kind.en}",
        },
        "number": number,
        "edition": wording.edition,
        "url": url,
        "authoriser": authoriser,
        "day": now.astimezone(CHINA).date().isoformat(),
        "subject": [
            _row("厂商", "Vendor", subject.vendor),
            _row("型号", "Model", subject.model),
            _row("硬件版本", "Hardware", subject.hardware),
            _row("检测备案号", "Filing number", _filed(subject.filing_number)),
        ],
        "shown": [_shown(one) for one in wording.shown],
        "evidence": _evidence(wording.shown).model_dump(),
        "basis": _basis(wording.shown).model_dump(),
        "terms": [
            _row("有效期", "Valid", f"{_day(wording.begins)}—{_day(wording.expires)}（含 inclusive）"),
            *_gaps(wording),
            _row("检测实验室", "Laboratory", f"{wording.laboratory.zh} {_beside(wording.laboratory)}".strip()),
            _row("授权（资质）编号", "Authorisation", wording.authorisation),
        ],
    }


def _row(zh: str, en: str, value: str) -> dict[str, Any]:
    return {"name": {"zh": zh, "en": en}, "value": value or "—"}


def _shown(one: Shown) -> dict[str, Any]:
    return {
        "firmware": one.firmware,
        "firmware_sha256": one.firmware_sha256,
        "run": one.run,
        "finished": one.finished.isoformat(),
        "plan": one.plan,
        "catalogue": one.catalogue,
        "manifest_sm3": one.manifest_sm3,
        "reports": list(one.reports),
        "open_rows": list(one.open_rows),
        "waivers": [f"{row}（{waiver}）" for row, waiver in sorted(one.waivers.items())],
    }


def _evidence(shown: Sequence[Shown]) -> Text:
    """Where requirements and decision rules stand: the reports by number, where there are any, else the runs."""
    numbers = list(dict.fromkeys(number for one in shown for number in one.reports))
    if not numbers or not all(one.reports for one in shown):
        return Text(zh="所列各试验运行的证据", en="the evidence of the runs listed")
    if len(numbers) > _NUMBERS_NAMED:
        return Text(zh="所列检测报告", en="the test reports listed")
    return Text(zh=f"检测报告 {'、'.join(numbers)}", en=f"test report {', '.join(numbers)}")


def _basis(shown: Sequence[Shown]) -> Text:
    """What a specimen rests on."""
    if any(one.open_rows for one in shown):
        return Text(zh="所依据的试验只涵盖部分“必须”要求", en="rests on a part of the mandatory tests")
    return Text(zh="依据模拟设备或试用密钥签发", en="rests on an emulated device or on keys for trial")


def _gaps(wording: Wording) -> list[dict[str, Any]]:
    """Where validity was broken: since when the certificate has been there, and when it was not valid."""
    if not wording.gaps:
        return []
    lapsed = "；".join(f"{_day(first)}—{_day(last)}" for first, last in wording.gaps)
    return [_row("首次签发", "First issued", _day(wording.issued)), _row("其间无效", "Not valid", lapsed)]


def _filed(number: str) -> str:
    return "无 none" if number in ("", "none") else number


def _beside(name: Text) -> str:
    return "" if name.en == name.zh else name.en


def _day(day: date) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日"
