"""What a run keeps beside its measurements for the report: laboratory, photographs of the subject, clocks, digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from certification.catalogue import VERSION, Catalogue
from certification.catalogue_file import catalogue_text
from certification.laboratory import LaboratoryFile
from certification.plan import Plan
from certification.subject import Subject
from evidence.chain import dumped, sm3
from rigs.bench import Bench
from rigs.clock_offsets import ClockOffset, How, dated_clock, host_clock, turned_clock
from rigs.drivers.platform_api import CLOCK
from rigs.errors import RigError
from xiangka.asked import RunOptions
from xiangka.laboratory_checks import checked_laboratory
from xiangka.resuming import EarlierRun
from xiangka.subject_photographs import check_photographs, keep_photographs


class StatedFacts:
    """Facts of a run that no row measures.

    Args:
        options: what the run is asked for; its laboratory file and its subject file are read.
        subject: the subject.
        catalogue, plan: what the run is judged by, and what it executes.
        earlier: the sittings this one goes on from; what was stated stays as it was.

    Raises:
        PlanError: the laboratory file or a photograph is wrong.
    """

    def __init__(
        self,
        options: RunOptions,
        subject: Subject,
        catalogue: Catalogue,
        plan: Plan,
        earlier: EarlierRun | None = None,
    ) -> None:
        self._subject, self._subject_file = subject, options.subject_file
        self._digests = {
            "statement_digest": statement_digest(subject) if subject.declared else None,
            "catalogue": {"version": VERSION, "sm3": sm3(catalogue_text(catalogue).encode()).hex()},
            "plan_digest": plan_digest(plan),
        }
        self._clocks: list[dict[str, Any]] = []
        self._photographs: list[str] = []
        self._laboratory: LaboratoryFile | None = None
        self._resumed = earlier is not None
        if earlier is None:
            check_photographs(subject.photographs, self._subject_file)
            self._laboratory = _laboratory(options, plan)
        else:
            self._take_up(earlier.record)

    def _take_up(self, record: Mapping[str, Any]) -> None:
        self._clocks = list(record.get("clocks", ()))
        self._photographs = list(record.get("subject_photographs", ()))
        if (kept := record.get("laboratory")) is not None:
            self._laboratory = LaboratoryFile.model_validate(kept)

    def begin(self, folder: Path, bench: Bench, sitting: int) -> None:
        """Keep the photographs in the run's folder, and compare the clocks as the sitting begins."""
        if not self._resumed:
            self._photographs = keep_photographs(self._subject.photographs, self._subject_file, folder)
        self.compare_clocks(bench, sitting, "start")

    def compare_clocks(self, bench: Bench, sitting: int, when: str) -> None:
        """Compare the clocks that can be asked; ``when`` is start or end."""
        found = [host_clock(), _platform_clock(bench)]
        if bench.file.scanner is not None:
            found.append(ClockOffset("device", None, None, How.NOT_TOLD))
        self._clocks += [{**asdict(one), "when": when, "sitting": sitting} for one in found]

    def as_record(self) -> dict[str, Any]:
        """Their part of ``run.json``."""
        return {
            "laboratory": None if self._laboratory is None else self._laboratory.model_dump(mode="json"),
            "subject_photographs": self._photographs,
            **self._digests,
            "clocks": self._clocks,
        }


def _laboratory(options: RunOptions, plan: Plan) -> LaboratoryFile | None:
    if options.laboratory is None:
        return None
    return checked_laboratory(options.laboratory, datetime.now().astimezone().date(), plan.rows)


def _platform_clock(bench: Bench) -> ClockOffset:
    try:
        return turned_clock(bench.admin, CLOCK) if bench.clock.turns else dated_clock(bench.link, bench.journal)
    except RigError:  # a journal that cannot be written is told of by whatever writes next
        return ClockOffset("platform", None, None, How.NO_ANSWER)


def statement_digest(subject: Subject) -> str:
    """SM3 of who the subject is and what its statement answers, hex: its kind, identity and options as JSON without
    spaces, keys sorted."""
    said = subject.model_dump(mode="json", include={"kind", "identity", "options"})
    return sm3(dumped(_sorted(said)).encode()).hex()


def plan_digest(plan: Plan) -> str:
    """SM3 of a plan, hex: its name, the rows asked of the subject, those executed and those that count, as JSON without
    spaces."""
    said = {
        "name": plan.name,
        "rows": list(plan.rows),
        "execute": sorted(plan.execute),
        "chosen": sorted(plan.chosen),
    }
    return sm3(dumped(said).encode()).hex()


def _sorted(value: Any) -> Any:
    return {key: _sorted(value[key]) for key in sorted(value)} if isinstance(value, dict) else value
