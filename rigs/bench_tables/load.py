"""Table of the load generator that stands before a platform under test."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from loadtests.plan import GENERATOR_DEFECTS, profiles
from reference_impl.wire.registry import DIALECTS
from rigs.bench_tables.base import Table

Rate = Annotated[float, Field(gt=0, le=100_000)]


class LoadTable(Table):
    """Users that ask as many things a second as a plan says, whatever the platform makes of it."""

    driver: Literal["locust"] = "locust"
    profile: str = "reference"
    """The load that was chosen among those that decide one and the same row."""
    rate: Rate | None = None
    """Requests a second the platform is declared to sustain; None for what the profile offers."""
    base_rate: Rate | None = None
    """Requests a second outside the morning peak, which is five times that; None for what the profile offers."""
    capacity: Rate | None = None
    """Requests a second the platform is declared to serve at most; None has them searched for."""
    seconds: Annotated[float, Field(ge=1, le=90_000)] | None = None
    """How long the main stages last; None for as long as registered. A shorter load shows no row to be met."""
    lowered: bool = False
    """Whether a lower rate was asked for than the platform's own: such a load shows no row to be met either."""
    workers: int = Field(default=1, ge=1, le=64)
    """Processes of the generator, on this machine."""
    expect_workers: int | None = Field(default=None, ge=1, le=256)
    """Processes of the generator on all machines together, those of other hosts among them; None is ``workers``."""
    bind: str = "127.0.0.1"
    """Address at which the workers of other hosts find their master, on port 5557."""
    dialects: tuple[str, ...] = Field(default=("hn-a",), min_length=1)
    population: Path | None = None
    """File of cards that are there already; None registers residents before each load."""
    cards_small: int = Field(default=100_000, ge=1)
    """Cards of the smaller of the two bases between which verification must not slow down."""
    cards_large: int = Field(default=10_000_000, ge=1)
    keep: Path | None = None
    """Folder in which both bases stay, so that ten million cards need not be made twice; only for SQLite files."""
    generator_defect: str | None = None
    """A deliberate fault of the generator, with which every load must be found invalid."""

    @field_validator("profile")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in profiles():
            raise ValueError(f"there is no profile {name!r}; there are {', '.join(profiles())}")
        return name

    @field_validator("dialects")
    @classmethod
    def _spoken(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in DIALECTS:
                raise ValueError(f"there is no dialect {name!r}; there are {', '.join(DIALECTS)}")
        return names

    @model_validator(mode="after")
    def _enough_expected(self) -> Self:
        if self.expect_workers is not None and self.expect_workers < self.workers:
            raise ValueError(
                f"{self.workers} workers are started on this machine, but only {self.expect_workers} expected on all"
            )
        return self

    @field_validator("generator_defect")
    @classmethod
    def _known_defect(cls, name: str | None) -> str | None:
        if name is not None and name not in GENERATOR_DEFECTS:
            raise ValueError(f"the generator has no defect {name!r}; there are {', '.join(GENERATOR_DEFECTS)}")
        return name
