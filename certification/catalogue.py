"""The requirement catalogue: testable demands with id, source, level, method and criterion.

The data stands in ``data/*.toml``, one file per kind of subject; the notice whose sentences they quote stands
beside them in ``data/notice.txt`` (湘卫函〔2019〕159号). Numbers that are not in the notice are this project's
proposals, because the provincial technical guide is not public.
"""

from __future__ import annotations

import difflib
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from certification.clauses import Clause
from certification.errors import PlanError

VERSION = "2026.11.1"


class Level(StrEnum):
    """How binding a requirement is."""

    SHALL = "SHALL"
    SHOULD = "SHOULD"


class Method(StrEnum):
    """How a requirement is assessed."""

    AUTOMATIC = "T"
    HARDWARE = "H"
    INSPECTION = "I"
    DECLARATION = "D"


class SubjectKind(StrEnum):
    """What a requirement is demanded of."""

    TERMINAL = "terminal"
    KIOSK = "kiosk"
    HIS = "his"
    PLATFORM = "platform"
    LOAD = "load"
    OPERATIONS = "operations"


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Record):
    """A sentence in both languages of the programme."""

    zh: str
    en: str


class Source(_Record):
    """Where a requirement comes from: sentences of the notice, a stated reason, or both."""

    quotes: tuple[str, ...] = ()
    reason: Text | None = None


class Requirement(_Record):
    """One testable demand."""

    id: str = Field(pattern=r"^EHC-(TRM|KSK|HIS|PLT|PRF|OPS)-\d{3}$")
    title: Text
    level: Level
    methods: tuple[Method, ...] = Field(min_length=1)
    subject: SubjectKind
    source: Source
    procedure: Text
    evidence: Text
    applies_if: str | None = None
    """Option of the subject's statement that must be answered ``yes`` for the requirement to apply."""
    needs_roles: tuple[str, ...] = ()
    """Bench roles without any of which the requirement cannot be assessed at all."""
    goes_on: bool = False
    """Whether its sample goes on where an interrupted run stopped; every other row begins again."""
    needs_declaration: str | None = None
    """Declaration of the subject file without which there is nothing to assess."""
    unmet: Literal["FAIL", "NOT_ASSESSED"] = "FAIL"
    """What is said where the criterion is not met: a document that proves nothing does not prove the opposite."""
    criterion_text: Text
    criterion: tuple[Clause, ...] = Field(min_length=1)

    @property
    def hardware_only(self) -> bool:
        """Whether only real hardware can be assessed, so that an emulated run leaves the row open."""
        return Method.HARDWARE in self.methods and Method.AUTOMATIC not in self.methods

    @property
    def by_hand(self) -> bool:
        """Whether a person may assess it and fill in a form."""
        return Method.HARDWARE in self.methods or Method.INSPECTION in self.methods

    @property
    def declared_only(self) -> bool:
        """Whether nothing but a declaration is looked at, so that no defect of a device can show."""
        return self.methods == (Method.DECLARATION,)

    @property
    def method(self) -> str:
        """Methods as the catalogue writes them, for instance ``T/H``."""
        return "/".join(self.methods)


class UnknownRequirementError(PlanError, KeyError):
    """An id that is not in the catalogue; a KeyError too, as every mapping's."""


class Catalogue(Mapping[str, Requirement]):
    """All requirements by id, in catalogue order."""

    def __init__(self, requirements: list[Requirement]) -> None:
        self._by_id = {requirement.id: requirement for requirement in requirements}
        if len(self._by_id) != len(requirements):
            double = next(id_ for id_, count in Counter(r.id for r in requirements).items() if count > 1)
            raise PlanError(
                f"requirement {double} stands twice", where="certification/data", remedy="remove one of the two"
            )

    def __getitem__(self, requirement_id: str) -> Requirement:
        try:
            return self._by_id[requirement_id]
        except KeyError:
            near = difflib.get_close_matches(requirement_id.upper(), self._by_id, n=1)
            hint = f"did you mean {near[0]}?" if near else "see `xiangka catalogue list`"
            raise UnknownRequirementError(
                f"there is no requirement {requirement_id!r}", where="catalogue", remedy=hint
            ) from None

    def __contains__(self, requirement_id: object) -> bool:
        return requirement_id in self._by_id

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def of(self, subject: SubjectKind) -> list[Requirement]:
        """Requirements demanded of one kind of subject, in catalogue order."""
        return [r for r in self._by_id.values() if r.subject is subject]

    def asked_of(self, subject: SubjectKind) -> list[Requirement]:
        """Requirements a subject of one kind is run through: its own, and of a platform those on load beside them."""
        return [*self.of(subject), *(self.of(SubjectKind.LOAD) if subject is SubjectKind.PLATFORM else ())]


def _data() -> Traversable:
    return resources.files("certification") / "data"


@cache
def load_catalogue() -> Catalogue:
    """Read the catalogue that comes with the project.

    Raises:
        PlanError: when a data file is not valid; the message names file, row and field.
    """
    requirements: list[Requirement] = []
    for kind in SubjectKind:
        file = _data() / f"{kind}.toml"
        for row in tomllib.loads(file.read_text(encoding="utf-8"))["requirement"]:
            try:
                requirements.append(Requirement(subject=kind, **row))
            except ValidationError as error:
                first = error.errors()[0]
                field = ".".join(str(part) for part in first["loc"])
                raise PlanError(
                    f"{field}: {first['msg']}",
                    where=f"certification/data/{kind}.toml, {row.get('id', 'a row without id')}",
                    remedy="see certification/clauses.py for the fields of a criterion",
                ) from error
    return Catalogue(requirements)
