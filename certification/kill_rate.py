"""The harness on trial: which deliberate defects it caught, requirement by requirement.

The latest record ships as ``data/kill_rate.json``; ``xiangka trial defects`` writes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from certification.catalogue import SubjectKind
from certification.trial_record import TrialRecord
from certification.verdicts import Verdict

SHIPPED = "kill_rate.json"


class DefectTrial(BaseModel):
    """One defect, given to a subject on a bench.

    Attributes:
        name: the defect.
        of: kind of subject it is a fault of.
        fails: requirements it must make fail.
        bench: bench file, by its name; None where no bench can assess them.
        verdicts: what came of each row that was executed, a panel of sound ones included.
        seconds: how long it took.
        why_not: why it could not be tried, where it could not.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    of: SubjectKind
    fails: tuple[str, ...]
    bench: str | None = None
    verdicts: Mapping[str, Verdict] = {}
    seconds: float = 0.0
    why_not: str | None = None

    def caught_by(self, requirement: str) -> bool:
        """Whether the requirement failed, as the defect demands."""
        return self.verdicts.get(requirement) is Verdict.FAIL

    @property
    def caught(self) -> bool:
        """Whether every requirement it names failed."""
        return all(self.caught_by(requirement) for requirement in self.fails)

    @property
    def exact(self) -> bool:
        """Whether those it names failed, and every other row that was executed passed."""
        others = {row: said for row, said in self.verdicts.items() if row not in self.fails}
        return self.caught and all(said is Verdict.PASS for said in others.values())


@dataclass(frozen=True)
class Rate:
    """Defects caught of those tried.

    Attributes:
        caught: defects that made the requirement fail.
        defects: defects that must.
        exact: of those caught, how many let every other row pass.
    """

    caught: int
    defects: int
    exact: int

    @property
    def share(self) -> float:
        """Kill rate, 0 … 1."""
        return self.caught / self.defects


class DefectRecord(TrialRecord):
    """A trial of all defects, or of some.

    Attributes:
        trials: one for each defect.
        asked_bench: bench that was asked for all defects; None where each was tried on one that can assess it.
        only: rows whose defects were asked for; empty for all defects.
    """

    command: ClassVar[str] = "xiangka trial defects"

    asked_bench: str | None = None
    only: tuple[str, ...] = ()
    trials: tuple[DefectTrial, ...]

    def naming(self, requirement: str) -> frozenset[str]:
        """Defects of the trial that must make a requirement fail."""
        return frozenset(trial.name for trial in self.trials if requirement in trial.fails)

    def of(self, requirement: str) -> Rate | None:
        """Kill rate of one requirement; None where no defect of the trial names it."""
        naming = [trial for trial in self.trials if requirement in trial.fails]
        if not naming:
            return None
        caught = [trial for trial in naming if trial.caught_by(requirement)]
        return Rate(len(caught), len(naming), sum(trial.exact for trial in caught))

    @property
    def requirements(self) -> dict[str, Rate]:
        """Kill rate of every requirement that a defect of the trial names."""
        named = sorted({requirement for trial in self.trials for requirement in trial.fails})
        return {requirement: rate for requirement in named if (rate := self.of(requirement)) is not None}

    def total(self, kind: SubjectKind | None = None) -> Rate:
        """Kill rate over all defects of a kind of subject, or of all kinds."""
        trials = [trial for trial in self.trials if kind in (None, trial.of)]
        return Rate(sum(t.caught for t in trials), len(trials), sum(t.exact for t in trials))

    def as_record(self) -> dict[str, Any]:
        """The record as it is written, with the rates it comes to."""
        return {
            **self.model_dump(mode="json"),
            "requirements": {row: vars(rate) for row, rate in self.requirements.items()},
            "total": vars(self.total()),
        }


def shipped_record() -> DefectRecord | None:
    """The record that ships with this version; None where none does.

    Raises:
        PlanError: it cannot be read.
    """
    file = resources.files("certification") / "data" / SHIPPED
    if not file.is_file():
        return None
    return DefectRecord.parse(file.read_text(encoding="utf-8"), f"certification/data/{SHIPPED}")
