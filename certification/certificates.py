"""Certificates: what the acts recorded of one make of it, which acts are open to it, and when its expiry is told ahead.

A certificate is never changed. Each act adds to its history; issuing, renewal and amendment give it a new text, and how
it stands on a day follows from the history and the day alone. Days are days in China.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum

from certification.catalogue import Text
from certification.errors import PlanError

CHINA = timezone(timedelta(hours=8))
VALID_YEARS = 3
"""How long a certificate is valid at most; EMVCo's letters of approval, after which this is modelled, expire too."""
WARNING_DAYS = (90, 30, 7)
"""Days before the last day of validity from which on the expiry is told (EHC-OPS-006)."""
AFTER_EXPIRY = 0
"""Told in place of a number of ``WARNING_DAYS`` once a certificate has expired."""


class Act(StrEnum):
    """What can be done to a certificate."""

    ISSUE = "issue"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    WITHDRAW = "withdraw"
    RENEW = "renew"
    AMEND = "amend"


class Standing(StrEnum):
    """How a certificate stands on a day."""

    VALID = "valid"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Shown:
    """One firmware a certificate covers, and the run that showed it.

    Attributes:
        firmware: version as the vendor names it.
        firmware_sha256: its SHA-256, hex; what decides whether a device is covered.
        run: name of the run.
        manifest_sm3: SM3 of the run's ``manifest.json``, hex.
        plan: plan the run followed.
        catalogue: version of the catalogue it was judged by.
        finished: day the run ended.
        open_rows: mandatory rows that apply and were not assessed; nothing is certified about them.
        waivers: mandatory rows that failed under a waiver, by id, with its number.
        reports: numbers of the signed reports on the run.
    """

    firmware: str
    firmware_sha256: str
    run: str
    manifest_sm3: str
    plan: str
    catalogue: str
    finished: date
    open_rows: tuple[str, ...] = ()
    waivers: Mapping[str, str] = field(default_factory=dict)
    reports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """What was certified, as its vendor filed it.

    Attributes:
        kind: ``terminal``, ``platform`` …
        vendor, model, hardware, filing_number: fields of its identity.
    """

    kind: str
    vendor: str
    model: str
    hardware: str
    filing_number: str


@dataclass(frozen=True)
class Wording:
    """What a certificate says from one act to the next that changes it.

    Attributes:
        edition: 1 when issued, one more with each renewal or amendment.
        issued: day of the first edition.
        expires: last day of validity.
        laboratory: who tested.
        authorisation: number under which the laboratory may.
        subject: what is certified.
        shown: firmware that is covered; never empty.
        gaps: first and last day of each time it had expired and was not renewed yet, oldest first.
    """

    edition: int
    issued: date
    expires: date
    laboratory: Text
    authorisation: str
    subject: Subject
    shown: tuple[Shown, ...]
    gaps: tuple[tuple[date, date], ...] = ()

    @property
    def begins(self) -> date:
        """First day of the validity that runs to ``expires`` without a gap."""
        return self.gaps[-1][1] + timedelta(days=1) if self.gaps else self.issued

    def renewed(self, day: date, expires: date) -> Wording:
        """The next edition, in force from a day on; a gap since the last day of validity is told."""
        lapsed = self.expires + timedelta(days=1)
        gaps = (*self.gaps, (lapsed, day - timedelta(days=1))) if lapsed < day else self.gaps
        return replace(self, edition=self.edition + 1, expires=expires, gaps=gaps)


@dataclass(frozen=True)
class Entry:
    """One act in the history of a register.

    Attributes:
        number: the certificate's.
        act: what was done.
        at: when, with its zone.
        who: name of the signer who did it.
        why: the reason given.
        wording: what the certificate says from then on; None where the act changes nothing of it.
        documents: files that were made or kept with the act, by name, with their SM3, hex.
    """

    number: str
    act: Act
    at: datetime
    who: str
    why: Text
    wording: Wording | None = None
    documents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Dropped:
    """Firmware that is covered no longer, and the act that took it out."""

    shown: Shown
    entry: Entry

    @property
    def day(self) -> date:
        """The first day on which it was not covered."""
        return _day(self.entry)


@dataclass(frozen=True)
class Certificate:
    """A certificate with its history, oldest act first."""

    number: str
    wording: Wording
    history: tuple[Entry, ...]

    def as_of(self, day: date) -> Certificate | None:
        """The certificate by the acts done until the end of a day; None before it was issued."""
        return certificates_of(one for one in self.history if _day(one) <= day).get(self.number)

    @property
    def since(self) -> date:
        """The day it was issued."""
        return _day(self.history[0])

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """Firmware that an earlier edition covered and the newest does not, in the order it was dropped."""
        found: dict[str, Dropped] = {}
        before: tuple[Shown, ...] = ()
        for entry in self.history:
            if entry.wording is None:
                continue
            kept = {one.firmware_sha256 for one in entry.wording.shown}
            found.update(
                (one.firmware_sha256, Dropped(one, entry)) for one in before if one.firmware_sha256 not in kept
            )
            found = {digest: one for digest, one in found.items() if digest not in kept}
            before = entry.wording.shown
        return tuple(found.values())

    def standing(self, day: date) -> Standing:
        """How it stands on a day by all acts it holds; for a day gone by, ask it ``as_of`` that day.

        A withdrawal outranks expiry, and expiry a suspension.
        """
        held = _held(self.history)
        if held is Standing.WITHDRAWN:
            return held
        return Standing.EXPIRED if day > self.wording.expires else held

    def days_left(self, day: date) -> int:
        """Days until its last day of validity; negative after it."""
        return (self.wording.expires - day).days


