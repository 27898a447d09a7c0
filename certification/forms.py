"""The form a person fills in who assessed a row by hand: what stands in it, and which observations it comes to.

A form is TOML: ``[subject]``, ``[record]`` with who, when and where, ``[[instrument]]``, ``[[photograph]]``, and one
``[[result]]`` for each cell of each measure. A measure is either counted, outcome by outcome, or a list of values.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from certification.catalogue import Requirement
from certification.clauses import (
    Clause,
    CountClause,
    InspectionClause,
    LimitClause,
    PercentileClause,
    ProportionClause,
    WindowClause,
)
from certification.observations import Cell, Observation

SCHEMA = 1
OTHERWISE = "otherwise"
"""Stands for every outcome a criterion does not name."""
INSPECTED = ("conforms", "differs", "missing")
ITEM = "item"
"""Cell key that tells the items of an inspection apart."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FormSubject(_Part):
    """Sample the person had before them, as its label says."""

    vendor: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""


class FormRecord(_Part):
    """Who assessed the row, when and where."""

    operator: str = ""
    date: datetime.date | str = ""
    place: str = ""


class Instrument(_Part):
    """An instrument that was used."""

    name: str = ""
    serial: str = ""
    calibrated_until: datetime.date | str = ""


class Photograph(_Part):
    """A picture that was taken."""

    file: str = ""
    """Path relative to the form."""
    shows: str = ""


class Result(_Part):
    """One cell of one measure.

    Attributes:
        measure: name of the measure.
        cell: place in the test matrix.
        trials: how many trials were made there; ``outcomes`` must add up to it.
        outcomes: how often each outcome came.
        values: values in the order they were measured, in ``unit``; in place of trials and outcomes.
        uncertainty: expanded uncertainty (k = 2) of each value.
    """

    measure: str = ""
    cell: dict[str, str | float] = Field(default_factory=dict)
    trials: int | None = None
    outcomes: dict[str, int] = Field(default_factory=dict)
    values: list[float] = Field(default_factory=list)
    unit: str = "1"
    uncertainty: float = Field(default=0.0, ge=0)
    remark: str = ""


class Form(_Part):
    """A whole form."""

    form: int = 0
    """Version of its layout."""
    requirement: str = ""
    catalogue: str = ""
    subject: FormSubject = FormSubject()
    record: FormRecord = FormRecord()
    instrument: tuple[Instrument, ...] = ()
    photograph: tuple[Photograph, ...] = ()
    result: tuple[Result, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What a form must tell of one measure.

    Attributes:
        measure: its name.
        clauses: clauses of the criterion that judge it.
    """

    measure: str
    clauses: tuple[Clause, ...]

    @property
    def counted(self) -> bool:
        """Whether outcomes are counted; else values are listed."""
        return not isinstance(self.clauses[0], LimitClause | PercentileClause)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Outcomes the form knows: those the criterion names, and one for all others."""
        named: dict[str, None] = {}
        for clause in self.clauses:
            match clause:
                case InspectionClause():
                    named.update(dict.fromkeys(INSPECTED))
                case CountClause() | ProportionClause() | WindowClause():
                    named.update(dict.fromkeys((*clause.success, *clause.failure, *clause.among)))
        inspected = any(isinstance(clause, InspectionClause) for clause in self.clauses)
        return tuple(named) if inspected else (*named, OTHERWISE)

    @property
    def keys(self) -> tuple[str, ...]:
        """Cell keys the clauses look at, in their order."""
        keys: dict[str, None] = {}
        for clause in self.clauses:
            keys.update(dict.fromkeys(cell_keys(clause)))
        return tuple(keys)

    @property
    def numeric(self) -> frozenset[str]:
        """Cell keys that must hold a number."""
        ranges = {key for clause in self.clauses for key, wanted in clause.where.items() if isinstance(wanted, tuple)}
        return frozenset(ranges | {c.along for c in self.clauses if isinstance(c, WindowClause)})


def cell_keys(clause: Clause) -> tuple[str, ...]:
    """Cell keys one clause looks at."""
    along = (clause.along,) if isinstance(clause, WindowClause) else ()
    items = (ITEM,) if isinstance(clause, InspectionClause) and not clause.per else ()
    return tuple(dict.fromkeys((*clause.where, *clause.per, *along, *items)))


def wanted_of(requirement: Requirement, options: frozenset[str]) -> list[Wanted]:
    """What a form on a requirement must tell, measure by measure, as the statement's yes options leave it."""
    found: dict[str, list[Clause]] = {}
    for clause in requirement.criterion:
        if clause.only_if is None or clause.only_if in options:
            found.setdefault(clause.measure, []).append(clause)
    return [Wanted(measure, tuple(clauses)) for measure, clauses in found.items()]


def observations_of(form: Form, sha256: str) -> Iterator[Observation]:
    """The observations a complete form comes to, each marked as recorded by a person.

    Args:
        form: the form.
        sha256: digest of its file.
    """
    detail: dict[str, str | float] = {
        "recorded_by": form.record.operator,
        "recorded_on": str(form.record.date),
        "form": sha256,
    }
    for result in form.result:
        about = {**detail, **({"remark": result.remark} if result.remark else {})}
        cell: Cell = dict(result.cell)
        for value in result.values:
            yield Observation(
                form.requirement,
                result.measure,
                value,
                unit=result.unit,
                uncertainty=result.uncertainty,
                cell=cell,
                detail=about,
            )
        for outcome, times in result.outcomes.items():
            if times:
                yield Observation(form.requirement, result.measure, outcome, cell=cell, detail=about, times=times)
