"""What an authoriser does in a register: open it, issue, renew and amend certificates, suspend, reinstate, withdraw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from certification.catalogue import Text
from certification.certificates import (
    CHINA,
    Act,
    Certificate,
    Entry,
    Shown,
    Standing,
    Subject,
    Wording,
    demand_open,
    last_day,
)
from certification.errors import PlanError
from evidence.chain import sm3
from evidence.errors import SignatureError
from evidence.keys.signer import Signer
from evidence.signer_certificates import AUTHORISER
from register.book import Book, Change
from register.certificate_pdf import signed_certificate
from register.history import History
from register.proofs import Proven, proven
from register.published_words import demand_publishable

CORRECTABLE = ("vendor", "model", "hardware", "filing_number")
"""Fields of a certificate that an amendment may correct without a new run."""


@dataclass(frozen=True)
class Hand:
    """Who acts, when and why.

    Attributes:
        signer: an authoriser of the register's centre.
        now: the moment, whole seconds, with its zone.
        why: the reason given.
    """

    signer: Signer
    now: datetime
    why: Text

    @property
    def day(self) -> date:
        """The day in China."""
        return self.now.astimezone(CHINA).date()


@dataclass(frozen=True)
class Done:
    """What came of an act.

    Attributes:
        certificate: as it stands after it.
        documents: files made by it, by name: the certificate and the signature beside it.
    """

    certificate: Certificate
    documents: Mapping[str, bytes]


def issue(book: Book, run: Path, hand: Hand, until: date | None = None) -> Done:
    """Issue a certificate on a signed run.

    Raises:
        BrokenRegisterError: register or run does not verify.
        PlanError: the run does not suffice, or has been used, or its firmware is certified already.
        ReportError: the certificate cannot be set.
        SignatureError: the signer may not sign.
    """
    _demand_fit(hand)
    with book.change() as change:
        proof = _proven(change.history, run, hand)
        _demand_uncertified(change.history, proof, hand.day)
        wording = Wording(
            edition=1,
            issued=hand.day,
            expires=last_day(hand.day, until, proof.waived_until),
            laboratory=proof.laboratory,
            authorisation=proof.authorisation,
            subject=proof.subject,
            shown=(proof.shown,),
        )
        return _reworded(change, Act.ISSUE, _next_number(change.history, hand.day), wording, hand, proof.documents)


def renew(book: Book, number: str, runs: Sequence[Path], hand: Hand, until: date | None = None) -> Done:
    """Renew a certificate on new runs; firmware that none of them shows is covered no longer.

    Raises:
        as ``issue``, and PlanError: the certificate is not there, cannot be renewed as it stands, or a run shows
            another product or firmware than it covers.
    """
    _demand_fit(hand)
    with book.change() as change:
        certificate = _standing_open(change.history, number, Act.RENEW, hand.day)
        proofs = [_proven(change.history, run, hand) for run in runs]
        covered = {one.firmware_sha256 for one in certificate.wording.shown}
        for run, proof in zip(runs, proofs, strict=True):
            _demand_same(certificate, proof, run)
            _demand_newer(certificate, proof, run)
            if proof.shown.firmware_sha256 not in covered:
                raise PlanError(
                    f"shows firmware {proof.shown.firmware}, which {number} does not cover",
                    where=str(run),
                    remedy="amend the certificate with this run, or issue a new one",
                )
        shown = tuple({proof.shown.firmware_sha256: proof.shown for proof in proofs}.values())
        wording = replace(
            certificate.wording.renewed(hand.day, last_day(hand.day, until, _waived_until(proofs))),
            laboratory=proofs[-1].laboratory,
            authorisation=proofs[-1].authorisation,
            shown=shown,
        )
        return _reworded(change, Act.RENEW, number, wording, hand, _documents(proofs))


def amend(
    book: Book,
    number: str,
    hand: Hand,
    *,
    runs: Sequence[Path] = (),
    drop: Sequence[str] = (),
    correct: Mapping[str, str] | None = None,
) -> Done:
    """Amend a certificate: cover further firmware on new runs, take firmware out, correct what it says of the product.

    Its last day of validity stays, unless a waiver of a new run ends before it.

    Args:
        drop: SHA-256 of firmware to be covered no longer, hex.
        correct: new values of fields in ``CORRECTABLE``.

    Raises:
        as ``issue``, and PlanError: the certificate is not there, cannot be amended as it stands, nothing would
            change, or no firmware would be left.
    """
    _demand_fit(hand, *(correct or {}).values())
    with book.change() as change:
        certificate = _standing_open(change.history, number, Act.AMEND, hand.day)
        proofs = [_proven(change.history, run, hand) for run in runs]
        for run, proof in zip(runs, proofs, strict=True):
            _demand_same(certificate, proof, run)
        _demand_covered(certificate, drop)
        before = certificate.wording
        new = {proof.shown.firmware_sha256: proof.shown for proof in proofs}
        wording = replace(
            before,
            edition=before.edition + 1,
            expires=min(before.expires, _waived_until(proofs) or before.expires),
            subject=_corrected(before.subject, correct or {}),
            shown=_kept(before.shown, {*drop, *new}) + tuple(new.values()),
        )
        if not wording.shown:
            raise PlanError("no firmware would be left", where=number, remedy="withdraw the certificate instead")
        if replace(wording, edition=before.edition) == before:
            raise PlanError("nothing would change", where=number, remedy="say what to amend: --run, --drop, --correct")
        return _reworded(change, Act.AMEND, number, wording, hand, _documents(proofs))


def set_standing(book: Book, act: Act, number: str, hand: Hand) -> Certificate:
    """Suspend, reinstate or withdraw a certificate; what it says stays.

    Raises:
        BrokenRegisterError: the register does not verify.
        PlanError: the certificate is not there, or does not stand so that it can be done.
        SignatureError: the signer may not sign.
    """
    _demand_fit(hand)
    with book.change() as change:
        certificate = _standing_open(change.history, number, act, hand.day)
        entry = Entry(number, act, hand.now, hand.signer.name, hand.why)
        change.add(entry, hand.signer, {})
        return replace(certificate, history=(*certificate.history, entry))


def find(history: History, number: str) -> Certificate:
    """A certificate by its number.

    Raises:
        PlanError: there is none.
    """
    found = history.certificates.get(number)
    if found is None:
        raise PlanError("there is no such certificate", where=number, remedy="list them with `xiangka register show`")
    return found


def demand_authoriser(signer: Signer) -> None:
    """Demand that a signer is one who may keep a register.

    Raises:
        SignatureError: he is not.
    """
    if signer.role != AUTHORISER:
        raise SignatureError(
            f"{signer.name} signs as {signer.role}, and a register is kept by an authoriser",
            "name the authoriser's folder (--keys)",
        )


def _demand_fit(hand: Hand, *words: str) -> None:
    """Nothing can be taken out of a register again, and everybody reads the words in it."""
    demand_authoriser(hand.signer)
    where = "--reason" if not words else "--reason, --correct"
    demand_publishable(hand.why.zh, hand.why.en, *words, where=where)


def _proven(history: History, run: Path, hand: Hand) -> Proven:
    proof = proven(run, history.opening.centre.encode(), hand.now, specimen=history.opening.specimen)
    for entry in history.entries:
        for one in entry.wording.shown if entry.wording else ():
            if one.manifest_sm3 == proof.shown.manifest_sm3:
                raise PlanError(
                    f"{entry.number} rests on this run already", where=str(run), remedy="make and sign a new run"
                )
    return proof


def _demand_uncertified(history: History, proof: Proven, day: date) -> None:
    for one in history.certificates.values():
        same = one.wording.subject == proof.subject
        named = any(shown.firmware_sha256 == proof.shown.firmware_sha256 for shown in one.wording.shown)
        if same and named and one.standing(day) is not Standing.WITHDRAWN:
            raise PlanError(
                f"this firmware is certified already and {one.standing(day)}",
                where=one.number,
                remedy="renew that certificate with this run",
            )


def _standing_open(history: History, number: str, act: Act, day: date) -> Certificate:
    certificate = find(history, number)
    demand_open(act, certificate, day)
    return certificate


def _demand_same(certificate: Certificate, proof: Proven, run: Path) -> None:
    for name in ("kind", "vendor", "model", "hardware"):
        filed, found = getattr(certificate.wording.subject, name), getattr(proof.subject, name)
        if filed != found:
            raise PlanError(
                f"shows {name} {found!r}, {certificate.number} certifies {filed!r}",
                where=str(run),
                remedy="issue a certificate of its own",
            )


def _demand_newer(certificate: Certificate, proof: Proven, run: Path) -> None:
    last = max(one.finished for one in certificate.wording.shown)
    if proof.shown.finished < last:
        raise PlanError(
            f"ended on {proof.shown.finished}, before the run of {last} that {certificate.number} rests on",
            where=str(run),
            remedy="renew on a new run",
        )


def _corrected(subject: Subject, correct: Mapping[str, str]) -> Subject:
    for name in correct:
        if name not in CORRECTABLE:
            raise PlanError(
                f"{name!r} cannot be corrected", where="--correct", remedy=f"name one of {', '.join(CORRECTABLE)}"
            )
    return replace(subject, **correct)


def _demand_covered(certificate: Certificate, drop: Sequence[str]) -> None:
    covered = {one.firmware_sha256 for one in certificate.wording.shown}
    for digest in drop:
        if digest not in covered:
            raise PlanError(
                f"{certificate.number} does not cover {digest}", where="--drop", remedy="name a SHA-256 it covers"
            )


def _kept(shown: Sequence[Shown], out: set[str]) -> tuple[Shown, ...]:
    return tuple(one for one in shown if one.firmware_sha256 not in out)


def _next_number(history: History, day: date) -> str:
    head = f"HNEHC-{'SPECIMEN-' if history.opening.specimen else ''}{day.year}-"
    last = max(
        (int(number.removeprefix(head)) for number in history.certificates if number.startswith(head)), default=0
    )
    return f"{head}{last + 1:04d}"


def _waived_until(proofs: Sequence[Proven]) -> date | None:
    return min((proof.waived_until for proof in proofs if proof.waived_until), default=None)


def _documents(proofs: Sequence[Proven]) -> dict[str, bytes]:
    return {name: body for proof in proofs for name, body in proof.documents.items()}


def _reworded(change: Change, act: Act, number: str, wording: Wording, hand: Hand, kept: Mapping[str, bytes]) -> Done:
    """Set and sign the new edition, add the act."""
    made = signed_certificate(change.history.opening, number, wording, kept, hand.signer, hand.now)
    documents = {**kept, **made}
    digests = {name: sm3(body).hex() for name, body in documents.items()}
    entry = Entry(number, act, hand.now, hand.signer.name, hand.why, wording, digests)
    change.add(entry, hand.signer, documents)
    earlier = change.history.certificates.get(number)
    history = (*(earlier.history if earlier else ()), entry)
    return Done(Certificate(number, wording, history), made)
