"""The subject under test: its identity and the options of its conformance statement.

A subject file is TOML: ``[identity]`` as the application form gives it, ``[options]`` with ``"yes"``, ``"no"`` or
``"unanswered"`` for each option below. An unanswered option decides nothing, so it blocks a run and is listed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from certification.catalogue import Requirement, SubjectKind
from certification.errors import PlanError
from certification.toml_errors import first_problem

Answer = Literal["yes", "no", "unanswered"]


class Identity(BaseModel):
    """Who the subject is, as filed. The five fields before ``firmware_sha256`` are compared with the device."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vendor: str
    model: str
    serial: str
    hardware: str
    firmware: str
    firmware_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None
    filing_number: str
    """Number under which the national commission filed the product (检测备案); ``none`` for a prototype."""


IDENTITY_FIELDS = ("vendor", "model", "serial", "hardware", "firmware")


class Options(BaseModel):
    """What the vendor declares the terminal has; decides which requirements apply."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    serial_link: Answer
    keyboard_link: Answer
    usb_link: Answer
    card_reader: Answer
    bank_card: Answer
    security_module: Answer
    firmware_update: Answer


class Subject(BaseModel):
    """A subject file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: SubjectKind
    identity: Identity
    options: Options
    _declared: bool = PrivateAttr(default=True)

    @property
    def declared(self) -> bool:
        """Whether the identity comes from an application form, and not from the device itself."""
        return self._declared

    @property
    def yes_options(self) -> frozenset[str]:
        """Options the statement answers with yes."""
        return frozenset(name for name, answer in self.options if answer == "yes")

    def applies(self, requirement: Requirement) -> bool:
        """Whether the statement leaves the requirement standing."""
        return requirement.applies_if is None or getattr(self.options, requirement.applies_if) == "yes"


def load_subject(path: Path) -> Subject:
    """Read and check a subject file.

    Raises:
        PlanError: the file is missing, not TOML, has a wrong key, or leaves an option unanswered.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(
            f"cannot be read ({error.strerror})", where=str(path), remedy="check the path given to --subject"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanError(f"is not TOML: {error}", where=str(path), remedy="correct the line named") from error
    try:
        subject = Subject.model_validate(data)
    except ValidationError as error:
        what, remedy = first_problem(error, Subject)
        raise PlanError(what, where=str(path), remedy=remedy) from error
    if subject.kind is not SubjectKind.TERMINAL:
        raise PlanError(
            f"no statement is known for a {subject.kind}",
            where=f"{path} kind",
            remedy='only kind = "terminal" can be certified by this version',
        )
    unanswered = [name for name, answer in subject.options if answer == "unanswered"]
    if unanswered:
        raise PlanError(
            f"options left unanswered: {', '.join(unanswered)}",
            where=f"{path} [options]",
            remedy='answer each with "yes" or "no"',
        )
    return subject


def undeclared_terminal(identity: Mapping[str, str | None], links: Collection[str] = ()) -> Subject:
    """A terminal nobody filed an application for: its identity is what the device says, so it proves nothing.

    Args:
        identity: what the device says of itself.
        links: options that are known from the bench that binds them, beside the serial link.
    """
    fields = {name: identity.get(name) or "—" for name in IDENTITY_FIELDS}
    answers: dict[str, Answer] = {
        name: "yes" if name in ("serial_link", *links) else "no" for name in Options.model_fields
    }
    subject = Subject(
        kind=SubjectKind.TERMINAL,
        identity=Identity(**fields, firmware_sha256=None, filing_number="none"),
        options=Options(**answers),
    )
    subject._declared = False  # its identity was not filed
    return subject
