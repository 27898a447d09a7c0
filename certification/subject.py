"""The subject under test: its identity, the options of its conformance statement, and what its vendor declares.

A subject file is TOML: ``kind``, ``photographs`` of the subject, ``[identity]`` as the application form gives it,
``[options]`` with ``"yes"``, ``"no"`` or ``"unanswered"`` for each option of that kind of subject, ``[declarations]``
with documents of others, and ``[probed]`` with what a probe of the device filled in and the vendor has not confirmed
yet. How a file is read and what keeps it from being used stands in ``subject_file.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from certification.catalogue import Requirement, SubjectKind
from certification.declarations import Declarations
from certification.options import Options, PlatformOptions, TerminalOptions, statement_options

Digest = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
"""SHA-256 in hex; empty where it is still to be filled in."""


class Identity(BaseModel):
    """Who the subject is, as filed. The five fields before ``firmware_sha256`` are compared with the subject's word."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vendor: str
    model: str
    serial: str
    hardware: str
    firmware: str
    firmware_sha256: Digest | None
    filing_number: str
    """Number under which the national commission filed the product (检测备案); ``none`` for a prototype."""


class PlatformIdentity(Identity):
    """Who a platform is: ``serial`` names the deployment, ``hardware`` what it runs on, ``firmware`` its version."""

    firmware_sha256: Digest | None = None
    """Digest of the installed release, where one is published."""
    filing_number: str
    """Number under which its security level was filed (网络安全等级保护备案); ``none`` before that."""


IDENTITY_FIELDS = ("vendor", "model", "serial", "hardware", "firmware")


class Probed(BaseModel):
    """What a probe filled in, by key; each stays here until the vendor has confirmed it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    identity: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


class Subject(BaseModel):
    """A subject file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: SubjectKind
    identity: Identity
    options: Options
    declarations: Declarations = Declarations()
    photographs: tuple[str, ...] = Field(default=(), max_length=8)
    """Files that show the subject, relative to the subject file."""
    probed: Probed = Probed()
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


SUBJECTS: Mapping[str, type[TerminalSubject | PlatformSubject]] = {
    SubjectKind.TERMINAL: TerminalSubject,
    SubjectKind.PLATFORM: PlatformSubject,
}
"""The form of the subject file of each kind this version can certify."""


def undeclared(kind: SubjectKind, identity: Mapping[str, str | None], options: Collection[str] = ()) -> Subject:
    """A subject nobody filed an application for: its identity is what it says itself, so it proves nothing.

    Args:
        kind: a kind that can be certified.
        identity: what the subject says of itself.
        options: options that are known to be there, because the bench binds them; all others count as absent.
    """
    model = SUBJECTS[kind]
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
