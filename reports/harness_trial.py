"""What a page says of the harness itself: how many of its deliberate defects it caught, and if that still holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from certification.catalogue import SubjectKind, Text
from certification.kill_rate import DefectRecord, Rate
from reports.numbers import share
from reports.run_folder import Versions


@dataclass(frozen=True)
class HarnessTrial:
    """A record of a trial of all defects, as a page tells it.

    Attributes:
        rates: kill rate by requirement.
        total: over all defects of the run's kind of subject.
        everything: over all defects of all kinds.
        date: when it was made.
        commit: what it was made with.
        differing: which versions it was made with that are not those of the run.
        missed: defects that were not caught, or not tried, with the requirements they should make fail.
    """

    rates: Mapping[str, Rate]
    total: Rate
    everything: Rate
    date: datetime
    commit: str | None
    differing: Sequence[Text]
    missed: Sequence[tuple[str, tuple[str, ...]]]

    def of(self, requirement: str) -> Rate | None:
        """Kill rate of one requirement; None where no defect of the record names it."""
        return self.rates.get(requirement)


def harness_trial(record: DefectRecord | None, kind: str, versions: Versions) -> HarnessTrial | None:
    """Tell a record of a trial beside a run; None where there is no record.

    Args:
        record: the record.
        kind: kind of subject of the run.
        versions: versions the run was made with.
    """
    if record is None:
        return None
    trials = [trial for trial in record.trials if trial.of == kind]
    return HarnessTrial(
        rates=record.requirements,
        total=record.total(SubjectKind(kind)),
        everything=record.total(),
        date=record.date,
        commit=record.made_with.commit,
        differing=_differing(record, versions),
        missed=[(trial.name, trial.fails) for trial in trials if not trial.caught],
    )


def _differing(record: DefectRecord, versions: Versions) -> list[Text]:
    pairs = (
        (Text(zh="湘卡", en="Xiangka"), record.made_with.xiangka, versions.xiangka),
        (Text(zh="要求目录", en="catalogue"), record.made_with.catalogue, versions.catalogue),
    )
    return [
        Text(zh=f"{name.zh} {then}（本次 {now}）", en=f"{name.en} {then} (this run: {now})")
        for name, then, now in pairs
        if then != now
    ]


def rate_text(rate: Rate) -> Text:
    """A kill rate with its numbers."""
    told = f"{rate.caught}/{rate.defects}" + (f" ({share(rate.share)})" if rate.caught != rate.defects else "")
    return Text(zh=told, en=told)
