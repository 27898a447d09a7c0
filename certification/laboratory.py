"""What a laboratory states beside its measurements: itself, its customer, item, place and people (ISO/IEC 17025 §7.8).

A laboratory file is TOML; ``fixtures/laboratories/specimen.toml`` shows every key. Nothing in it is measured by the
harness, so nothing in it decides a verdict.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from certification.catalogue import Text
from certification.errors import PlanError
from certification.people import WITHHELD
from certification.subject_file import read_toml
from certification.toml_errors import first_problem

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Said(Text):
    """A text nobody may leave blank, in both languages."""

    zh: Words
    en: Words


class Laboratory(_Table):
    """Who tested, §7.8.2.1 b."""

    name: Said
    address: Said
    contact: Said
    authorisation_number: Words
    """Number under which the authority lets it test, or of its accreditation."""


class Customer(_Table):
    """For whom, §7.8.2.1 e."""

    name: Said
    address: Said
    contact: Said


class Place(_Table):
    """Where the tests were made, §7.8.2.1 c."""

    kind: Literal["laboratory", "customer", "elsewhere"]
    name: Said


class People(_Table):
    """Who did the work and who answers for it, §7.8.2.1 o. The authoriser is another person than the operator."""

    operator: Said
    reviewer: Said
    authoriser: Said

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.operator.zh == self.authoriser.zh != WITHHELD.zh:
            raise ValueError("operator and authoriser are the same person; another must authorise the report")
        return self


class Item(_Table):
    """The sample as it arrived, §7.8.2.1 g and h."""

    received: date
    condition: Said


class Sampling(_Table):
    """Who picked the sample and how, §7.8.2.1 k and §7.8.5."""

    by: Literal["laboratory", "customer", "other"]
    plan: Said
    day: date | None = None
    place: Said | None = None


class Condition(_Table):
    """A quantity of the surroundings between its extremes during the tests, §7.8.3.1 a; all three in its unit."""

    low: float
    high: float
    uncertainty: float | None = Field(default=None, ge=0)
    """Expanded, k = 2."""
    measured: Said
    """With what and how."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} is above high {self.high:g}")
        return self


class Environment(_Table):
    """The surroundings of the bench; what was not watched is left out."""

    temperature_c: Condition | None = None
    humidity_pct: Condition | None = None
    pressure_kpa: Condition | None = None
    illuminance_lx: Condition | None = None


class Deviation(_Table):
    """An addition to, deviation from or exclusion from the method, §7.8.2.1 n."""

    requirement: Annotated[str, StringConstraints(pattern=r"^EHC-(TRM|KSK|HIS|PLT|PRF|OPS)-\d{3}$")] | None = None
    """The row it concerns; None for the whole run."""
    what: Said


class External(_Table):
    """Results that another provider obtained, §7.8.2.1 p."""

    provider: Said
    what: Said


class LaboratoryFile(_Table):
    """A laboratory file."""

    laboratory: Laboratory
    customer: Customer
    place: Place
    people: People
    item: Item
    sampling: Sampling
    environment: Environment = Environment()
    deviations: tuple[Deviation, ...] = ()
    external: tuple[External, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.sampling.day is not None and self.sampling.day > self.item.received:
            raise ValueError("the item was received before it was sampled")
        return self


def load_laboratory(path: Path) -> LaboratoryFile:
    """Read a laboratory file.

    Raises:
        PlanError: it is missing, not TOML, has a wrong key or a blank, or contradicts itself.
    """
    data = read_toml(path, remedy="check the path given to --laboratory")
    try:
        return LaboratoryFile.model_validate(data)
    except ValidationError as error:
        what, remedy = first_problem(error, LaboratoryFile)
        raise PlanError(what, where=str(path), remedy=remedy) from error
