"""Waivers and known issues: failures somebody has declared beforehand, for one firmware and until a day.

Either stands beside a verdict and never rewrites it. A waiver says that the programme accepts the failure, so that the
run as a whole may pass under it; a known issue says only that the failure is expected. Both declare a failure: a row
that passes in spite of one makes the run fail, so that none outlives its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from certification.catalogue import Level, Text
from certification.declarations import Filled
from certification.subject import Identity
from certification.verdicts import Row, Verdict, overall_verdict

SCHEMA = 1
SIGNERS = {"waiver": frozenset({"authoriser"}), "known_issue": frozenset({"authoriser", "laboratory"})}
"""Roles of which one must have signed, by kind."""
LONGEST = 2
"""Years a waiver may span: a failure nobody mends in that time is to be accepted anew or not at all."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reason(_Part):
    """Why, in both languages."""

    zh: Filled
    en: Filled


class Scope(_Part):
    """The only subject it is for, as filed; another version of the firmware is another subject."""

    vendor: Filled
    model: Filled
    firmware: Filled


class Waiver(_Part):
    """A file of a waiver or known issue.

    Attributes:
        id: number it is known by; letters, digits, ``.``, ``_`` and ``-``.
        requirement: the row it is about.
        approved_by: who answers for it, by name and office.
        issued, expires: first and last day on which it counts.
    """

    waiver: Literal[1]
    """Version of the layout."""
    id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$")]
    kind: Literal["waiver", "known_issue"]
    requirement: Annotated[str, StringConstraints(pattern=r"^EHC-[A-Z]{3}-\d{3}$")]
    approved_by: Filled
    issued: date
    expires: date
    reason: Reason
    subject: Scope

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Waiver:
        if self.expires < self.issued:
            raise ValueError("it expires before it is issued")
        last = (self.issued.year + LONGEST, self.issued.month, self.issued.day)
        if (self.expires.year, self.expires.month, self.expires.day) > last:
            raise ValueError(f"it spans more than {LONGEST} years")
        return self

    def covers(self, identity: Identity) -> bool:
        """Whether a subject is the one it is for."""
        return (identity.vendor, identity.model, identity.firmware) == (
            self.subject.vendor,
            self.subject.model,
            self.subject.firmware,
        )


class State(StrEnum):
    """What became of a waiver in a run."""

    APPLIED = "applied"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    OUT_OF_SCOPE = "out_of_scope"
    UNSIGNED = "unsigned"
    SIGNED_LATE = "signed_late"
    UNUSED = "unused"
    UNEXPECTED_PASS = "unexpected_pass"  # noqa: S105


@dataclass(frozen=True)
class FiledWaiver:
    """A waiver as it was handed in.

    Attributes:
        waiver: what it says.
        file: name of its file in the folder of the run.
        sm3: digest of the file, hex.
        signed_by: who signed it under the centre, by role.
        unsigned: why no signature counts; None where the one it needs is there.
        signed_at: when the first whose role suffices signed it, by his own clock; None where none has.
    """

    waiver: Waiver
    file: str
    sm3: str
    signed_by: dict[str, str]
    unsigned: Text | None
    signed_at: datetime | None

    def standing(self, identity: Identity | None, day: date, began: datetime | None = None) -> State | None:
        """What keeps it from counting; None where nothing does.

        Args:
            identity: the subject; None for any.
            day: the day it is to count on.
            began: when the run began; None for one that is still to begin.
        """
        if self.unsigned is not None:
            return State.UNSIGNED
        if began is not None and self.signed_at is not None and self.signed_at > began:
            return State.SIGNED_LATE
        if identity is not None and not self.waiver.covers(identity):
            return State.OUT_OF_SCOPE
        if day < self.waiver.issued:
            return State.NOT_YET
        return State.EXPIRED if day > self.waiver.expires else None


@dataclass(frozen=True)
class WeighedWaiver:
    """A waiver with what became of it."""

    filed: FiledWaiver
    state: State

    def accepts(self, requirement: str) -> bool:
        """Whether it lets a row fail; a known issue never does."""
        said = self.filed.waiver
        return self.state is State.APPLIED and said.kind == "waiver" and said.requirement == requirement

    def as_record(self) -> dict[str, Any]:
        """The waiver as it stands in ``run.json``."""
        said = self.filed.waiver.model_dump(mode="json", exclude={"waiver"})
        return {
            **said,
            "state": self.state,
            "file": self.filed.file,
            "sm3": self.filed.sm3,
            "signed_by": self.filed.signed_by,
        }

    def remark(self) -> Text | None:
        """What a reader must be told; None for one that applied, and for one whose row was not run."""
        name = f"{self.filed.waiver.id}（{self.filed.waiver.requirement}）"
        named = f"{self.filed.waiver.id} ({self.filed.waiver.requirement})"
        if self.state is State.UNEXPECTED_PASS:
            return Text(zh=f"{name}：该项已合格，与所声明的不合格不符，须撤销", en=_passes(named))
        if (why := self._why()) is None:
            return None
        return Text(zh=f"{name}未适用：{why.zh}", en=f"{named} does not apply: {why.en}")

    def _why(self) -> Text | None:
        waiver = self.filed.waiver
        match self.state:
            case State.UNSIGNED:
                return self.filed.unsigned
            case State.SIGNED_LATE:
                when = "" if self.filed.signed_at is None else self.filed.signed_at.isoformat()
                return Text(zh=f"签署于 {when}，在试验开始之后", en=f"it was signed on {when}, after the run began")
            case State.OUT_OF_SCOPE:
                who = f"{waiver.subject.vendor} {waiver.subject.model} {waiver.subject.firmware}"
                return Text(zh=f"仅适用于 {who}", en=f"it is for {who} alone")
            case State.EXPIRED:
                return Text(zh=f"已于 {waiver.expires} 到期", en=f"it expired on {waiver.expires}")
            case State.NOT_YET:
                return Text(zh=f"自 {waiver.issued} 起生效", en=f"it counts from {waiver.issued}")
            case _:
                return None


def _passes(named: str) -> str:
    return f"{named}: the row passes although declared to fail; take it out"


def weigh(
    filed: Iterable[FiledWaiver], rows: Iterable[Row], identity: Identity, day: date, began: datetime
) -> list[WeighedWaiver]:
    """What becomes of each waiver in a run.

    Args:
        filed: waivers handed in.
        rows: verdicts of the run.
        identity: the subject, as filed.
        day: the day the run ended.
        began: when the run began, which is before any of its failures was seen.
    """
    verdicts = {row.requirement: row.verdict for row in rows if row.planned}
    return [
        WeighedWaiver(one, one.standing(identity, day, began) or _met_with(verdicts.get(one.waiver.requirement)))
        for one in filed
    ]


def _met_with(verdict: Verdict | None) -> State:
    if verdict is Verdict.PASS:
        return State.UNEXPECTED_PASS
    return State.APPLIED if verdict is Verdict.FAIL else State.UNUSED


def overall_with_waivers(rows: Sequence[Row], weighed: Sequence[WeighedWaiver]) -> Verdict:
    """The one word over a run whose waived rows may fail; FAIL where a row passed that was declared to fail."""
    if any(one.state is State.UNEXPECTED_PASS for one in weighed):
        return Verdict.FAIL
    left = [row for row in rows if not any(one.accepts(row.requirement) for one in weighed)]
    binding = [row for row in left if row.planned and row.level is Level.SHALL]
    if len(left) < len(rows) and all(row.verdict is Verdict.NOT_APPLICABLE for row in binding):
        return Verdict.PASS
    return overall_verdict(left)
