"""What an authoriser does in a register: open it, issue, renew and amend certificates, suspend, reinstate, withdraw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
    Subject,
    Wording,
    demand_open,
    last_day,
)
from certification.errors import PlanError
from evidence.chain import sm3
from evidence.keys.signer import Signer
from register.admission import (
    demand_different,
    demand_free,
    demand_newer,
    demand_same,
    demand_unused,
    spelling,
)
from register.authorisers import demand_authoriser
from register.book import Book, Change
from register.certificate_pdf import signed_certificate
from register.history import History
from register.proofs import Proven, proven
from register.published_words import demand_publishable

CORRECTABLE = ("vendor", "filing_number")
"""Fields of a certificate that an amendment may correct without a new run: of the vendor's name the spelling alone.

Model and hardware say what was tested, and are corrected by no words.
"""


@dataclass(frozen=True)
class Hand:
    """Who acts, when and why.

    Attributes:
        signer: an authoriser of the register's centre.
        now: the moment, whole seconds, with its zone.
        why: the reason given.
        after_pause: that nothing was done for long is no mistake of the clock.
    """

    signer: Signer
    now: datetime
    why: Text
    after_pause: bool = False

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
    with _changed(book, hand) as change:
        (proof,) = _proven(change.history, [run], hand)
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
    with _changed(book, hand) as change:
        certificate = _standing_open(change.history, number, Act.RENEW, hand.day)
        proofs = _proven(change.history, runs, hand, certificate)
        covered = {one.firmware_sha256 for one in certificate.wording.shown}
        for run, proof in zip(runs, proofs, strict=True):
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
    drop = [digest.lower() for digest in drop]
    with _changed(book, hand) as change:
        certificate = _standing_open(change.history, number, Act.AMEND, hand.day)
        proofs = _proven(change.history, runs, hand, certificate)
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
    with _changed(book, hand) as change:
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


def _demand_fit(hand: Hand, *words: str) -> None:
    """Nothing can be taken out of a register again, and everybody reads the words in it."""
    demand_authoriser(hand.signer)
    where = "--reason" if not words else "--reason, --correct"
    demand_publishable(hand.why.zh, hand.why.en, *words, where=where)


@contextmanager
def _changed(book: Book, hand: Hand) -> Iterator[Change]:
    """A change of the register that this hand may make now."""
    with book.change() as change:
        change.demand(hand.signer, hand.now, after_pause=hand.after_pause)
        yield change


def _proven(history: History, runs: Sequence[Path], hand: Hand, certificate: Certificate | None = None) -> list[Proven]:
    """Runs as proof for a certificate, or for a new one, given what was done before."""
    centre, specimen = history.opening.centre.encode(), history.opening.specimen
    proofs = [proven(run, centre, hand.now, specimen=specimen) for run in runs]
    demand_different(proofs, runs)
    for run, proof in zip(runs, proofs, strict=True):
        demand_unused(history, proof, run)
        if certificate is not None:
            demand_same(certificate, proof, run)
            demand_newer(certificate, proof, run)
        demand_free(history, proof, run, hand.day, number=certificate.number if certificate else None)
    return proofs


def _standing_open(history: History, number: str, act: Act, day: date) -> Certificate:
    certificate = find(history, number)
    demand_open(act, certificate, day)
    return certificate


def _corrected(subject: Subject, correct: Mapping[str, str]) -> Subject:
    for name in correct:
        if name not in CORRECTABLE:
            raise PlanError(
                f"{name!r} cannot be corrected", where="--correct", remedy=f"name one of {', '.join(CORRECTABLE)}"
            )
    if spelling(correct.get("vendor", subject.vendor)) != spelling(subject.vendor):
        raise PlanError(
            f"{correct['vendor']!r} is another name than {subject.vendor!r}, and only its spelling can be corrected",
            where="--correct",
            remedy="issue a certificate on a run of a subject that is filed under that name",
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
