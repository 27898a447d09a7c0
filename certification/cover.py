"""Which certificate covers a device: one of its identity that names exactly its firmware, as it stands on a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from certification.catalogue import Text
from certification.certificates import Certificate, Dropped, Shown, Standing, as_of


class Cover(StrEnum):
    """What a register says of a device."""

    COVERED = "covered"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    NOT_COVERED = "not covered"


@dataclass(frozen=True)
class Device:
    """What is asked about; a field that is None is not compared.

    Attributes:
        firmware_sha256: SHA-256 of its firmware, hex.
        kind, vendor, model, hardware: fields of its identity.
        certificate: number of the only certificate to look at.
    """

    firmware_sha256: str
    kind: str | None = None
    vendor: str | None = None
    model: str | None = None
    hardware: str | None = None
    certificate: str | None = None


@dataclass(frozen=True)
class Answer:
    """What was found.

    Attributes:
        cover: the word.
        certificate: the certificate it comes from; None where none names the device.
        reason: why, in both languages.
    """

    cover: Cover
    certificate: Certificate | None
    reason: Text


_OF_STANDING = {
    Standing.VALID: Cover.COVERED,
    Standing.SUSPENDED: Cover.SUSPENDED,
    Standing.EXPIRED: Cover.EXPIRED,
    Standing.WITHDRAWN: Cover.WITHDRAWN,
}
_RANK = tuple(Cover)


def cover(certificates: Iterable[Certificate], device: Device, day: date) -> Answer:
    """Say whether a device is covered on a day by the acts done until then; of several certificates the best speaks."""
    known = tuple(certificates)
    same = [one for one in as_of(known, day) if _is_of(one, device)]
    naming = [one for one in same if _names(one, device)]
    if naming:
        best = min(naming, key=lambda one: _RANK.index(_OF_STANDING[one.standing(day)]))
        word = _OF_STANDING[best.standing(day)]
        return Answer(word, best, _reason(word, best))
    if dropped := [(one, gone) for one in same for gone in one.dropped if _is(gone.shown, device)]:
        return Answer(Cover.NOT_COVERED, None, _covered_once(*dropped[-1]))
    if later := [one for one in known if one.since > day and _is_of(one, device) and _names(one, device)]:
        return Answer(Cover.NOT_COVERED, None, _not_yet(later[0]))
    if same and (device.model is not None or device.certificate is not None):
        return Answer(Cover.NOT_COVERED, None, _other_firmware(same))
    return Answer(
        Cover.NOT_COVERED,
        None,
        Text(zh="登记簿中没有覆盖该固件的证书", en="no certificate of this register names this firmware"),
    )


def _is_of(certificate: Certificate, device: Device) -> bool:
    subject = certificate.wording.subject
    pairs = (
        (device.certificate, certificate.number),
        (device.kind, subject.kind),
        (device.vendor, subject.vendor),
        (device.model, subject.model),
        (device.hardware, subject.hardware),
    )
    return all(asked is None or asked == filed for asked, filed in pairs)


def _names(certificate: Certificate, device: Device) -> bool:
    return any(_is(one, device) for one in certificate.wording.shown)


def _is(shown: Shown, device: Device) -> bool:
    return shown.firmware_sha256 == device.firmware_sha256.lower()


def _reason(word: Cover, certificate: Certificate) -> Text:
    until = certificate.wording.expires.isoformat()
    match word:
        case Cover.COVERED:
            return Text(zh=f"证书 {certificate.number} 有效期至 {until}", en=f"{certificate.number}, valid to {until}")
        case Cover.EXPIRED:
            return Text(
                zh=f"证书 {certificate.number} 已于 {until} 到期", en=f"{certificate.number} expired on {until}"
            )
        case _:
            last = certificate.history[-1]
            zh = "已暂停" if word is Cover.SUSPENDED else "已撤销"
            return Text(
                zh=f"证书 {certificate.number} {zh}：{last.why.zh}", en=f"{certificate.number} is {word}: {last.why.en}"
            )


def _covered_once(certificate: Certificate, gone: Dropped) -> Text:
    number, day, why = certificate.number, gone.day.isoformat(), gone.entry.why
    return Text(
        zh=f"证书 {number} 自 {day} 起不再覆盖该固件：{why.zh}",
        en=f"{number} no longer covers this firmware since {day}: {why.en}",
    )


def _not_yet(certificate: Certificate) -> Text:
    number, day = certificate.number, certificate.since.isoformat()
    return Text(zh=f"证书 {number} 于 {day} 方才签发", en=f"{number} was issued only on {day}")


def _other_firmware(same: list[Certificate]) -> Text:
    numbers = "、".join(one.number for one in same)
    return Text(
        zh=f"证书 {numbers} 覆盖同型号的其他固件，不覆盖本固件",
        en=f"{', '.join(one.number for one in same)} covers other firmware of this model, and not this one",
    )