_LEADS_TO = {
    Act.SUSPEND: Standing.SUSPENDED,
    Act.REINSTATE: Standing.VALID,
    Act.WITHDRAW: Standing.WITHDRAWN,
}
_OPEN: Mapping[Act, frozenset[Standing]] = {
    Act.SUSPEND: frozenset({Standing.VALID}),
    Act.REINSTATE: frozenset({Standing.SUSPENDED}),
    Act.WITHDRAW: frozenset({Standing.VALID, Standing.SUSPENDED, Standing.EXPIRED}),
    Act.RENEW: frozenset({Standing.VALID, Standing.EXPIRED}),
    Act.AMEND: frozenset({Standing.VALID}),
}
"""How a certificate must stand for an act; a suspension that outlasts validity must be lifted before it is renewed."""
_FIRST = {
    Standing.VALID: "nothing is to be done",
    Standing.SUSPENDED: "reinstate it first",
    Standing.EXPIRED: "renew it first",
    Standing.WITHDRAWN: "issue a new one on a new run",
}


def certificates_of(entries: Iterable[Entry]) -> dict[str, Certificate]:
    """Every certificate of a register by number, from all acts in their order."""
    found: dict[str, Certificate] = {}
    for entry in entries:
        earlier = found.get(entry.number)
        wording = entry.wording or (earlier.wording if earlier else None)
        if wording is None:
            raise ValueError(f"{entry.number}: {entry.act} before it was issued")
        history = (*(earlier.history if earlier else ()), entry)
        found[entry.number] = Certificate(entry.number, wording, history)
    return found


def as_of(certificates: Iterable[Certificate], day: date) -> list[Certificate]:
    """Those that were issued until a day, each by the acts done until then."""
    return [then for one in certificates if (then := one.as_of(day)) is not None]


def demand_open(act: Act, certificate: Certificate, day: date) -> None:
    """Demand that an act is open to a certificate as it stands on a day.

    Raises:
        PlanError: it is not.
    """
    standings = {certificate.standing(day)}
    if act is Act.RENEW:
        standings.add(_held(certificate.history))
    elif act is Act.REINSTATE:
        standings = {_held(certificate.history)}
    if barred := standings - _OPEN[act]:
        standing = min(barred)
        raise PlanError(
            f"the certificate is {standing}, so it cannot be {_PAST[act]}",
            where=certificate.number,
            remedy=_FIRST[standing],
        )


_PAST = {
    Act.SUSPEND: "suspended",
    Act.REINSTATE: "reinstated",
    Act.WITHDRAW: "withdrawn",
    Act.RENEW: "renewed",
    Act.AMEND: "amended",
}


def last_day(first: date, until: date | None = None, waived_until: date | None = None) -> date:
    """The last day of validity of what is issued or renewed on ``first``.

    Args:
        until: an earlier day that was asked for.
        waived_until: last day of a waiver without which there would be no certificate; it never outlasts that.

    Raises:
        PlanError: ``until`` is before the first day or too far ahead, or the waiver has ended.
    """
    longest = _years_after(first, VALID_YEARS) - timedelta(days=1)
    if waived_until is not None:
        longest = min(longest, waived_until)
    if longest < first:
        raise PlanError(
            f"the run's waiver ended on {longest}",
            where="waiver",
            remedy="run the plan again with one that is in force",
        )
    if until is None:
        return longest
    if not first <= until <= longest:
        raise PlanError(
            f"{until} is not among the days the certificate can end on",
            where="--until",
            remedy=f"name a day from {first} to {longest}",
        )
    return until


def warning(certificate: Certificate, day: date) -> int | None:
    """The nearest of ``WARNING_DAYS`` a certificate has come to on a day; None while, and where, there is none."""
    if certificate.standing(day) not in (Standing.VALID, Standing.SUSPENDED):
        return None
    left = certificate.days_left(day)
    return min((ahead for ahead in WARNING_DAYS if left <= ahead), default=None)


def untold(certificate: Certificate, day: date, told: Collection[int]) -> int | None:
    """The warning due on a day, unless it or a nearer one of this expiry is among those told already.

    Days on which nobody asked lose none: what has expired meanwhile is told as ``AFTER_EXPIRY``, once.
    """
    expired = certificate.standing(day) is Standing.EXPIRED
    due = AFTER_EXPIRY if expired else warning(certificate, day)
    return due if due is not None and all(due < earlier for earlier in told) else None


def _held(history: Iterable[Entry]) -> Standing:
    """How a certificate stands, its expiry left out."""
    led = [_LEADS_TO[entry.act] for entry in history if entry.act in _LEADS_TO]
    return led[-1] if led else Standing.VALID


def _day(entry: Entry) -> date:
    return entry.at.astimezone(CHINA).date()


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
