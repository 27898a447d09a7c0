"""The subject under test: its identity and the options of its conformance statement.

A subject file is TOML: ``kind``, ``[identity]`` as the application form gives it, ``[options]`` with ``"yes"``,
``"no"`` or ``"unanswered"`` for each option of that kind of subject. An unanswered option decides nothing, so it blocks
a run and is listed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from certification.catalogue import Requirement, SubjectKind
from certification.errors import PlanError
from certification.toml_errors import first_problem

Answer = Literal["yes", "no", "unanswered"]


class Identity(BaseModel):
    """Who the subject is, as filed. The five fields before ``firmware_sha256`` are compared with the subject's word."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vendor: str
    model: str
    serial: str
    hardware: str
    firmware: str
    firmware_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None
    filing_number: str
    """Number under which the national commission filed the product (检测备案); ``none`` for a prototype."""


class PlatformIdentity(Identity):
    """Who a platform is: ``serial`` names the deployment, ``hardware`` what it runs on, ``firmware`` its version."""

    firmware_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Digest of the installed release, where one is published."""
    filing_number: str
    """Number under which its security level was filed (网络安全等级保护备案); ``none`` before that."""


IDENTITY_FIELDS = ("vendor", "model", "serial", "hardware", "firmware")


class Options(BaseModel):
    """What the vendor declares the subject has; decides which requirements apply."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TerminalOptions(Options):
    """What a terminal may have or lack."""

    serial_link: Answer
    keyboard_link: Answer
    usb_link: Answer
    card_reader: Answer
    bank_card: Answer
    security_module: Answer
    firmware_update: Answer


class PlatformOptions(Options):
    """What a card platform may have or lack. What the notice demands of every platform is no option."""

    online_issuance: Answer
    """Whether residents apply by themselves, through WeChat, an app or a bank."""
    offline_issuance: Answer
    """Whether a clerk issues cards at a window."""
    record_sharing: Answer
    """Whether institutions see one another's records of a resident, as the resident consents."""

    @model_validator(mode="after")
    def _issues_somehow(self) -> Self:
        if self.online_issuance == self.offline_issuance == "no":
            raise ValueError("a platform that issues cards neither online nor offline has no card to test")
        return self


class Subject(BaseModel):
    """A subject file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: SubjectKind
    identity: Identity
    options: Options
    _declared: bool = PrivateAttr(default=True)

    @property
    def declared(self) -> bool:
        """Whether the identity comes from an application form, and not from the subject itself."""
        return self._declared

    @property
    def yes_options(self) -> frozenset[str]:
        """Options the statement answers with yes."""
        return frozenset(name for name, answer in self.options if answer == "yes")

    def applies(self, requirement: Requirement) -> bool:
        """Whether the statement leaves the requirement standing."""
        return requirement.applies_if is None or getattr(self.options, requirement.applies_if) == "yes"


class TerminalSubject(Subject):
    """The subject file of a terminal."""

    options: TerminalOptions


class PlatformSubject(Subject):
    """The subject file of a card platform."""

    identity: PlatformIdentity
    options: PlatformOptions


_STATEMENTS: Mapping[str, type[TerminalSubject | PlatformSubject]] = {
    SubjectKind.TERMINAL: TerminalSubject,
    SubjectKind.PLATFORM: PlatformSubject,
}
"""The form of the subject file of each kind this version can certify."""
_OPTIONS: Mapping[SubjectKind, type[Options]] = {
    SubjectKind.TERMINAL: TerminalOptions,
    SubjectKind.PLATFORM: PlatformOptions,
}


def statement_options(kind: SubjectKind) -> frozenset[str]:
    """Options the conformance statement of a kind of subject answers; none where no statement is known."""
    return frozenset(_OPTIONS[kind].model_fields if kind in _OPTIONS else ())


def load_subject(path: Path) -> Subject:
    """Read and check a subject file.

    Raises:
        PlanError: the file is missing, not TOML, of a kind that cannot be certified, has a wrong key, or leaves an
            option unanswered.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(
            f"cannot be read ({error.strerror})", where=str(path), remedy="check the path given to --subject"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanError(f"is not TOML: {error}", where=str(path), remedy="correct the line named") from error
    model = _statement_of(data, path)
    try:
        subject = model.model_validate(data)
    except ValidationError as error:
        what, remedy = first_problem(error, model)
        raise PlanError(what, where=str(path), remedy=remedy) from error
    unanswered = [name for name, answer in subject.options if answer == "unanswered"]
    if unanswered:
        raise PlanError(
            f"options left unanswered: {', '.join(unanswered)}",
            where=f"{path} [options]",
            remedy='answer each with "yes" or "no"',
        )
    return subject


def _statement_of(data: Mapping[str, Any], path: Path) -> type[TerminalSubject | PlatformSubject]:
    """The form a subject file must have; a kind nobody knows is left to the form to complain of."""
    kind = data.get("kind")
    if kind in list(SubjectKind) and kind not in _STATEMENTS:
        known = " or ".join(f'"{one}"' for one in _STATEMENTS)
        raise PlanError(
            f"no statement is known for a {kind}",
            where=f"{path} kind",
            remedy=f"only kind = {known} can be certified by this version",
        )
    return _STATEMENTS.get(str(kind), TerminalSubject)


def undeclared(kind: SubjectKind, identity: Mapping[str, str | None], options: Collection[str] = ()) -> Subject:
    """A subject nobody filed an application for: its identity is what it says itself, so it proves nothing.

    Args:
        kind: a kind that can be certified.
        identity: what the subject says of itself.
        options: options that are known to be there, because the bench binds them; all others count as absent.
    """
    model = _STATEMENTS[kind]
    fields = {name: identity.get(name) or "—" for name in IDENTITY_FIELDS}
    subject = model.model_validate(
        {
            "kind": kind,
            "identity": {**fields, "firmware_sha256": None, "filing_number": "none"},
            "options": {name: "yes" if name in options else "no" for name in statement_options(kind)},
        }
    )
    subject._declared = False  # its identity was not filed
    return subject
