"""Observations: the measured facts verdicts are derived from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from certification.clauses import Selector

Cell = dict[str, str | float]
"""Where in a test matrix an observation belongs, for instance ``{"colour": "#F39119", "surface": "screen"}``."""


@dataclass(frozen=True)
class Observation:
    """One measured fact of one requirement, or many identical ones told together.

    Attributes:
        requirement: id of the requirement it was made for.
        measure: name the catalogue's clauses refer to.
        value: a named outcome (``exact``, ``no_read`` …) or a number in ``unit``.
        unit: unit of a numeric value, ``1`` otherwise.
        uncertainty: expanded uncertainty U (k = 2) of a numeric value, in ``unit``.
        cell: place in the test matrix.
        t_ns: monotonic time of the observation, ns.
        journal: first and last journal record it rests on, or None where no wire was involved.
        detail: what a reader needs to see beside the value (what was shown, what came back); no identity data.
        picture: file name of the stimulus below the run's ``pictures/``, where one was kept.
        times: how many identical outcomes this record stands for, at least 1.

    Raises:
        ValueError: ``times`` is no whole number from 1 on; a record that stands for nothing would be a sample made up.
    """

    requirement: str
    measure: str
    value: str | float
    unit: str = "1"
    uncertainty: float = 0.0
    cell: Cell = field(default_factory=dict)
    t_ns: int = 0
    journal: tuple[int, int] | None = None
    detail: dict[str, str | float] = field(default_factory=dict)
    picture: str | None = None
    times: int = 1

    def __post_init__(self) -> None:
        if isinstance(self.times, bool) or not isinstance(self.times, int) or self.times < 1:
            raise ValueError(f"an observation cannot stand for {self.times!r} outcomes")

    def as_record(self) -> dict[str, Any]:
        """The observation as one JSON object of ``observations.jsonl``."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        """Read an observation back from ``observations.jsonl``."""
        journal = record["journal"]
        return cls(**{**record, "journal": None if journal is None else (journal[0], journal[1])})


@dataclass(frozen=True)
class SetAside:
    """A mark among observations: every earlier one of a requirement no longer counts, because its row begins again.

    Attributes:
        requirement: id of the requirement.
        sitting: number of the sitting that begins the row again.
        records: how many observations it sets aside.
    """

    requirement: str
    sitting: int
    records: int

    def as_record(self) -> dict[str, Any]:
        """The mark as one JSON object of ``observations.jsonl``; nothing that reads observations takes it for one."""
        return {"set_aside": self.requirement, "sitting": self.sitting, "records": self.records}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        """Read a mark back."""
        return cls(record["set_aside"], record["sitting"], record["records"])


def from_line(record: dict[str, Any]) -> Observation | SetAside:
    """What one line of ``observations.jsonl`` is.

    Raises:
        KeyError, TypeError, ValueError: it is neither.
    """
    return SetAside.from_record(record) if "set_aside" in record else Observation.from_record(record)


def in_force(lines: Iterable[Observation | SetAside]) -> list[Observation]:
    """The observations that count, in the order they were made."""
    kept: list[Observation] = []
    for line in lines:
        if isinstance(line, SetAside):
            kept = [one for one in kept if one.requirement != line.requirement]
        else:
            kept.append(line)
    return kept


def matches(cell: Cell, where: dict[str, Selector]) -> bool:
    """Whether a cell satisfies every selector of a clause's ``where``."""
    for key, wanted in where.items():
        if key not in cell:
            return False
        value = cell[key]
        if isinstance(wanted, tuple):
            if not isinstance(value, int | float) or not wanted[0] <= value <= wanted[1]:
                return False
        elif value != wanted:
            return False
    return True
