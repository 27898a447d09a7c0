"""The harness on trial over sound subjects: how often a row failed that should have passed, with its exact bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from certification.statistics import upper_bound
from certification.trial_record import TrialRecord
from certification.verdicts import Verdict

CONFIDENCE = 0.95


class SeedTrial(BaseModel):
    """One run of a sound subject under one seed; ``verdicts`` of the rows it was planned to execute."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    seed: int
    verdicts: Mapping[str, Verdict]
    seconds: float
    why_not: str | None = None


@dataclass(frozen=True)
class Alarms:
    """What a row said of sound subjects.

    Attributes:
        runs: runs in which it was decided.
        alarms: of those, how often it failed.
        undecided: runs in which it was neither passed nor failed.
        at_most: exact one-sided upper bound of the share of alarms, at ``CONFIDENCE`` (Clopper-Pearson).
    """

    runs: int
    alarms: int
    undecided: int
    at_most: float


class SeedRecord(TrialRecord):
    """A trial of a sound subject under many seeds.

    Attributes:
        plan: plan that was run.
        bench: bench file.
        trials: one for each seed.
    """

    command: ClassVar[str] = "xiangka trial seeds"

    plan: str
    bench: str
    trials: tuple[SeedTrial, ...]

    @property
    def requirements(self) -> dict[str, Alarms]:
        """What each row said."""
        rows = sorted({row for trial in self.trials for row in trial.verdicts})
        return {row: self._alarms([t.verdicts[row] for t in self.trials if row in t.verdicts]) for row in rows}

    @property
    def runs(self) -> Alarms:
        """What the runs as wholes said: an alarm is a run in which any row failed."""
        return self._alarms([_whole(trial) for trial in self.trials])

    def _alarms(self, said: list[Verdict]) -> Alarms:
        alarms = sum(verdict is Verdict.FAIL for verdict in said)
        decided = alarms + sum(verdict is Verdict.PASS for verdict in said)
        return Alarms(decided, alarms, len(said) - decided, upper_bound(alarms, decided, CONFIDENCE))

    def as_record(self) -> dict[str, Any]:
        """The record as it is written, with the figures it comes to."""
        return {
            **self.model_dump(mode="json"),
            "confidence": CONFIDENCE,
            "requirements": {row: vars(alarms) for row, alarms in self.requirements.items()},
            "runs": vars(self.runs),
        }


def _whole(trial: SeedTrial) -> Verdict:
    said = set(trial.verdicts.values())
    if Verdict.FAIL in said:
        return Verdict.FAIL
    return Verdict.PASS if said == {Verdict.PASS} and trial.why_not is None else Verdict.INCONCLUSIVE
