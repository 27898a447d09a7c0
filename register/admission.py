"""Which runs a register admits as the ground of an act, given everything that was done in it before.

Firmware of a product stands in one certificate at a time. What was found against it stays with it: a certificate that
is suspended cannot be gone round by another, and what was withdrawn is certified only on a run begun after that.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from certification.certificates import Act, Certificate, Entry, Standing, Subject
from certification.errors import PlanError
from register.history import History
from register.proofs import Proven


def demand_unused(history: History, proof: Proven, run: Path) -> None:
    """Demand that no act rests on this run, under this seal or another.

    Raises:
        PlanError: one does.
    """
    for entry in history.entries:
        for one in entry.wording.shown if entry.wording else ():
            if one.manifest_sm3 == proof.shown.manifest_sm3:
                raise PlanError(
                    f"{entry.number} rests on this run already", where=str(run), remedy="make and sign a new run"
                )
            if one.run == proof.shown.run:
                raise PlanError(
                    f"{entry.number} rests on {one.run} already, which was sealed otherwise then",
                    where=str(run),
                    remedy="make and sign a new run",
                )


def demand_different(proofs: Sequence[Proven], runs: Sequence[Path]) -> None:
    """Demand that no run was given twice for one act.

    Raises:
        PlanError: one was.
    """
    seen: set[str] = set()
    for proof, run in zip(proofs, runs, strict=True):
        if proof.shown.run in seen:
            raise PlanError(f"{proof.shown.run} is given twice", where=str(run), remedy="give each run once")
        seen.add(proof.shown.run)


def demand_free(history: History, proof: Proven, run: Path, day: date, number: str | None = None) -> None:
    """Demand that no other certificate than this one names the firmware of a run, or was withdrawn since it began.

    Args:
        number: the certificate that shall name it; None for a new one.

    Raises:
        PlanError: one does.
    """
    for one in history.certificates.values():
        if one.number == number:
            continue
        if (standing := one.standing(day)) is Standing.WITHDRAWN:
            _demand_begun_after_withdrawal(one, proof, run)
        elif _names(_worded(one)[-1:], one, proof):
            raise PlanError(
                f"this firmware is certified already and {standing}",
                where=one.number,
                remedy=_INSTEAD.get(standing, "renew that certificate with this run"),
            )


_INSTEAD = {Standing.SUSPENDED: "reinstate or withdraw that certificate first"}


def _demand_begun_after_withdrawal(one: Certificate, proof: Proven, run: Path) -> None:
    withdrawn = max(entry.at for entry in one.history if entry.act is Act.WITHDRAW)
    if _names(_worded(one), one, proof) and proof.started <= withdrawn:
        raise PlanError(
            f"began on {proof.started:%Y-%m-%d %H:%M}, before {one.number} for this firmware was withdrawn"
            f" ({withdrawn:%Y-%m-%d %H:%M})",
            where=str(run),
            remedy="run the plan again: what was withdrawn is certified on a new run only",
        )


def demand_newer(certificate: Certificate, proof: Proven, run: Path) -> None:
    """Demand that a run ended after the last act on a certificate that rested on a run.

    Raises:
        PlanError: it did not.
    """
    last = _last_founded(certificate)
    if proof.finished <= last.at:
        raise PlanError(
            f"ended on {proof.finished:%Y-%m-%d %H:%M}, before the {last.act} of {certificate.number} on"
            f" {last.at:%Y-%m-%d %H:%M}, which rests on a run",
            where=str(run),
            remedy="run the plan again",
        )


def demand_same(certificate: Certificate, proof: Proven, run: Path) -> None:
    """Demand that a run shows the product a certificate is for.

    Raises:
        PlanError: it shows another one.
    """
    for name in ("kind", "vendor", "model", "hardware"):
        filed, found = getattr(certificate.wording.subject, name), getattr(proof.subject, name)
        if filed != found:
            raise PlanError(
                f"shows {name} {found!r}, {certificate.number} certifies {filed!r}",
                where=str(run),
                remedy="issue a certificate of its own",
            )


def spelling(text: str) -> str:
    """A name with everything left out that is only its spelling: case, width, blanks and marks between letters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in folded if sign.isalnum())


def _product(subject: Subject) -> tuple[str, ...]:
    return (subject.kind, *(spelling(name) for name in (subject.vendor, subject.model, subject.hardware)))


def _worded(certificate: Certificate) -> tuple[Entry, ...]:
    return tuple(entry for entry in certificate.history if entry.wording)


def _names(entries: Sequence[Entry], certificate: Certificate, proof: Proven) -> bool:
    """Whether these acts on a certificate cover the firmware of a run, under any name its product ever had there."""
    product = _product(proof.subject)
    known = any(_product(entry.wording.subject) == product for entry in _worded(certificate) if entry.wording)
    digests = {one.firmware_sha256.lower() for entry in entries if entry.wording for one in entry.wording.shown}
    return known and proof.shown.firmware_sha256 in digests


def _last_founded(certificate: Certificate) -> Entry:
    return list(_founded(certificate))[-1]


def _founded(certificate: Certificate) -> Iterator[Entry]:
    """Acts on a certificate that rested on a run nobody had rested one on before."""
    known: set[str] = set()
    for entry in _worded(certificate):
        manifests = {one.manifest_sm3 for one in entry.wording.shown} if entry.wording else set()
        if manifests - known:
            yield entry
        known |= manifests
