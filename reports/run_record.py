"""What ``run.json`` records: the run's name and end, what was tested, on what bench, with which versions, by whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from certification.catalogue import Text
from certification.laboratory import LaboratoryFile
from reports.stated_records import CatalogueRecord, ClockRecord, WaiverRecord


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class PlanRecord(_Record):
    """The plan a run followed."""

    name: str
    execute: tuple[str, ...] = ()


class SubjectRecord(_Record):
    """The subject as declared."""

    kind: str
    identity: Mapping[str, str | None]
    options: Mapping[str, str] = Field(default_factory=dict)
    file: str | None = ""

    @property
    def yes_options(self) -> frozenset[str]:
        """Options the statement answers with yes."""
        return frozenset(name for name, answer in self.options.items() if answer == "yes")

    @property
    def declared(self) -> bool:
        """Whether somebody filed the identity; else it is what the device says of itself."""
        return self.file is not None


class BenchRecord(_Record):
    """The bench file and its settings as they were in force."""

    file: str
    settings: Mapping[str, Any] = Field(default_factory=dict)


class Versions(_Record):
    """What the harness was made of."""

    xiangka: str
    catalogue: str
    commit: str | None = None
    python: str = ""
    libraries: Mapping[str, str] = Field(default_factory=dict)


class Machine(_Record):
    """The computer the run was made on."""

    cpu: str = ""
    cores: int | None = None
    system: str = ""


class InstrumentRecord(_Record):
    """An instrument of the bench, and how its calibration stood when the run began."""

    role: str
    identity: str | None = None
    standing: Literal["valid", "expired", "future", "missing"]
    calibrated: str | None = None
    calibration_due: str | None = None
    certificate: str | None = None
    emulated: bool = False


class SittingRecord(_Record):
    """A stretch of time in which the run was at work."""

    number: int
    started: datetime
    ended: datetime | None = None
    why: str | None = None


class FormRecord(_Record):
    """A form a person filled in before the run."""

    requirement: str
    file: str
    sha256: str
    operator: str
    date: str
    place: str = ""


class RunRecord(_Record):
    """``run.json``."""

    run: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$")
    started: datetime
    finished: datetime | None = None
    state: Literal["finished", "interrupted", "aborted"]
    overall: Literal["PASS", "FAIL", "INCONCLUSIVE", "NOT_ASSESSED", "RIG_ERROR", "INVALID", "INTERRUPTED"]
    exit_code: int
    emulated: bool
    statement: Text | None = None
    plan: PlanRecord
    seed: int | None = None
    defect: str | None = None
    subject: SubjectRecord
    identity_read: Mapping[str, str | None] | None = None
    bench: BenchRecord
    versions: Versions
    machine: Machine = Field(default_factory=Machine)
    mode: str = ""
    """Word of a platform for how it runs, such as TEST."""
    reads: int | None = None
    clock_factor: float = 1.0
    durations: Mapping[str, float] = Field(default_factory=dict)
    notes: tuple[Text, ...] = ()
    forms: tuple[FormRecord, ...] = ()
    sittings: tuple[SittingRecord, ...] = ()
    instruments: tuple[InstrumentRecord, ...] = ()
    photographs: tuple[str, ...] = ()
    """File names of the photographs of the bench below ``pictures/``, one for each sitting."""
    subject_photographs: tuple[str, ...] = ()
    """File names of the photographs of the subject below ``subject/``."""
    laboratory: LaboratoryFile | None = None
    statement_digest: str | None = None
    """SM3 of the subject's identity and statement."""
    plan_digest: str | None = None
    """SM3 of the plan."""
    catalogue: CatalogueRecord | None = None
    clocks: tuple[ClockRecord, ...] = ()
    waivers: tuple[WaiverRecord, ...] = ()
    overall_with_waivers: str | None = None

    @property
    def at_work(self) -> timedelta | None:
        """How long the run was at work, its interruptions left out; None while it goes on."""
        if self.finished is None:
            return None
        if len(self.sittings) < 2:
            return self.finished - self.started
        return sum(((one.ended or one.started) - one.started for one in self.sittings), timedelta())
